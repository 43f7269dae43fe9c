"""Arguments as data: a verb declares its options once, and parsing, help, completion and docs read the same record.

`argparse` costs as much as five git processes to import; what is here is what a verb needs of it.
"""

from __future__ import annotations

from wt.errors import UsageError, again
from wt.model import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_DIGITS = 18


@record
class Option:
    """`value` names what it takes (`N`, `NAME`), empty for a flag; `choices` are the only values that it may have.

    `many`: it may be given again and again; `Parsed.values` has them all.
    """

    name: str
    help: str
    value: str = ""
    short: str = ""
    choices: tuple[str, ...] = ()
    many: bool = False


@record
class Verb:
    """One verb of a command: how it is called, what it does, what it takes.

    `words` are the positional arguments as the usage line shows them, `[X]` optional, `X…` repeated; `command` says
    that everything behind `--` is a command to run.
    """

    name: str
    summary: str
    words: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    about: str = ""
    command: bool = False
    program: str = "wt"

    def find(self, name: str) -> Option | None:
        return next((option for option in self.options if name in (option.name, option.short)), None)


@record
class Parsed:
    """What was given: option values by name, positional words, the command behind `--`."""

    options: dict[str, str]
    words: tuple[str, ...]
    command: tuple[str, ...] = ()

    def given(self, name: str) -> bool:
        return name in self.options

    def value(self, name: str) -> str | None:
        return self.options.get(name)

    def values(self, name: str) -> tuple[str, ...]:
        """Return every value of an option that may be repeated."""
        return tuple(self.options[name].split(_NEXT)) if name in self.options else ()

    def word(self, index: int = 0) -> str | None:
        return self.words[index] if index < len(self.words) else None

    def number(self, name: str, default: float) -> int | float:
        """Return a numeric option; UsageError where it is no number."""
        text = self.options.get(name)
        if text is None:
            return default
        digits = text.removeprefix("-").replace(".", "", 1)
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
            raise UsageError(f"{name} needs a number, not `{text}`.", again("e.g.", {name: "16"}))
        return float(text) if "." in text else int(text)

    def listed(self, name: str) -> tuple[str, ...]:
        """Return the words of a comma-joined option; empty where it was not given."""
        return tuple(word.strip() for word in (self.value(name) or "").split(",") if word.strip())

    def count(self, name: str, default: int) -> int:
        """Return a whole number; UsageError where it is none."""
        number = self.number(name, default)
        if isinstance(number, float):
            raise UsageError(
                f"{name} needs a whole number, not `{self.options[name]}`.",
                again("e.g.", {name: str(default)}),
            )
        return number


EXCLUDE = Option(
    "--exclude-submodule-tags", "leave out submodules that bear one of these worktreePoolTags", "T1,T2"
)
POOL = Option("--pool", "the pool to work on; else the one that the current directory belongs to", "KEY")
JSON = Option("--json", "answer in JSON")
COLOR = Option("--color", "auto, always or never", "WHEN", choices=("auto", "always", "never"))
DELETE_REMOTE = Option("--delete-remote", "delete the branch on its remote, too, once the slot is idle")
_NEXT = "\0"  # no argument of a program holds it


def parse(verb: Verb, argv: list[str]) -> Parsed:
    """Read an argv against a verb; UsageError with the nearest option or the usage line."""
    options: dict[str, str] = {}
    words: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            if verb.command:
                return _checked(verb, Parsed(options, tuple(words), tuple(rest)))
            words.extend(rest)
            break
        if word.startswith("-") and word != "-":
            _option(verb, word, rest, options)
        else:
            words.append(word)
    return _checked(verb, Parsed(options, tuple(words)))


