"""Arguments as data: how an argv is read against a verb."""

import pytest

from wt.cli import args
from wt.errors import UsageError
from wt.ui.width import folded

FLAG = args.Option("--flag", "a flag", short="-f")
VALUE = args.Option("--value", "a value", "V")
VERB = args.Verb("do", "does it", ("NAME", "[MORE]"), (FLAG, VALUE))
RUNS = args.Verb("run", "runs it", ("NAME",), (FLAG,), command=True)
MANY = args.Verb("many", "takes many", ("[X…]",))


@pytest.mark.parametrize(
    ("argv", "options", "words"),
    [
        (["x"], {}, ("x",)),
        (["x", "--flag"], {"--flag": ""}, ("x",)),
        (["-f", "x"], {"--flag": ""}, ("x",)),
        (["--value", "1", "x"], {"--value": "1"}, ("x",)),
        (["--value=1", "x"], {"--value": "1"}, ("x",)),
        (["--value=", "x"], {"--value": ""}, ("x",)),
        (["--value", "-1", "x"], {"--value": "-1"}, ("x",)),
        (["--value=a=b", "x"], {"--value": "a=b"}, ("x",)),
        (["--", "-x"], {}, ("-x",)),
        (["x", "--", "--flag"], {}, ("x", "--flag")),
        (["-"], {}, ("-",)),
        (["--value", "1", "--value", "2", "x"], {"--value": "2"}, ("x",)),
    ],
)
def test_options_and_words(argv, options, words):
    parsed = args.parse(VERB, argv)
    assert parsed.options == options
    assert parsed.words == words


def test_what_stands_behind_the_dashes_is_a_command_where_there_is_one():
    parsed = args.parse(RUNS, ["x", "-f", "--", "make", "--flag", "--"])
    assert (parsed.words, parsed.command) == (("x",), ("make", "--flag", "--"))
    assert args.parse(MANY, ["a", "b", "c"]).words == ("a", "b", "c")


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "needs NAME"),
        (["--"], "needs NAME"),
        (["a", "b", "c"], "`c`"),
        (["x", "-q"], "-q"),
        (["x", "--flag=1"], "takes no value"),
        (["x", "--value"], "needs a value"),
        (["x", "--"[:1] + "-nope=1"], "--nope"),
    ],
)
def test_a_wrong_call_is_a_usage_error_with_a_hint(argv, says):
    with pytest.raises(UsageError) as caught:
        args.parse(VERB, argv)
    assert says in caught.value.sentence
    assert "wt do --help" in caught.value.hints[0]


def test_a_near_option_is_proposed():
    with pytest.raises(UsageError) as caught:
        args.parse(VERB, ["x", "--flog"])
    assert caught.value.hints == ["did you mean: --flag"]  # the edge writes the call out


@pytest.mark.parametrize(
    "argv", [["--flag", "x", "--flog"], ["x", "--flog=1"], ["x", "--valu"], ["x", "--valu", "-f"]]
)
def test_a_near_option_that_would_make_no_whole_call_is_only_named(argv):
    with pytest.raises(UsageError) as caught:
        args.parse(VERB, argv)
    assert caught.value.hints[0].endswith("? see: wt do --help")


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("0.5", 0.5), ("-1", -1)])
def test_numbers(text, number):
    assert args.parse(VERB, ["x", "--value", text]).number("--value", 7) == number


@pytest.mark.parametrize("text", ["", "x", "1e3", "nan", "inf", ".", "1,5"])
def test_what_is_no_number_is_a_usage_error(text):
    with pytest.raises(UsageError):
        args.parse(VERB, ["x", "--value", text]).number("--value", 7)


def test_help_shows_everything_that_a_verb_takes():
    text = "\n".join("".join(part for part, _ in line) for line in args.help_text(VERB))
    for word in ("wt do", "NAME", "[MORE]", "--flag", "-f", "--value V", "a value"):
        assert word in text


def as_text(line, width):
    return ["".join(part for part, _ in row) for row in folded(line, width)]


def test_help_is_folded_between_words_beneath_itself():
    line = [("  --value V  ", "cyan"), ("a value that takes its time", "")]
    assert as_text(line, 80) == ["  --value V  a value that takes its time"]
    assert as_text(line, 30) == ["  --value V  a value that", "             takes its time"]
    assert as_text(line, 24) == ["  --value V  ", "      a value that takes", "      its time"]


def test_an_option_of_the_usage_line_is_not_torn_from_its_value():
    rows = as_text([("usage: ", "dim"), (args.usage(VERB), "")], 26)
    assert max(map(len, rows)) <= 26
    assert any("[--value V]" in row for row in rows)
    assert folded([], 10) == [[]]


def test_what_cannot_be_folded_is_shown_whole():
    assert as_text([("", ""), ("unbreakable", "")], 4) == ["unbreakable"]
