"""Man pages, made from what parsing and help read; written when the wheel is built (hatch_build.py)."""

from __future__ import annotations

from wt.cli.args import usage
from wt.cli.completion import verbs
from wt.cli.registry import ALIASES, GROUPS, TITLES, VERBS
from wt.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from wt.cli.args import Option, Verb

_VARIABLES = (
    ("WORKTREE_ROOT", "where pools are; required"),
    ("NO_COLOR, CLICOLOR_FORCE", "no colours; colours where no terminal is"),
)
_STATUSES = (
    ("0", "done"), ("1", "refused or failed"), ("2", "usage"), ("3", "contended: try again"),
    ("4", "no capacity: release one"), ("5", "another slot holds that commit"), ("6", "the name is held"),
    ("7", "hooks not trusted"), ("70", "a bug in the tool; a report file is named"), ("130, 143", "interrupted"),
)  # fmt: skip


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    known = verbs()
    return {"wt.1": overview(), **{f"wt-{name}.1": page(verb) for name, verb in known.items()}}


def page(verb: Verb) -> str:
    """Return one verb's page, in roff."""
    names = ", ".join(f"wt {alias}" for alias, name in ALIASES.items() if name == verb.name)
    lines = [
        _title(f"wt-{verb.name}"), ".SH NAME", escaped(f"wt-{verb.name}") + r" \- " + escaped(verb.summary),
        ".SH SYNOPSIS", rf"\fB{escaped(usage(verb))}\fR",
        *([".PP", escaped(f"also: {names}")] if names else []),
        *(_paragraphs("DESCRIPTION", verb.about.split("\n")) if verb.about else []),
        *_options(verb.options), *_terms("EXAMPLES", verb.examples),
        ".SH SEE ALSO", r"\fBwt\fR(1)", "",
    ]  # fmt: skip
    return "\n".join(lines)


def overview() -> str:
    """Return the page of the command itself."""
    lines = [
        _title("wt"),
        ".SH NAME",
        r"wt \- dev sessions in warm git worktrees",
        ".SH SYNOPSIS",
        r"\fBwt\fR VERB …",
    ]
    for group in (*GROUPS, "more"):
        found = ((f"wt-{name}(1)", text) for name, (of, text) in VERBS.items() if of == group)
        lines += _terms(TITLES[group].upper(), found)
    return "\n".join([*lines, *_terms("ENVIRONMENT", _VARIABLES), *_terms("EXIT STATUS", _STATUSES), ""])


def _title(name: str) -> str:
    return f'.TH "{escaped(name.upper())}" "1" "" "wt {VERSION}" "wt"'


def _paragraphs(title: str, lines: Iterable[str]) -> list[str]:
    return [f".SH {title}", *(escaped(line) for line in lines)]


def _options(options: tuple[Option, ...]) -> list[str]:
    lines = [".SH OPTIONS"] if options else []
    for option in options:
        short = rf"\fB{escaped(option.short)}\fR, " if option.short else ""
        value = rf" \fI{escaped(option.value)}\fR" if option.value else ""
        lines += [".TP", rf"{short}\fB{escaped(option.name)}\fR{value}", escaped(option.help)]
    return lines


def _terms(title: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f".SH {title}"]
    for term, text in pairs:
        lines += [".TP", rf"\fB{escaped(term)}\fR", escaped(text)]
    return lines if len(lines) > 1 else []


def escaped(text: str) -> str:
    """Return text that roff shows as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
