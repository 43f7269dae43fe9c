"""Slots with their verdicts: as a table for people, as the JSON of contract section 11 for scripts."""

from __future__ import annotations

from wt import times
from wt.cli.bare import age, bare_row
from wt.pool import mark
from wt.pool.standing import standing
from wt.session import verdict
from wt.session.memory import Memory
from wt.ui.out import escaped
from wt.ui.width import columns, cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.context import Context
    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.standing import Standing
    from wt.session.verdict import Verdict
    from wt.ui.out import Out

_GAP = 2
_NAME, _SLOT, _AGE = 0, 5, 6
_LEAST = 8  # columns of a name that has to be cut


def judged(pool: Pool, slots: list[Slot]) -> list[tuple[Slot, Verdict]]:
    """Judge slots side by side, as many at once as there are processors: git does the work, threads wait for it."""
    import os
    from concurrent.futures import ThreadPoolExecutor

    everybody = standing(pool.real)
    if len(slots) < 2:
        return [(slot, listed(pool, slot, everybody)) for slot in slots]
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        return list(zip(slots, executor.map(lambda slot: listed(pool, slot, everybody), slots), strict=True))


def listed(pool: Pool, slot: Slot, everybody: list[Standing]) -> Verdict:
    """Judge a slot for people to look at; what was found out is noted, for the prompt and for the next list."""
    memory = Memory(slot)
    found = verdict.judge(pool, slot, everybody, memory)
    memory.store()
    mark.note(slot, found.mark)
    return found


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
            "processes": [{"pid": one.pid, "command": one.command} for one in evidence.processes],
            "submodules": [{"path": one.path, "reason": one.reason} for one in evidence.submodules],
        },
        "next": found.next,
    }  # fmt: skip


def as_table(ctx: Context, pool: Pool, slots: list[Slot]) -> None:
    """Print name, mark, reason, counts, slot and age in columns; without a terminal just the same, uncoloured."""
    rows = [
        [(escaped(slot.name or "-"), "bold"), *cells(ctx.out, slot, found)]
        for slot, found in judged(pool, slots)
    ]
    widths = _widths(rows, ctx.out.width)
    shown = [column for column, width in enumerate(widths) if width]
    for row in rows:
        line: list[tuple[str, str]] = []
        for column in shown:
            text, colour = row[column]
            text = cut(text, widths[column], "…" if ctx.out.utf8 else "..")
            padding = widths[column] - columns(text) + _GAP if column != shown[-1] else 0
            line += [(text, colour), (" " * padding, "")]
        ctx.out.painted(line)


def _widths(rows: list[list[tuple[str, str]]], room: int) -> list[int]:
    """Return the columns' widths; in a narrow terminal the slot goes first, then the age, and then the names are cut."""
    widths = [max(columns(row[column][0]) for row in rows) for column in range(len(rows[0]))]
    for column in (_SLOT, _AGE):
        if _total(widths) > room:
            widths[column] = 0
    over = max(0, _total(widths) - room)
    widths[_NAME] = max(min(widths[_NAME], _LEAST), widths[_NAME] - over)
    return widths


def _total(widths: list[int]) -> int:
    return sum(width + _GAP for width in widths if width) - _GAP


def cells(out: Out, slot: Slot, found: Verdict) -> list[tuple[str, str]]:
    """Return what stands behind a slot's name: verdict, counts, slot, age. An empty text: nothing to say."""
    evidence = found.evidence
    return [
        (f"{out.mark(found.mark)} {found.reason}", found.mark),
        (f"+{evidence.ahead}" if evidence.ahead else "", "cyan"),
        (f"~{evidence.dirty}" if evidence.dirty else "", "yellow"),
        (f"?{evidence.untracked}" if evidence.untracked else "", "yellow"),
        (slot.slot, "dim"),
        (times.in_words(age(slot)), "dim"),
    ]
