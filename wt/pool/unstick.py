"""Who holds which mutex of a pool (contract section 3): a look, never an effect. Nobody is ever made to let go."""

from __future__ import annotations

from wt import files
from wt.pool import lock, mutex, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool


def look(pool: Pool, slot_id: str | None) -> dict[str, object]:
    """Return the report: the pool mutex, and those of all slots that there are or ever were, or of one."""
    known = {slot.slot for slot in survey.take(pool).slots}
    known |= {
        name.removesuffix(".lock")
        for name in files.list_directory(f"{pool.real}/.meta/init")
        if name.endswith(".lock")
    }
    slots = sorted(known if slot_id is None else {slot_id}, key=_order)
    path = pool.mutex_path
    return {
        "pool_mutex": {"path": path, "held": mutex.is_held(path)},
        "slots": [_row(pool, one) for one in slots],
    }


def _order(slot_id: str) -> tuple[str, int]:
    group, _, number = slot_id.rpartition("-")
    return group, int(number) if number.isdigit() else 0


def _row(pool: Pool, slot_id: str) -> dict[str, object]:
    path = pool.slot_mutex_path(slot_id)
    held = mutex.is_held(path)
    pid = lock.fields(files.read_text(path, 4096) or "").get("pid", "") if held else ""
    return {"slot": slot_id, "path": path, "held": held, "holder_pid": int(pid) if pid.isdigit() else None}
