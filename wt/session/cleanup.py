"""The verdict acted upon, for one slot or for every held one (contract sections 11 and 15): green is recycled, the rest stays.

Nothing here fails: what could not be done is said, and the slot stays as it is.
"""

from __future__ import annotations

from wt.errors import WtError
from wt.model import record
from wt.pool import hooking
from wt.session import release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.session.verdict import Verdict
    from wt.trust import Policy


@record
class Outcome:
    """What became of a slot: `recycled`, `kept` (yellow), `refused` (red), `failed`; `found` is the last verdict, if any."""

    name: str
    slot: str
    what: str
    why: str
    found: Verdict | None = None
    path: str | None = None


def clean_up(pool: Pool, name: str, tell: Callable[[str], None], hooks: Policy) -> Outcome:
    """Recycle a slot whose verdict is green; green is said only of what was released."""
    slot_id, path = "", None
    try:
        slot = release.require_held(pool, name)
        slot_id, path = slot.slot, slot.path
        hooking.refuse_inside(pool, hooks.env, "cleanup", name)
        done = release.attempt(pool, name, tell, hooks, around=True)
    except (WtError, OSError) as error:
        return Outcome(name, slot_id, "failed", getattr(error, "sentence", str(error)), path=path)
    if done.released:
        return Outcome(name, slot_id, "recycled", done.verdict.why, done.verdict, path)
    return Outcome(name, slot_id, _stays(done.verdict), done.verdict.why, done.verdict, path)


def _stays(found: Verdict) -> str:
    return "refused" if found.mark == "red" else "kept"


def sweep(
    pool: Pool, judged: list[tuple[Slot, Verdict]], tell: Callable[[str], None], hooks: Policy, *, dry: bool
) -> list[Outcome]:
    """Clean up every slot that was judged green, and those whose hooks have their say before the verdict.

    It is looked at again under the slot's own mutex.
    """
    outcomes = []
    for slot, found in judged:
        if not dry and (found.green or hooking.has_any(pool, slot, hooks)):
            outcomes.append(clean_up(pool, slot.name or slot.slot, tell, hooks))
        else:
            what = "would be recycled" if found.green else _stays(found)
            outcomes.append(Outcome(slot.name or slot.slot, slot.slot, what, found.why, found, slot.path))
    return outcomes
