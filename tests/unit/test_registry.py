"""One registry for parsing, help, completion, man pages: nothing that a verb declares is left out anywhere."""

import pytest

from wt.cli import args, completion, man
from wt.cli import help as help_page
from wt.cli.registry import ALIASES, ANSWERS, GROUPS, TITLES, VERBS
from wt.ui.out import Out

KNOWN = completion.verbs()


class Page(Out):
    """Takes what help prints."""

    def __init__(self):
        super().__init__({})
        self.lines: list[str] = []

    @property
    def width(self):
        return 80

    def painted(self, parts):
        self.lines.append("".join(text for text, _ in parts).rstrip())


def page(*argv):
    out = Page()
    help_page.show(list(argv), out)
    return out.lines


@pytest.mark.parametrize("name", VERBS)
def test_every_word_and_value_has_a_kind(name):
    """A new kind of value is completed, or said in wt/cli/completion.py to be known to the person alone."""
    verb = KNOWN[name]
    for word in (*verb.words, *(option.value for option in verb.options if option.value)):
        assert completion.kind(verb, word), f"wt {name}: {word} has no row in _VALUES of wt/cli/completion.py"


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_an_example(name):
    assert KNOWN[name].examples or name == "help", f"wt {name} --help shows no example"
    for example, why in KNOWN[name].examples:
        assert "wt" in example
        assert why


@pytest.mark.parametrize("name", VERBS)
def test_a_verbs_page_says_all_of_it_within_a_screen(name):
    lines = page(name)
    assert len(lines) <= 40
    assert all(len(line) <= 80 for line in lines)
    for option in KNOWN[name].options:
        assert any(option.name in line for line in lines)
    for alias in (alias for alias, of in ALIASES.items() if of == name):
        assert any(f"wt {alias}" in line for line in lines)


def test_help_fits_a_screen_and_names_every_verb():
    lines = page()
    assert len(lines) <= 23  # and the next prompt
    assert all(len(line) <= 80 for line in lines)
    for name, (group, _) in VERBS.items():
        assert any(f"wt {name} " in f"{line} ".replace(",", " ") for line in lines)
        assert group == "more" or len([line for line in lines if line[9:].startswith(f"wt {name} ")]) == 1


def test_the_registry_is_of_one_piece():
    assert set(TITLES) == {*GROUPS, "more"}
    assert {group for group, _ in VERBS.values()} == set(TITLES)
    assert set(ALIASES.values()) <= set(VERBS)
    for word, answer in ANSWERS.items():
        assert word not in VERBS
        verb_of, *more = answer.split()
        assert verb_of in VERBS or answer == "--version"
        assert all(KNOWN[verb_of].find(option) for option in more if option.startswith("--"))
    for name in VERBS:
        verb: args.Verb = KNOWN[name]
        assert verb.summary == VERBS[name][1], f"wt {name}: two summaries"
        assert args.COLOR in verb.options or name == "help"


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_a_man_page(name):
    text = man.page(KNOWN[name])
    assert text.startswith(f'.TH "WT\\-{name.upper()}" "1"')
    for option in KNOWN[name].options:
        short = f"\\fB{man.escaped(option.short)}\\fR, " if option.short else ""
        assert f"\n{short}\\fB{man.escaped(option.name)}\\fR" in text
    for example, _ in KNOWN[name].examples:
        assert man.escaped(example) in text
    assert not any(line.startswith(("'", "..")) for line in text.splitlines())


def test_the_overview_names_every_page():
    text = man.overview()
    assert all(f"wt\\-{name}" in text for name in VERBS)


def test_nothing_is_markup_by_accident():
    assert man.escaped(".TH a-b \\n") == "\\&.TH a\\-b \\en"
    assert man.escaped("'x") == "\\&'x"
