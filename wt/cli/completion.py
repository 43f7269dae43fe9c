"""What completion knows of the verbs, as shell functions that bash and zsh read alike; made from the registry each time."""

from __future__ import annotations

import shlex

from wt.cli import args
from wt.cli.help import load
from wt.cli.registry import ALIASES, VERBS
from wt.shell.render import fish_quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wt.cli.args import Verb

# What may stand for an option's value, by the word that its help shows; anything else is left to the person.
_VALUES = {"KEY": "keys", "G": "groups", "REF": "branches", "BRANCH": "branches", "DIR": "directories",
           "WHEN": "words:auto,always,never", "LAYOUT": "words:rename,stable", "MODE": "words:bare-mirror,git-modules",
           "SHELL": "words:bash,fish,zsh", "ACTION": "words:init,install,uninstall", "VERB": "verbs"}  # fmt: skip
# NAME is a slot that is held, except where it is what a new one is to be called.
_NAMES_A_NEW_ONE = ("new", "acquire")
HELP = args.Option("--help", "say more of this verb")


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
    """Return what completes a word that the usage line shows as `[NAME]`, `SLOT…`, `KEY`."""
    word = shown.strip("[]…")
    if word == "NAME":
        return "" if verb.name in _NAMES_A_NEW_ONE else "held"
    return _VALUES.get(word, "any")


def functions() -> str:
    """Return the shell functions that shell/core.bash asks about verbs, options and what completes their values."""
    known = verbs()
    return "\n".join([*_verbs(), *_canonical(), *_options(known), *_kinds(known), ""])


def _verbs() -> Iterator[str]:
    yield "function __wt_verbs {"
    yield "    __wt_found+=("
    yield from (f"        {shlex.quote(f'{name}:{summary}')}" for name, (_, summary) in VERBS.items())
    yield "    )"
    yield "}"


def _canonical() -> Iterator[str]:
    yield "function __wt_canonical {"
    yield "    case $__wt_verb in"
    yield from (f"        {alias}) __wt_verb='{name}' ;;" for alias, name in ALIASES.items())
    yield "    esac"
    yield "}"


def _options(known: dict[str, Verb]) -> Iterator[str]:
    yield "function __wt_options {"
    yield "    case $1 in"
    for name, verb in known.items():
        yield f"        {name})"
        yield "            __wt_found+=("
        for option in (*verb.options, HELP):
            yield f"                {shlex.quote(f'{option.name}:{option.help}')}"
        yield "            )"
        yield "            ;;"
    yield f"        *) __wt_found+=({shlex.quote(f'{args.POOL.name}:{args.POOL.help}')} --help --version) ;;"
    yield "    esac"
    yield "}"


def _kinds(known: dict[str, Verb]) -> Iterator[str]:
    """`__wt_kind_of VERB --option` or `VERB 0` (the first word) sets __wt_kind; empty where nothing takes a value."""
    yield "function __wt_kind_of {"
    yield "    case $1' '$2 in"
    yield f"        *' '{args.POOL.name}) __wt_kind=keys ;;"
    yield f"        *' '{args.COLOR.name}) __wt_kind={_VALUES['WHEN']} ;;"
    for name, verb in known.items():
        for option in verb.options:
            if option.value and option.name not in (args.POOL.name, args.COLOR.name):
                yield f"        '{name} {option.name}') __wt_kind={kind(verb, option.value) or 'any'} ;;"
        for index, word in enumerate(verb.words):
            yield f"        '{name} {index}') __wt_kind={kind(verb, word)} ;;"
    yield "        *) __wt_kind='' ;;"
    yield "    esac"
    yield "}"


_FISH = {"keys": "(__wt_keys)", "held": "(__wt_held)", "branches": "(command git for-each-ref --format='%(refname:lstrip=2)' refs/heads 2>/dev/null)"}  # fmt: skip


def fish(command: str) -> str:
    """Return the `complete` lines of fish."""
    known = verbs()
    begin = f"complete -c {command}"
    lines = [f"{begin} -e", f"{begin} -f"]
    lines += [
        f"{begin} -n '__wt_is \"\"' -a {name} -d {fish_quoted(summary)}"
        for name, (_, summary) in VERBS.items()
    ]
    for name, verb in known.items():
        words = " ".join([name, *(alias for alias, of in ALIASES.items() if of == name)])
        when = f"{begin} -n '__wt_is {words}'"
        lines += [_fish_option(when, verb, option) for option in (*verb.options, HELP)]
        lines += [
            f"{when} -a {_fish_words(found)}" for word in verb.words if (found := kind(verb, word)) in _FISH
        ]
    return "\n".join([*lines, ""])


def _fish_option(when: str, verb: Verb, option: args.Option) -> str:
    value = f" -x -a {_fish_words(kind(verb, option.value))}" if option.value else ""
    return f"{when} -l {option.name.removeprefix('--')}{value} -d {fish_quoted(option.help)}"


def _fish_words(found: str) -> str:
    if found.startswith("words:"):
        return fish_quoted(found.removeprefix("words:").replace(",", " "))
    return fish_quoted(_FISH.get(found, ""))
