"""A source that moved: `wt doctor --fix --source NEW` makes config and links say where it is now (contract section 6).

What proves that NEW is the source is the pool's own id in the admin dirs that it holds.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import WtError, quoted
from wt.git import layout, worktrees
from wt.model import Config, replaced
from wt.pool import astray, location, mutex, survey
from wt.pool import config as config_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def resettle(root: str, new: str, tell: Callable[[str], None]) -> None:
    """Mend every pool below `root` whose source `new` is; WtError where it is none's."""
    place = layout.find(new)
    if place is None:
        raise WtError(
            f"{new} is in no git repository; nothing was changed.", "to see what is wrong: wt doctor"
        )
    ids = {trace.pool_id for trace in astray.traces(place.common)}
    keys = [key for key in location.keys(root) if _is_source_of(root, key, ids)]
    if not keys:
        raise WtError(
            f"{new} is the source of no pool below {root}; nothing was changed.", "to see all: wt doctor"
        )
    for key in keys:
        _mend(root, key, place, tell)


def _is_source_of(root: str, key: str, ids: set[str]) -> bool:
    """The slots say so; a pool without any, whose source is gone, has nothing that could be mistaken."""
    try:
        config = config_file.load(location.config_path(root, key))
    except WtError:
        return False
    if config.pool_id in ids:
        return True
    slots = [name for name in files.list_subdirectories(f"{root}/{key}") if not name.startswith(".")]
    return not slots and layout.at(config.source) is None


def _mend(root: str, key: str, place: layout.Place, tell: Callable[[str], None]) -> None:
    real = os.path.realpath(f"{root}/{key}")
    path = location.config_path(root, key)
    with mutex.take(f"{real}/.meta/pool.lock", tell, what=f"the pool `{key}`") as held:
        held.note("doctor")
        config = config_file.load(path)
        now = worktrees.list_all(place.common)[0].path or place.common
        old = layout.at(config.source)
        if old is None or old.common != place.common:
            files.replace_text(path, _rewritten(files.read_text(path) or "", config, now), 0o600)
            tell(f"pool `{key}`: its source is {now} now.")
        for name in files.list_subdirectories(real):
            if not name.startswith(".") and _relink(real, name, config, place.common):
                tell(f"pool `{key}`: {name} is linked to {now} again.")


def _rewritten(text: str, config: Config, source: str) -> str:
    """Return the config with another source; a user's own lines and comments stay where the file is flat."""
    mirror = config.submodule_mirror_base
    moved = mirror is not None and f"{mirror}/".startswith(f"{config.source}/")
    wanted = replaced(
        config,
        source=source,
        submodule_mirror_base=f"{source}{mirror[len(config.source) :]}" if mirror and moved else mirror,
    )
    fresh = {line.partition(":")[0]: line for line in config_file.render(wanted).split("\n")}
    lines = [
        fresh[key]
        if (key := line.partition(":")[0]) in ("source", "submodule_mirror_base") and key in fresh
        else line
        for line in text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    ]
    edited = "\n".join(lines)
    return edited if config_file.read(edited) == wanted else config_file.render(wanted)


def _relink(real: str, name: str, config: Config, common: str) -> bool:
    """Make a slot's `.git` file name its admin dir in the source's new place; True where it had named another."""
    path = f"{real}/{name}"
    text = files.read_text(f"{path}/.git", 8192) or ""
    if not text.startswith("gitdir: "):
        return False
    target = text[8:].rstrip("\r\n")
    admin = f"{common}/worktrees/{os.path.basename(target)}"
    if survey.provenance(admin).get("pool_id") != config.pool_id or layout.read_link(
        path
    ) == os.path.realpath(admin):
        return False
    pointed = layout.back_pointer(admin)
    if pointed is None or os.path.basename(pointed) != name:  # a copy, or moved by hand: not for us to say
        return False
    link = admin if os.path.isabs(target) else os.path.relpath(admin, path)
    # beside the slot, never in it: what a kill leaves would be the holder's untracked file
    files.replace_text(f"{path}/.git", f"gitdir: {link}\n", scratch=f"{real}/.meta")
    return True


def hint(path: str, source: str, pool_id: str) -> WtError:
    """Return the error of a pool whose source is not where its config says; the repository around us may be it."""
    error = WtError(f"{path}: the source {source} is no git repository now.")
    here = astray.here()
    if here is not None and any(trace.pool_id == pool_id for trace in astray.traces(here.common)):
        top = worktrees.list_all(here.common)[0].path or here.common
        return error.hint(f"to say that it was moved: wt doctor --fix --source {quoted(top)}")
    return error.hint(
        "if it was moved: wt doctor --fix --source /path/to/repository",
        f"to look at the config: ${{EDITOR:-vi}} {quoted(path)}",
    )
