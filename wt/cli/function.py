"""What the shell function tells the program: which version rendered it, and the directory taken from under the shell."""

from __future__ import annotations

import os

from wt import shell
from wt.errors import WtError
from wt.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wt.pool.location import Pool
    from wt.ui.out import Out


def answer(env: Mapping[str, str], cwd: str, out: Out) -> str:
    """Return the directory that the command works in: where the shell's own is gone, the one that it is taken to."""
    name, _, version = env.get(shell.FUNCTION, "").partition("/")
    if version != VERSION and out.terminal_err:
        out.say(f"this shell has the function of wt {version}, the program is {VERSION}.")
        # Its start-up file knows with which options, and where the program is.
        out.say_painted([("hint: ", "cyan"), (f"to renew it: exec {name}", "")])
    gone = env.get(shell.LOST, "")
    return _home(env, gone, cwd, out) if gone else cwd


def _home(env: Mapping[str, str], gone: str, cwd: str, out: Out) -> str:
    """Send the shell to the source of the pool that `gone` was in: what it stood in may be another's slot by now. Where
    the slot is still its own, to what is left above."""
    there = os.path.isdir(gone)
    what = "was given back"
    if there and not _is_here(gone):
        to: str | None = gone  # there is a directory of that name again
    elif not there and _is_still_held(env, _above(gone)):
        to, what = _above(gone), "is gone"
    else:
        to = _way_home(env, gone)
    if to is None:
        return cwd if there else _above(gone)
    out.say(f"{gone} {what}; this shell goes to {to}.")
    shell.send_to(env, to)
    return to


def _is_here(path: str) -> bool:
    try:
        return os.path.samefile(".", path)
    except OSError:
        return False


def _above(path: str) -> str:
    while not os.path.isdir(path) and path not in ("", "/"):
        path = os.path.dirname(path)
    return path or "/"


def _is_still_held(env: Mapping[str, str], path: str) -> bool:
    """Whether a path is in the slot of the name that the shell went to, or one that bears its holder's name."""
    from wt.session import whereabouts

    found = whereabouts.find(env, path)
    if found.kind != "worktree" or not found.name or not found.path:
        return False
    return found.name == env.get(shell.HELD) or found.name.replace("/", "-") == os.path.basename(found.path)


def _way_home(env: Mapping[str, str], gone: str) -> str | None:
    from wt.pool import location

    try:
        root = location.worktree_root(env)
        key = location.key_by_root(root, _above(gone))
        return _to_source(location.open_pool(root, key, _nothing), gone) if key else None
    except WtError:  # said by the verb itself, if it needs the pool
        return None


def _to_source(pool: Pool, gone: str) -> str | None:
    from wt.session import base

    for root in (pool.root, pool.real):
        if gone.startswith(f"{root}/"):
            slot = gone[len(root) + 1 :].partition("/")[0]
            return base.destination(pool, base.find(pool), f"{root}/{slot}", gone)
    return None


def _nothing(_warning: str) -> None:
    """A config's warnings are said where the verb opens the pool."""
