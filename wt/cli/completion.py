"""What completion knows of the verbs, as shell functions that bash and zsh read alike; made from the registry each time."""

from __future__ import annotations

import shlex

from wt.cli import args
from wt.cli.help import load
from wt.cli.registry import ALIASES, VERBS
from wt.shell.render import fish_quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wt.cli.args import Verb

# What may stand for an option's value or a word, by what its help shows. `none`: only the person knows.
_VALUES = {
    "KEY": "keys", "G": "groups", "SLOT": "slots", "REF": "branches", "REV": "branches", "BRANCH": "branches",
    "COMMIT": "branches", "DIR": "directories", "REPOSITORY": "directories", "WHEN": "words:auto,always,never",
    "LAYOUT": "words:rename,stable", "MODE": "words:bare-mirror,git-modules", "SHELL": "words:bash,fish,zsh",
    "ACTION": "words:init,install,uninstall,completion", "VERB": "verbs", "FILE": "any",
    **dict.fromkeys(("N", "A,B", "T1,T2", "SECONDS", "AGE", "NEW", "WORD", "MESSAGE", "SHA256", "HEX", "S", "SETTING"), "none"),
}  # fmt: skip
# Where a verb means something else by the same word. NAME is else a slot that is held.
_OF_VERB = {
    ("new", "NAME"): "none",
    ("acquire", "NAME"): "none",
    ("restore", "NAME"): "kept",
    ("doctor", "NEW"): "directories",
}
HELP = args.Option("--help", "say more of this verb")
_BEFORE_A_VERB = ((args.POOL.name, args.POOL.help), ("--help", ""), ("--version", ""))


def verbs() -> dict[str, Verb]:
    """Return every verb that this installation has; `help` is no module of its own."""
    found = {}
    for name in VERBS:
        try:
            found[name] = load(name)
        except ModuleNotFoundError:  # the registry may be ahead of a verb's module, or `help`
            found[name] = args.Verb(name, VERBS[name][1], ("[VERB]",) if name == "help" else ())
    return found


def kind(verb: Verb, shown: str) -> str:
    """Return what completes a word that the usage line shows as `[NAME]`, `SLOT…`, `NAME[@TIME]`; empty: not known."""
    word = shown.strip("[]…").partition("@")[0].strip("[").partition("..")[0]
    return _OF_VERB.get((verb.name, word)) or _VALUES.get(word, "held" if word == "NAME" else "")


def tables(shell: str) -> str:
    """Return the functions that the shell's completion asks about verbs, options and what completes their values."""
    known = verbs()
    if shell == "fish":
        parts = (_fish_verbs(), _fish_canonical(), _fish_options(known), _fish_kinds(known))
    else:
        described = shell == "zsh"  # bash has nowhere to show what a word means
        parts = (
            _verbs(described=described),
            _canonical(),
            _options(known, described=described),
            _kinds(known),
        )
    return "\n".join([*(line for part in parts for line in part), ""])


def _added(pairs: Iterable[tuple[str, str]], *, described: bool) -> str:
    words = " ".join(shlex.quote(f"{word}:{text}") if described and text else word for word, text in pairs)
    return f"__wt_found+=({words})"


def _verbs(*, described: bool) -> Iterator[str]:
    yield "function __wt_verbs {"
    yield f"    {_added(((name, summary) for name, (_, summary) in VERBS.items()), described=described)}"
    yield "}"


def _canonical() -> Iterator[str]:
    yield "function __wt_canonical {"
    yield "    case $__wt_verb in"
    yield from (f"        {alias}) __wt_verb='{name}' ;;" for alias, name in ALIASES.items())
    yield "    esac"
    yield "}"


def _options(known: dict[str, Verb], *, described: bool) -> Iterator[str]:
    yield "function __wt_options {"
    yield "    case $1 in"
    for name, verb in known.items():
        pairs = ((option.name, option.help) for option in (*verb.options, HELP))
        yield f"        {name}) {_added(pairs, described=described)} ;;"
    yield f"        *) {_added(_BEFORE_A_VERB, described=described)} ;;"
    yield "    esac"
    yield "}"


def _kinds(known: dict[str, Verb]) -> Iterator[str]:
    """`__wt_kind_of VERB --option` or `VERB 0` (the first word) sets __wt_kind; empty where nothing takes a value."""
    yield "function __wt_kind_of {"
    yield "    case $1' '$2 in"
    by_kind: dict[str, list[str]] = {}
    for words, found in _kind_table(known):
        pattern = f"*{shlex.quote(words[1:])}" if words.startswith("*") else shlex.quote(words)
        by_kind.setdefault(found, []).append(pattern)
    for found, patterns in by_kind.items():
        yield f"        {' | '.join(patterns)}) __wt_kind={found} ;;"
    yield "        *) __wt_kind='' ;;"
    yield "    esac"
    yield "}"


def _kind_table(known: dict[str, Verb]) -> Iterator[tuple[str, str]]:
    """`VERB --option` or `VERB 0`, and what completes it; `*` for any verb, and for the words that may be repeated."""
    yield f"* {args.POOL.name}", "keys"
    yield f"* {args.COLOR.name}", _VALUES["WHEN"]
    for name, verb in known.items():
        for option in verb.options:
            if option.value and option.name not in (args.POOL.name, args.COLOR.name):
                found = f"words:{','.join(option.choices)}" if option.choices else kind(verb, option.value)
                yield f"{name} {option.name}", found or "any"
        for index, word in enumerate(verb.words):
            found = kind(verb, word)
            if found:
                yield f"{name} {index}", found
            if found and word.endswith(("…", "…]")):
                yield from ((f"{name} {more}", found) for more in range(index + 1, 10))


def _fish_verbs() -> Iterator[str]:
    yield "function __wt_verbs"
    yield from _printed((name, summary) for name, (_, summary) in VERBS.items())
    yield "end"


def _printed(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    words = [fish_quoted(f"{word}\t{text}" if text else word) for word, text in pairs]
    yield f"    printf '%s\\n' {' '.join(words)}"


def _fish_canonical() -> Iterator[str]:
    yield "function __wt_canonical"
    yield "    switch $argv[1]"
    for alias, name in ALIASES.items():
        yield f"        case {alias}"
        yield f"            echo {name}"
    yield "        case '*'"
    yield "            printf '%s\\n' $argv[1]"
    yield "    end"
    yield "end"


def _fish_options(known: dict[str, Verb]) -> Iterator[str]:
    yield "function __wt_options"
    yield "    switch $argv[1]"
    for name, verb in known.items():
        yield f"        case {name}"
        yield from _printed((option.name, option.help) for option in (*verb.options, HELP))
    yield "        case '*'"
    yield from _printed(_BEFORE_A_VERB)
    yield "    end"
    yield "end"


def _fish_kinds(known: dict[str, Verb]) -> Iterator[str]:
    yield "function __wt_kind_of"
    yield '    switch "$argv[1] $argv[2]"'
    for words, found in _kind_table(known):
        yield f"        case {fish_quoted(words)}"
        yield f"            echo {fish_quoted(found)}"
    yield "    end"
    yield "end"
