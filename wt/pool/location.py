"""Where pools are: `$WORKTREE_ROOT/<key>`, and which pool a directory belongs to. Reads files, starts nothing."""

from __future__ import annotations

import os
import stat

from wt import files
from wt.errors import UsageError, WtError, again, quoted
from wt.git import layout
from wt.git.run import Git
from wt.model import Config, record
from wt.pool import config as config_file
from wt.pool import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LINE = 'export WORKTREE_ROOT="$HOME/worktrees"'


def _silent(_sentence: str) -> None:
    return


@record
class Pool:
    """One pool: `root` as the user names it, `real` with symlinks resolved, `common` the source's common git dir.

    `tell` is where waiting for the source's lock is said, which anything that changes a ref may come to.
    """

    key: str
    root: str
    real: str
    config: Config
    common: str
    tell: Callable[[str], None] = _silent

    @property
    def mutex_path(self) -> str:
        return f"{self.real}/.meta/pool.lock"

    def slot_mutex_path(self, slot: str) -> str:
        return f"{self.real}/.meta/init/{slot}.lock"

    def git(self, keep: tuple[int, ...] = ()) -> Git:
        """Git at the source itself: refs and objects, no worktree."""
        return Git(self.common, keep)

    @property
    def groups(self) -> tuple[str | None, ...]:
        return self.config.groups or (None,)


def worktree_root(env: Mapping[str, str]) -> str:
    """Return WORKTREE_ROOT, which has no silent fallback (contract section 2)."""
    value = env.get("WORKTREE_ROOT", "")
    if not value:
        state = "is empty" if "WORKTREE_ROOT" in env else "is not set"
        raise WtError(
            f"WORKTREE_ROOT {state}; pools live below it.",
            f"put this line into ~/.zshenv or ~/.bashrc: {LINE}",
        )
    value = os.path.expanduser(value)
    if not os.path.isabs(value):
        raise WtError(
            f"WORKTREE_ROOT is `{value}`, which is relative; it must begin with /.", f"for example: {LINE}"
        )
    return os.path.normpath(value)


def check_root(root: str) -> None:
    """Raise WtError where pools cannot be read or made below WORKTREE_ROOT, or somebody else could put one there."""
    try:
        found = os.stat(root)
    except FileNotFoundError:
        raise WtError(
            f"WORKTREE_ROOT is {root}, which does not exist.", f"to create it: mkdir -p {quoted(root)}"
        ) from None
    if not stat.S_ISDIR(found.st_mode):
        raise WtError(f"WORKTREE_ROOT is {root}, which is not a directory.", f"to use another place: {LINE}")
    if found.st_mode & 0o002:
        raise WtError(
            f"WORKTREE_ROOT is {root}, where anybody may put and rename directories.",
            f"to close it: chmod o-w {quoted(root)}",
            f"to use another place: {LINE}",
        )
    if found.st_uid not in (os.geteuid(), 0):
        raise WtError(
            f"WORKTREE_ROOT is {root}, which belongs to user id {found.st_uid}.",
            f"to use another place: {LINE}",
        )


def config_path(root: str, key: str) -> str:
    return f"{root}/{key}/.meta/config.yaml"


def open_pool(root: str, key: str, warn: Callable[[str], None]) -> Pool:
    """Return the pool of a key; WtError that names the init command where there is none."""
    names.check_key(key)
    check_root(root)
    path = config_path(root, key)
    if not os.path.lexists(path):
        from wt.pool import astray

        raise astray.uninitialised(root, key)
    config = config_file.load(path, warn)
    place = layout.at(config.source)
    if place is None:
        from wt.pool import resettle

        raise resettle.hint(path, config.source, config.pool_id)
    real = os.path.realpath(f"{root}/{key}")
    _refuse_foreign_root(real)
    return Pool(key, f"{root}/{key}", real, config, place.common, warn)


def at(pool_root: str, config: Config) -> Pool:
    """Return the pool at a directory that need not lie below WORKTREE_ROOT, with this config."""
    place = layout.at(config.source)
    if place is None:
        raise WtError(f"The source {config.source} of the pool {pool_root} is no git repository now.",
                      f"to look at it: ls -la {quoted(config.source)}")  # fmt: skip
    real = os.path.realpath(pool_root)
    _refuse_foreign_root(real)
    return Pool(os.path.basename(pool_root), pool_root, real, config, place.common)


def _refuse_foreign_root(real: str) -> None:
    """Root in a user's pool would leave files behind that the user cannot change."""
    owner = os.stat(f"{real}/.meta").st_uid
    if os.geteuid() == 0 and owner != 0:
        raise WtError(
            f"The pool {real} belongs to user id {owner}; root does not work in it.",
            again("to run this as that user", before=f"sudo -E -u '#{owner}' "),
        )


def keys(root: str) -> list[str]:
    """Return the keys of all pools below a root, sorted."""
    return [name for name in files.list_directory(root) if os.path.lexists(config_path(root, name))]


def find_key(root: str, cwd: str) -> str:
    """Return the key of the pool that `cwd` is in, else of the only pool over the repository that it is in."""
    found = key_by_root(root, cwd)
    if found:
        return found
    known = keys(root)
    place = layout.find(cwd)
    over = [key for key in known if place is not None and place.common == _common_of(root, key)]
    if len(over) == 1:
        return over[0]
    raise _undecided(root, over, known, place)


def key_by_root(root: str, cwd: str) -> str | None:
    """Return the key of the pool whose root holds `cwd`, symlinks resolved on both sides."""
    real_cwd = os.path.realpath(cwd)
    inside = os.path.relpath(real_cwd, os.path.realpath(root)).split("/", 1)[0]
    if inside not in (".", "..") and os.path.lexists(config_path(root, inside)):
        return inside
    for key in keys(root):
        if f"{real_cwd}/".startswith(os.path.realpath(f"{root}/{key}") + "/"):
            return key
    return None


def _common_of(root: str, key: str) -> str | None:
    try:
        source = config_file.load(config_path(root, key)).source
    except WtError:
        return None
    place = layout.at(source)
    return place.common if place else None


def _undecided(root: str, over: list[str], known: list[str], place: layout.Place | None) -> WtError:
    if over:
        hints = [again(f"to use `{key}`", {"--pool": key}) for key in over]
        return UsageError(f"Several pools serve this repository: {', '.join(over)}.", *hints)
    if place is not None:
        from wt.pool import astray

        if (elsewhere := astray.no_pool_serves(place, root)) is not None:
            return elsewhere
        error = UsageError("No pool serves this repository.", "to make one: wt init")
    else:
        error = UsageError("This directory is in no pool and in no repository.")
    readable = [key for key in known if _common_of(root, key) is not None]
    if readable != known:
        broken = ", ".join(key for key in known if key not in readable)
        error.hint(f"to see what is wrong with {broken}: wt doctor")
    if readable:
        listed = ", ".join(readable)
        return error.hint(again(f"the pools here are {listed}; to name one", {"--pool": readable[0]}))
    return error if error.hints else error.hint("to see how it works, in a throw-away place: wt demo")


def over_source(root: str, common: str) -> list[str]:
    """Return the keys of the pools that serve a repository."""
    return [key for key in keys(root) if _common_of(root, key) == common]
