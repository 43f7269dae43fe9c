"""What was set aside does not stay for ever: after `keep` it is dropped, a few refs at each release (contract section 13)."""

from __future__ import annotations

import time

from wt import times
from wt.errors import WtError
from wt.git import refs
from wt.pool import gitlocks, keep, nested, sourcelock, submodules
from wt.pool.keep import PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool

_AT_ONCE = 20


def expire(pool: Pool, tell: Callable[[str], None]) -> None:
    """Drop at most twenty refs that are older than the pool's `keep`, and say so."""
    if pool.config.keep == "forever":
        return
    before = time.time() - int(pool.config.keep[:-1]) * 86400
    oldest = times.compact(times.as_text(before))
    if submodules.is_any_kept(pool):
        from wt.pool.submodules import kept

        if dropped := kept.drop_older(pool, before, _AT_ONCE):
            tell(
                f"{dropped} of what was set aside in submodules more than {pool.config.keep} ago is dropped."
            )
    # nothing was set aside before its slot was acquired, which is what the name says
    named = [
        ref for ref in refs.below(pool.common, PREFIX) if ref.rpartition("/")[2] < oldest and _is_ours(ref)
    ]
    old = [ref for ref in named if keep.made_at(pool.common, ref, _moment(ref)) < before]
    found = [(ref.name, ref.sha) for ref in refs.list_refs(pool.git(), *old[:_AT_ONCE])] if old else []
    if not found:
        return
    try:
        drop(pool, found)
    except WtError as error:  # somebody was first, or is at it; the slot is idle all the same
        tell(f"what was set aside more than {pool.config.keep} ago could not be dropped: {error.sentence}")
        return
    more = f"; {len(old) - len(found)} more go at the next releases" if len(old) > len(found) else ""
    tell(f"{len(found)} of what was set aside more than {pool.config.keep} ago is dropped{more}.")


def _is_ours(ref: str) -> bool:
    return times.parse(times.expanded(_moment(ref))) is not None


def _moment(ref: str) -> str:
    return ref.rpartition("/")[2].partition("-")[0]


def drop(pool: Pool, found: list[tuple[str, str]]) -> None:
    """Delete refs that must still be where they were seen, with the repositories that were moved aside beside them."""
    if not found:
        return
    locks = [path for name, _ in found for path in gitlocks.of_ref(pool.common, name)]
    data = "".join(f"option no-deref\ndelete {name} {sha}\n" for name, sha in found)
    gone = {name for name, _ in found}
    nested.drop(pool, gone, {name for name in refs.below(pool.common, PREFIX) if name not in gone})
    with sourcelock.Step(pool, (), list(dict.fromkeys(locks))) as source:
        source.do("update-ref", "--stdin", data=data.encode("utf-8", "surrogateescape"))
