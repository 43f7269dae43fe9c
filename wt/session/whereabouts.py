"""What a directory is to us: in a slot, in a repository that a pool serves, or neither."""

from __future__ import annotations

import os

from wt.errors import WtError
from wt.git import layout
from wt.model import record
from wt.pool import location, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@record
class Whereabouts:
    """`kind` is worktree, source or none; `path` its top, `name` the holder's name, `key` the pool's."""

    kind: str
    path: str | None = None
    name: str | None = None
    key: str | None = None


def find(env: Mapping[str, str], cwd: str) -> Whereabouts:
    """Look from `cwd` upwards; never fails: what cannot be read is none of ours."""
    try:
        return _found(env, cwd)
    except (OSError, WtError):
        return Whereabouts("none")


def _found(env: Mapping[str, str], cwd: str) -> Whereabouts:
    place = layout.find(cwd)
    while place is not None and not layout.is_slot(place):
        above = os.path.dirname(place.top or place.git_dir)
        around = layout.find(above) if above != "/" else None
        if around is None or not layout.is_slot(around):
            break
        place = around
    if place is None:
        return Whereabouts("none")
    made_for = survey.provenance(place.git_dir)
    if place.linked and made_for:
        from wt.pool import lock

        held = lock.read(place.git_dir)
        return Whereabouts("worktree", place.top, held.name if held else None, made_for.get("key"))
    served = location.over_source(location.worktree_root(env), place.common)
    return (
        Whereabouts("source", place.top or place.git_dir, None, served[0]) if served else Whereabouts("none")
    )
