"""What is known of a held slot without asking git: the rows of `wt ls --bare`."""

from __future__ import annotations

import time

from wt.pool import lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot


def age(slot: Slot) -> float:
    """Return for how many seconds a slot has been held."""
    if slot.lock is None or slot.admin is None:
        return 0.0
    return max(0.0, time.time() - lock.since(slot))


def bare_row(slot: Slot) -> dict[str, object]:
    """Return what of the verdict's JSON is known without asking git."""
    return {"name": slot.name, "slot": slot.slot, "group": slot.group, "path": slot.path, "age_s": int(age(slot)),
            "mark": None, "reason": None, "evidence": None, "next": None}  # fmt: skip
