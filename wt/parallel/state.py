"""`.worktree_pool.json`: what a pool had, for programs that read it. The disk is the truth, and this file only tells it."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass

from wt import files
from wt.parallel import naming
from wt.pool import mutex, names, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool

NAME = ".worktree_pool.json"
_ONE_AT_A_TIME = threading.Lock()  # the temp file of a replacement bears the process's id alone


@dataclass(frozen=True, slots=True)
class State:
    """The file's content: slots by their ids, allocated ones by the ids of their callers."""

    pool_dir: str
    base_repo: str
    max_size: int
    available_worktrees: tuple[str, ...]
    allocated_worktrees: dict[str, str]
    total_worktrees: int


def path_of(pool: Pool) -> str:
    return f"{pool.real}/{NAME}"


def now(pool: Pool, base_repo: str, max_size: int) -> State:
    """Return what is on disk."""
    slots = survey.take(pool).slots
    idle = tuple(slot.slot for slot in slots if slot.state == "idle")
    allocated = {naming.caller(slot): slot.slot for slot in slots if slot.lock is not None}
    return State(pool.root, base_repo, max_size, idle, allocated, len(slots))


def write(pool: Pool, base_repo: str, max_size: int, tell: Callable[[str], None]) -> None:
    """Write what is on disk now; a reader sees the old or the new file, whole. Returns when that is safe on disk."""
    with _ONE_AT_A_TIME, mutex.take(f"{pool.real}/.meta/state.lock", tell, what="the state file"):
        files.remove_leftovers(pool.real)
        text = json.dumps(asdict(now(pool, base_repo, max_size)), indent=2)
        files.replace_text(path_of(pool), f"{text}\n")


def sweep(pool: Pool, tell: Callable[[str], None]) -> None:
    """Remove what a writer left that was killed; its mutex is free then."""
    if files.leftovers(pool.real):
        with _ONE_AT_A_TIME, mutex.take(f"{pool.real}/.meta/state.lock", tell, what="the state file"):
            files.remove_leftovers(pool.real)


def faults(pool: Pool, found: State) -> tuple[list[str], bool]:
    """Return what the file says that is not so, as sentences (none where there is no file, or it is right); and whether it
    is merely behind, which it is whenever others have acquired or released since it was written.
    """
    text = files.read_text(path_of(pool), 1 << 24)
    if text is None:
        return [], False
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return [f"{path_of(pool)} is damaged and was not read."], False
    told = _named(said)
    if told is None:
        return [f"{path_of(pool)} is not a pool's state and was not read."], False
    foreign = sorted(name for name in told if names.parse_slot_id(name, pool.config.groups) is None)
    if foreign:
        return [
            f"{path_of(pool)} names {', '.join(foreign[:3])}, which this pool's slots are not called."
        ], False
    behind = json.loads(json.dumps(asdict(found))) != said
    return [f"{path_of(pool)} is stale."] * behind, behind


def _named(said: object) -> set[str] | None:
    """Return every worktree that a state names, None where it is none."""
    if not isinstance(said, dict):
        return None
    idle, allocated = said.get("available_worktrees"), said.get("allocated_worktrees")
    if not isinstance(idle, list) or not isinstance(allocated, dict):
        return None
    named = [*idle, *allocated.values()]
    return set(named) if all(isinstance(name, str) for name in named) else None


def in_words(found: State) -> str:
    """Say what the pool really has."""
    held = ", ".join(f"{slot} for `{who}`" for who, slot in found.allocated_worktrees.items())
    return f"the pool has {', '.join(found.available_worktrees) or 'no slot'} idle and {held or 'none'} held."
