"""What a run shows: a table that lives while it runs, lines where nothing can live, and the summary, JSON and JUnit."""

from __future__ import annotations

import os
import time

from wt.parallel import results
from wt.parallel.run.sources import ERROR, FAIL, PASS, TIMEOUT
from wt.ui.width import columns, cut, fitted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wt.parallel.run.engine import Event
    from wt.parallel.run.sources import Outcome
    from wt.parallel.run.targets import Target
    from wt.ui.out import Out
    from wt.ui.width import Line

_COLOURS = {PASS: "green", FAIL: "red", TIMEOUT: "yellow", ERROR: "red", "running": "cyan", "waiting": "dim"}
_WORDS = {PASS: "passed", FAIL: "failed", TIMEOUT: "timeout", ERROR: "error"}
_NOUNS = (TIMEOUT, ERROR)
_STATE, _SHA = 8, 9
_STOPPED = 1.5  # seconds without a look: it was stopped (Ctrl-Z), and what stands above now is a shell's
_TITLE_MIN, _BESIDE_NAME = 24, 8  # columns of a subject that a long path leaves, or the name of a log


class Board:
    """Every target with its state. `show` is called with each event, and with None as time goes by."""

    def __init__(self, out: Out, targets: Sequence[Target], home: str = "") -> None:
        self.outcomes: dict[Target, Outcome] = {}
        self._out, self._targets, self._home = out, targets, home.rstrip("/")
        self._since: dict[Target, float] = {}
        self._began = time.monotonic()
        self._drawn, self._looked = 0, self._began
        self._said: set[str] = set()

    def show(self, event: Event | None) -> None:
        before, self._looked = self._looked, time.monotonic()
        if self._looked - before > _STOPPED:
            self._drawn = 0
        if event is not None:
            self._note(event)
        if self._out.can_show_life:
            self._drawn = self._out.redraw(self._lines(), self._drawn)

    def clear(self) -> None:
        if self._drawn:
            self._drawn = self._out.redraw([], self._drawn)

    def _note(self, event: Event) -> None:
        if event.sentence and event.sentence not in self._said:
            self._said.add(event.sentence)
            self.clear()
            self._out.say(event.sentence)
        if event.target is None:
            return
        if event.kind == "started":
            self._since[event.target] = time.monotonic()
        else:
            self._since.pop(event.target, None)
        if event.outcome is not None:
            self.outcomes[event.target] = event.outcome
            if not self._out.can_show_life:
                self._out.say_painted([*_head(event.outcome), (f"  {_took(event.outcome)}", "dim")])

    def _lines(self) -> list[Line]:
        """The rows that a person looks for first, as many as there is room for: what runs, what did not pass, the rest."""
        width, height = self._out.room
        room = max(1, height - 3)
        chosen = set(sorted(self._targets, key=self._rank)[:room])
        rows = [self._row(target, width - 1) for target in self._targets if target in chosen]
        return [*rows, [(self._tally(), "bold")]]

    def _rank(self, target: Target) -> int:
        outcome = self.outcomes.get(target)
        if target in self._since:
            return 0
        return 2 if outcome is None else 3 if outcome.result == PASS else 1

    def _row(self, target: Target, width: int) -> Line:
        """A row no wider than that: its subject is cut before its time is."""
        *head, (title, colour), took = self._parts(target)
        room = width - sum(columns(text) for text, _ in (*head, took))
        return fitted([*head, (cut(title, max(0, room)), colour), took], width)

    def _parts(self, target: Target) -> Line:
        if (outcome := self.outcomes.get(target)) is not None:
            return [*_head(outcome), (f"  {_took(outcome)}", "dim")]
        since = self._since.get(target)
        state = "waiting" if since is None else "running"
        took = "" if since is None else f"  {time.monotonic() - since:.0f} s"
        return [
            (f"{state:{_STATE}}", _COLOURS[state]),
            (f"{target.commit[:_SHA]}  ", ""),
            (target.title, ""),
            (took, "dim"),
        ]

    def _tally(self) -> str:
        left = len(self._targets) - len(self.outcomes) - len(self._since)
        parts = [*_counts(self.outcomes.values()), *([f"{len(self._since)} running"] if self._since else []),
                 *([f"{left} waiting"] if left else [])]  # fmt: skip
        return f"{', '.join(parts)}; {time.monotonic() - self._began:.0f} s"

    def interrupted(self) -> None:
        self.clear()
        self._out.say("interrupted; what ran is ended, the slots are given back.")

    def summary(self, *, whole: bool) -> None:
        """The answer: a line for each target that has an outcome, in their order, and on stderr the tally.

        `whole`: each was to have one. Logs of this run that do not fit into the terminal are told by name, and where
        they are with the tally.
        """
        self.clear()
        done = [self.outcomes[target] for target in self._targets if target in self.outcomes]
        top = "" if all(self._fits(one) for one in done) else _directory(done)
        for outcome in done:
            shown = self._path(outcome.log).removeprefix(f"{self._path(top)}/" if top else "")
            self._out.painted(_fitted(outcome, self._out.width, shown))
        left = len(self._targets) - len(done)
        counts = [*_counts(done), *([f"{left} not run"] if left and whole else [])]
        where = f" Logs: {self._path(top)}" if top else ""
        self._out.say(f"{', '.join(counts)} in {time.monotonic() - self._began:.1f} s.{where}")

    def _fits(self, outcome: Outcome) -> bool:
        line = _fitted(outcome, self._out.width, self._path(outcome.log))
        return sum(columns(text) for text, _ in line) <= self._out.width

    def _path(self, log: str | None) -> str:
        """For people `~` stands for the home directory, which any shell reads; programs get the path as it is."""
        below_home = (
            self._out.terminal and self._home and log is not None and log.startswith(f"{self._home}/")
        )
        return f"~{log[len(self._home) :]}" if log is not None and below_home else log or ""


