"""Hints as they can be pasted where the caller stands: its own command written out, the pool named where the place does not.

Runs on the way to an error alone, so that it may import what it likes.
"""

from __future__ import annotations

import os

from wt.errors import Again, WtError, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wt.cli.args import Verb

_JOINTS = (": ", " && ", "; ", "$(")


def placed(
    hints: Sequence[str], argv: Sequence[str], program: str, env: Mapping[str, str], key: str | None
) -> list[str]:
    """Return the hints of an error; `key` is the pool that the command worked on, None where it came to none."""
    written = [_again(hint, argv, program) if isinstance(hint, Again) else hint for hint in hints]
    return list(dict.fromkeys(in_pool(hint, env, key) for hint in written))


def _again(hint: Again, argv: Sequence[str], program: str) -> str:
    if hint.otherwise and not _has_options(program, argv, hint.options):
        return f"{hint.why}: {hint.otherwise}"
    if hint.command and hint.command in argv:
        argv = [*argv[: argv.index(hint.command)], "--", *argv[argv.index(hint.command) :]]
    own, tail = _split([_replaced(word, hint.words) for word in argv])
    own = _without(own, program, {*hint.options, *hint.without})
    verbs = _verbs(program, own)[:1]
    for name, value in hint.options.items():
        if verbs and name != "--pool" and not verbs[0].find(name):  # a verb that cannot wait, say
            continue
        own += [name] if value is None else [name, value]
    command = " ".join(quoted(word) for word in (program, *own, *tail))
    return f"{hint.why}: {hint.before}{command}"


def _has_options(program: str, argv: Sequence[str], names: Iterable[str]) -> bool:
    return all(any(verb.find(name) for verb in _verbs(program, argv)[:1]) for name in names)


def _replaced(word: str, words: Mapping[str, str]) -> str:
    """A word, or either side of `--name=value`."""
    name, equals, value = word.partition("=")
    if equals and name in words:
        return f"{words[name]}={value}"
    if word not in words and equals and name.startswith("--") and value in words:
        return f"{name}{equals}{words[value]}"
    return words.get(word, word)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at:]


def _without(words: list[str], program: str, names: set[str]) -> list[str]:
    """Take options out of a command line, with their values where they have one."""
    left, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        name, equals, _value = word.partition("=")
        name, equals = _long(program, words, name, equals)
        if name not in names:
            left.append(word)
        elif not equals and _takes_value(program, words, name) and rest:
            rest.pop(0)
    return left


def _long(program: str, words: list[str], name: str, equals: str) -> tuple[str, str]:
    """Return the long name of an option, and whether its value is in the same word: `-j 4`, `-j4`."""
    short = name[:2] if name[:1] == "-" and name[1:2] not in ("", "-") else ""
    for verb in _verbs(program, words) if short else ():
        if (option := verb.find(short)) is not None:
            return option.name, equals or name[2:]
    return name, equals


def _takes_value(program: str, words: list[str], name: str) -> bool:
    if name in ("--pool", "--color"):
        return True
    found = [option for verb in _verbs(program, words) if (option := verb.find(name)) is not None]
    return bool(found and found[0].value)


def _verbs(program: str, words: Sequence[str]) -> list[Verb]:
    """Return the verbs that words of a command line name: the first is the one that it runs."""
    if program == "worktree-pool":
        from wt.cli.pool_main import VERBS

        return [VERBS[word] for word in words if word in VERBS]
    from wt.cli.help import load
    from wt.cli.registry import ALIASES
    from wt.cli.registry import VERBS as NAMES

    return [load(name) for word in words if (name := ALIASES.get(word, word)) in NAMES and name != "help"]


def in_pool(hint: str, env: Mapping[str, str], key: str | None) -> str:
    """Name the pool in each `wt` command of a hint, if it would not be found from the current directory."""
    if key is None or "wt " not in hint or "--pool" in hint or _is_found(env, key):
        return hint
    for joint in ("", *_JOINTS):
        hint = _named(hint, joint, key)
    return hint


def _named(hint: str, joint: str, key: str) -> str:
    pieces = hint.split(joint) if joint else [hint]
    done = pieces[:1] if joint else []
    for piece in pieces[len(done) :]:
        verb = piece.removeprefix("wt ").split(" ", 1)[0].rstrip('")')
        takes = piece.startswith("wt ") and any(one.find("--pool") for one in _verbs("wt", [verb]))
        head = f"wt {verb}"
        done.append(f"{head} --pool {quoted(key)}{piece[len(head) :]}" if takes else piece)
    return joint.join(done)


def _is_found(env: Mapping[str, str], key: str) -> bool:
    from wt.pool import location

    try:
        return location.find_key(location.worktree_root(env), os.getcwd()) == key
    except (WtError, OSError):
        return False
