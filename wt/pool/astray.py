"""Where a pool may be that was not found where it was looked for: under another root or key, or over a source that moved.

Read by errors and by `wt doctor --fix`; the evidence is the provenance that every slot's admin dir bears.
"""

from __future__ import annotations

import os

from wt.errors import WtError, again, quoted
from wt.git import layout
from wt.model import record
from wt.pool import config as config_file
from wt.pool import location, names, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


@record
class Trace:
    """The slots of one pool that a repository knows: the pool's id, key and real root as they were when it made them."""

    pool_id: str
    key: str
    root: str
    slots: int


def traces(common: str) -> list[Trace]:
    """Return the pools whose slots a repository has, in the order of their keys."""
    found: dict[tuple[str, str, str], int] = {}
    for admin in survey.admin_dirs_of(common):
        made = survey.provenance(admin)
        if made.get("pool_id") and made.get("key") and made.get("root"):
            pool = made["pool_id"], made["key"], made["root"]
            found[pool] = found.get(pool, 0) + 1
    return sorted((Trace(*pool, slots) for pool, slots in found.items()), key=lambda one: (one.key, one.root))


def uninitialised(root: str, key: str) -> WtError:
    """Return the error of a key below which there is no pool: what the repository around us knows, else how to make one."""
    place = here()
    sentence = f"No pool is called `{key}` below {root}."
    if place is not None and (elsewhere := _elsewhere(sentence, place, root)) is not None:
        return elsewhere
    error = WtError(sentence)
    near = names.nearest(key, location.keys(root))
    if near is not None:
        error.hint(again("did you mean", {"--pool": near}))
    source = "/path/to/repository" if place is None else _top_of(place)
    return error.hint(
        f"to make one: worktree-pool --pool {quoted(key)} init --source {quoted(source)} --max-slots 16"
    )


def no_pool_serves(place: layout.Place, root: str) -> WtError | None:
    """Return the error of a repository that no pool below the root serves, where another root has one."""
    return _elsewhere(f"No pool below {root} serves this repository.", place, root)


def _elsewhere(sentence: str, place: layout.Place, root: str) -> WtError | None:
    for trace in traces(place.common):
        many = "a slot" if trace.slots == 1 else f"{trace.slots} slots"
        says = (
            f"{sentence.rstrip('.')}; {_top_of(place)} has {many} of the pool `{trace.key}` in {trace.root}"
        )
        if not _is_pool(trace.root, trace.pool_id):
            continue
        return WtError(f"{says}.", *_ways(trace, root, place))
    return None


def _ways(trace: Trace, root: str, place: layout.Place) -> Iterable[str]:
    """What leads to a pool that is in use elsewhere: its key, its root, or a link to it; or its source's new place."""
    for key in location.keys(root):
        if _is_pool(f"{root}/{key}", trace.pool_id):
            if layout.at(config_file.load(location.config_path(root, key)).source) is None:
                return [f"to say that it was moved: wt doctor --fix --source {quoted(_top_of(place))}"]
            return [again("to use it", {"--pool": key})]
    if os.path.basename(trace.root) == trace.key:
        return [f"to use it: export WORKTREE_ROOT={quoted(os.path.dirname(trace.root))}"]
    return [f"to use it from here: ln -s {quoted(trace.root)} {quoted(f'{root}/{trace.key}')}"]


def _is_pool(path: str, pool_id: str) -> bool:
    try:
        return config_file.load(f"{path}/.meta/config.yaml").pool_id == pool_id
    except WtError:
        return False


def here() -> layout.Place | None:
    try:
        return layout.find(os.getcwd())
    except OSError:
        return None


def _top_of(place: layout.Place) -> str:
    """Return the directory by which a repository is called a source, also from inside one of its slots."""
    from wt.git import worktrees

    return worktrees.list_all(place.common)[0].path or place.common