def _directory(outcomes: Iterable[Outcome]) -> str:
    """Return where the logs of this run are; remembered ones are elsewhere."""
    return next((os.path.dirname(one.log) for one in outcomes if one.log and not one.remembered), "")


def _head(outcome: Outcome) -> Line:
    word = _WORDS[outcome.result]
    return [
        (f"{word:{_STATE}}", _COLOURS[outcome.result]),
        (f"{outcome.target.commit[:_SHA]}  ", ""),
        (outcome.target.title, ""),
    ]


def _took(outcome: Outcome) -> str:
    return "remembered" if outcome.remembered else f"{outcome.duration_s:.1f} s"


def _fitted(outcome: Outcome, width: int, log: str) -> Line:
    """Commit, subject, result, time, log: where that is too wide, the subject is cut; a path is there to be copied."""
    *head, (title, colour) = _head(outcome)
    rest = f"  {_took(outcome):>10}" + (f"  {log}" if log else "")
    least = _TITLE_MIN if "/" in log else _BESIDE_NAME
    room = max(least, width - sum(columns(text) for text, _ in head) - columns(rest))
    return [*head, (cut(title, room), colour), (rest, "dim")]


def _counts(outcomes: Iterable[Outcome]) -> list[str]:
    found: dict[str, int] = {}
    remembered = 0
    for outcome in outcomes:
        found[outcome.result] = found.get(outcome.result, 0) + 1
        remembered += outcome.remembered
    counts = [
        f"{found[result]} {word}{'s' if result in _NOUNS and found[result] > 1 else ''}"
        for result, word in _WORDS.items()
        if result in found
    ]
    if remembered and counts:
        counts[0] += f" ({remembered} remembered)"
    return counts


def as_json(
    command: Sequence[str], outcomes: Sequence[Outcome], first: Sequence[Target] | None
) -> dict[str, object]:
    """Return the JSON of contract section 18; a variant by patch file has `patch`, a bisection `first_failing`."""
    rows: list[dict[str, object]] = []
    for one in outcomes:
        row: dict[str, object] = {
            "commit": one.target.commit, "tree": one.target.tree, "subject": one.target.subject, "result": one.result,
            "returncode": one.returncode, "duration_s": one.duration_s, "remembered": one.remembered, "log": one.log,
        }  # fmt: skip
        rows.append(row if one.target.patch is None else {**row, "patch": one.target.patch})
    found: dict[str, object] = {"command": list(command), "results": rows}
    return found if first is None else {**found, "first_failing": [target.commit for target in first]}


def as_junit(command: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as JUnit XML, one test case for each target."""
    from wt.parallel.job import tail

    cases = []
    for one in outcomes:
        output = tail(one.log) if one.log and not one.remembered else ""
        case = results.case_of(
            f"{one.target.commit[:12]} {one.target.title}", one.duration_s, output, "wt run"
        )
        if one.result == FAIL:
            results.problem(case, "failure", f"ended with {one.returncode}", one.log)
        elif one.result != PASS:
            results.problem(
                case, "error", "its time was up" if one.result == TIMEOUT else "could not be run", one.log
            )
        cases.append(case)
    return results.junit(" ".join(command), cases)
