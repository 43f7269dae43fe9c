"""Slots with their verdicts: as a table for people, as the JSON of contract section 11 for scripts."""

from __future__ import annotations

from wt import times
from wt.cli.bare import age, bare_row
from wt.pool.standing import standing
from wt.session import verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.context import Context
    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.session.verdict import Verdict


def judged(pool: Pool, slots: list[Slot]) -> list[tuple[Slot, Verdict]]:
    """Judge slots side by side, as many at once as there are processors: git does the work, threads wait for it."""
    import os
    from concurrent.futures import ThreadPoolExecutor

    everybody = standing(pool.real)
    if len(slots) < 2:
        return [(slot, verdict.judge(pool, slot, everybody)) for slot in slots]
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        return list(
            zip(slots, executor.map(lambda slot: verdict.judge(pool, slot, everybody), slots), strict=True)
        )


def as_json(pool: Pool, slots: list[Slot]) -> list[dict[str, object]]:
    return [verdict_json(slot, found) for slot, found in judged(pool, slots)]


def verdict_json(slot: Slot, found: Verdict) -> dict[str, object]:
    """Return one slot's verdict in the form of contract section 11."""
    evidence = found.evidence
    return {
        **bare_row(slot),
        "mark": found.mark,
        "reason": found.reason,
        "evidence": {
            "ahead": evidence.ahead, "landed_by": evidence.landed_by, "pushed": evidence.pushed, "dirty": evidence.dirty,
            "untracked": evidence.untracked, "operation": evidence.operation,
            "processes": [{"pid": one.pid, "command": one.command} for one in evidence.processes], "submodules": [],
        },
        "next": found.next,
    }  # fmt: skip


def as_table(ctx: Context, pool: Pool, slots: list[Slot]) -> None:
    """Print name, mark, reason, counts, slot and age in columns; without a terminal just the same, uncoloured."""
    rows = [_row(ctx, slot, found) for slot, found in judged(pool, slots)]
    used = [column for column in range(len(rows[0])) if any(row[column][0] for row in rows)]
    rows = [[row[column] for column in used] for row in rows]
    widths = [max(len(row[column][0]) for row in rows) for column in range(len(used))]
    last = len(used) - 1
    for row in rows:
        ctx.out.painted([(text if n == last else f"{text:{width}}  ", colour)
                         for n, ((text, colour), width) in enumerate(zip(row, widths, strict=True))])  # fmt: skip


def _row(ctx: Context, slot: Slot, found: Verdict) -> list[tuple[str, str]]:
    evidence = found.evidence
    return [
        (slot.name or "-", "bold"),
        (f"{ctx.out.mark(found.mark)} {found.reason}", found.mark),
        (f"+{evidence.ahead}" if evidence.ahead else "", "cyan"),
        (f"~{evidence.dirty}" if evidence.dirty else "", "yellow"),
        (f"?{evidence.untracked}" if evidence.untracked else "", "yellow"),
        (slot.slot, "dim"),
        (times.in_words(age(slot)), "dim"),
    ]