def _option(verb: Verb, word: str, rest: list[str], options: dict[str, str]) -> None:
    name, equals, value = word.partition("=")
    option = verb.find(name)
    if option is None and word[1] != "-" and (short := verb.find(word[:2])) is not None and short.value:
        option, equals, value = short, "=", word[2:]  # `-j4`
    if option is None:
        raise _unknown(verb, word, rest, options)
    if not option.value:
        if equals:
            raise UsageError(f"{option.name} takes no value.", f"see: {_help(verb)}")
        options[option.name] = ""
        return
    if not equals:
        if not rest:
            raise UsageError(f"{option.name} needs a value: {option.value}.", f"see: {_help(verb)}")
        value = rest.pop(0)
    check_choice(option, value)
    if option.many and option.name in options:
        value = f"{options[option.name]}{_NEXT}{value}"
    options[option.name] = value


def check_choice(option: Option, value: str) -> None:
    """Raise UsageError for a value that an option with fixed choices does not have."""
    if option.choices and value not in option.choices:
        known = f"{', '.join(option.choices[:-1])} and {option.choices[-1]}"
        raise UsageError(
            f"{option.name} is `{value}`; known are {known}.",
            again("e.g.", {option.name: option.choices[0]}),
        )


def _unknown(verb: Verb, word: str, rest: list[str], options: dict[str, str]) -> UsageError:
    """Propose the nearest option: the whole call with it, where that would be a whole one."""
    from wt.pool.names import nearest

    name, equals, _ = word.partition("=")
    near = nearest(name, [option.name for option in verb.options])
    hint = f"did you mean {near}? see: {_help(verb)}" if near else f"see: {_help(verb)}"
    option = verb.find(near) if near else None
    if option is not None and option.name not in options:
        has_value = bool(equals or (rest and not rest[0].startswith("-")))
        if has_value if option.value else not equals:
            hint = again("did you mean", words={name: option.name})
    return UsageError(f"`{verb.program} {verb.name}` has no option `{name}`.", hint)


def _help(verb: Verb) -> str:
    return f"{verb.program} {verb.name} --help"


def _checked(verb: Verb, parsed: Parsed) -> Parsed:
    needed = [word for word in verb.words if not word.startswith("[")]
    if len(parsed.words) < len(needed):
        missing = needed[len(parsed.words)]
        raise UsageError(f"`{verb.program} {verb.name}` needs {missing}.", f"see: {_help(verb)}")
    if len(parsed.words) > len(verb.words) and not (verb.words and "…" in verb.words[-1]):
        extra = parsed.words[len(verb.words)]
        error = UsageError(f"`{verb.program} {verb.name}` has no use for `{extra}`.", f"see: {_help(verb)}")
        if verb.command and not parsed.command:
            error.hint(again("if that is the command", command=extra))
        raise error
    return parsed


def usage(verb: Verb) -> str:
    words = " ".join(verb.words)
    options = " ".join(
        f"[{option.name}{' ' + option.value if option.value else ''}]" for option in verb.options
    )
    tail = " [-- COMMAND…]" if verb.command else ""
    return " ".join(part for part in (verb.program, verb.name, words, options) if part) + tail


def help_text(verb: Verb, aliases: Sequence[str] = ()) -> list[list[tuple[str, str]]]:
    """Return the help of a verb as painted lines."""
    lines: list[list[tuple[str, str]]] = [
        [(f"{verb.program} {verb.name}", "bold"), (" · ", ""), (verb.summary, "")],
        [],
    ]
    lines += [[("usage: ", "dim"), (usage(verb), "")]]
    if aliases:
        lines += [[("also: ", "dim"), (", ".join(f"{verb.program} {alias}" for alias in aliases), "")]]
    if verb.about:
        lines += [[], *([(line, "")] for line in verb.about.split("\n"))]
    if verb.options:
        width = max(len(_left(option)) for option in verb.options)
        lines += [
            [],
            *([(f"  {_left(option):{width}}  ", "cyan"), (option.help, "")] for option in verb.options),
        ]
    if verb.examples:
        width = max(len(example) for example, _ in verb.examples)
        lines += [
            [],
            *([(f"  {example:{width}}  ", ""), (f"# {why}", "dim")] for example, why in verb.examples),
        ]
    return lines


def _left(option: Option) -> str:
    short = f"{option.short}, " if option.short else ""
    return f"{short}{option.name}{' ' + option.value if option.value else ''}"
