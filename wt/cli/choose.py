"""`wt cd` without a name: the held slots on a picker, each judged in the background, the selected one looked into."""

from __future__ import annotations

import os
import threading
import time

from wt import times
from wt.cli.bare import age
from wt.errors import UsageError, WtError
from wt.git.run import Git
from wt.ui.board import PLAIN, Board, Signs
from wt.ui.out import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.cli.context import Context
    from wt.git.glance import Change
    from wt.model import Commit, Slot
    from wt.pool.location import Pool
    from wt.pool.standing import Standing
    from wt.session.verdict import Verdict
    from wt.ui.out import Out
    from wt.ui.width import Line

_COMMITS, _PATHS, _BAR = 8, 6, 20
_CELLS = 4  # verdict and counts; slot and age stand in the preview


def held_slot(ctx: Context, pool: Pool, slots: list[Slot]) -> Slot | None:
    """Let a person choose; None where nothing was chosen. UsageError without a terminal."""
    if not (os.isatty(0) and ctx.out.terminal_err) or ctx.env.get("TERM", "dumb") == "dumb":
        raise UsageError("`wt cd` needs NAME: here is no terminal to choose on.", "to see the names: wt ls")
    from wt.ui import picker

    signs = Signs() if ctx.out.utf8 else PLAIN
    names = [escaped(slot.name or slot.slot) for slot in slots]
    board = Board(
        f"wt cd · {pool.key}" if ctx.out.utf8 else f"wt cd {pool.key}", names, _here(ctx, slots), signs
    )
    work = _Work(ctx.out, pool, slots, board)
    try:
        return slots[picker.pick(board, work.begin, colour=ctx.out.colour_err)]
    except picker.Left:
        return None
    finally:
        work.end()


def _here(ctx: Context, slots: list[Slot]) -> int:
    """The row to begin at: the first slot that this directory is not in, since nobody goes where he is."""
    cwd = f"{os.path.realpath(ctx.cwd)}/"
    elsewhere = (
        n for n, slot in enumerate(slots) if slot.path is None or not cwd.startswith(f"{slot.path}/")
    )
    return next(elsewhere, 0)


class _Work:
    """Fills the board from as many threads as there are processors; git does the work, they wait for it."""

    def __init__(self, out: Out, pool: Pool, slots: list[Slot], board: Board) -> None:
        self._out, self._pool, self._slots, self._board = out, pool, slots, board
        self._verdicts: dict[int, Verdict] = {}
        self._taken: set[tuple[str, int]] = set()
        self._changed = threading.Condition()
        self._over = False
        self._arrived: Callable[[], None] = lambda: None
        self._everybody: list[Standing] | None = None

    def begin(self, arrived: Callable[[], None]) -> Callable[[], None]:
        """Start; `arrived` is called with every cell. Returns what is called when another row is selected."""
        self._arrived = arrived
        for _ in range(os.cpu_count() or 1):
            threading.Thread(target=self._loop, daemon=True).start()
        return self._stir

    def end(self) -> None:
        self._over = True
        self._stir()

    def _stir(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _loop(self) -> None:
        while True:
            with self._changed:
                while (job := self._next()) is None and not self._over:
                    self._changed.wait()
            if self._over or job is None:
                return
            kind, number = job
            self._judge(number) if kind == "verdict" else self._glance(number)
            if not self._over:
                self._arrived()

    def _next(self) -> tuple[str, int] | None:
        """What to do now: first what the selected row wants, then the verdicts of all."""
        rows = self._board.wanted()
        jobs = [("glance", rows[0])] if rows and rows[0] in self._verdicts else []
        for job in [*(("verdict", row) for row in rows[:1]), *jobs, *(("verdict", row) for row in rows)]:
            if job not in self._taken:
                self._taken.add(job)
                return job
        return None

    def _judge(self, number: int) -> None:
        from wt.cli.listing import cells, listed
        from wt.pool.standing import standing

        if self._everybody is None:
            self._everybody = standing(self._pool.real)
        slot = self._slots[number]
        try:
            found = listed(self._pool, slot, self._everybody)
        except (WtError, OSError) as error:  # it was released just now
            self._board.cells[number] = [("gone", "dim")]
            self._board.previews[number] = [[(escaped(str(error)), "")]]
            return
        self._verdicts[number] = found
        self._board.cells[number] = _joined(cells(self._out, slot, found)[:_CELLS])
        self._board.previews[number] = about(self._out, slot, found)
        self._stir()

    def _glance(self, number: int) -> None:
        from wt.git import glance

        slot = self._slots[number]
        if slot.path is None:
            return
        git = Git(slot.path)
        try:
            log = glance.start_log(git, _COMMITS)
            changes = glance.changes(git, f"refs/heads/{self._pool.config.base}")
            commits = glance.read_log(log)
        except (WtError, OSError):
            return
        known = about(self._out, slot, self._verdicts[number])
        self._board.previews[number] = [*known, *_commits(commits), *changed_lines(changes)]


def _joined(found: list[tuple[str, str]]) -> Line:
    """The cells that hold something, two blanks apart; the verdict padded, so that what follows is aligned."""
    (reason, colour), *rest = found
    line: Line = [(f"{reason:12}", colour)]
    for text, paint in rest:
        line += [("  ", ""), (text, paint)] if text else []
    return line


def about(out: Out, slot: Slot, found: Verdict) -> list[Line]:
    """Return the verdict with its evidence as lines."""
    held = f"{slot.slot}, {times.in_words(age(slot))}"
    lines: list[Line] = [
        [(escaped(slot.name or slot.slot), "bold"), (f"  {held}", "dim")],
        [(escaped(_homely(slot.path or "-")), "dim")],
        [],
        [(f"{out.mark(found.mark)} {found.reason}", found.mark), (f": {escaped(found.why)}", "")],
    ]
    paths = found.evidence.paths
    lines += [[(f"   {escaped(path)}", "")] for path in paths[:_PATHS]]
    if len(paths) > _PATHS:
        lines.append([(f"   and {len(paths) - _PATHS} more", "dim")])
    lines += [
        [(f"   pid {one.pid}  {escaped(one.command)}", "")] for one in found.evidence.processes[:_PATHS]
    ]
    return [*lines, [("next: ", "dim"), (escaped(found.next), "cyan")]]


def _homely(path: str) -> str:
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if home != "/" and path.startswith(f"{home}/") else path


def _commits(commits: list[Commit]) -> list[Line]:
    now = time.time()
    return [
        [],
        *([(commit.sha[:9], "yellow"), (f" {escaped(commit.subject)}", ""),
           (f"  {times.in_words(now - commit.when)}", "dim")] for commit in commits),
    ]  # fmt: skip


def changed_lines(changes: list[Change]) -> list[Line]:
    """Return a diff stat: names, and how many lines came and went, the longest bar as wide as there is room."""
    most = max(((one.added or 0) + (one.removed or 0) for one in changes), default=0)
    scale = min(1.0, _BAR / most) if most else 0.0
    lines: list[Line] = [[]]
    for one in changes:
        if one.added is None or one.removed is None:
            lines.append([(escaped(one.path), ""), ("  binary", "dim")])
            continue
        came, went = (round(number * scale) or min(number, 1) for number in (one.added, one.removed))
        lines.append([(escaped(one.path), ""), (f"  {one.added + one.removed} ", "dim"),
                      ("+" * came, "green"), ("-" * went, "red")])  # fmt: skip
    return lines if changes else []
