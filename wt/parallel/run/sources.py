"""Which target comes next: all of them in order, or (bisect) those that tell most about where the first failure is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wt.parallel.run.targets import Target

PASS, FAIL, TIMEOUT, ERROR = "pass", "fail", "timeout", "error"


@dataclass(frozen=True)
class Outcome:
    """What became of one target; `result` is pass, fail, timeout or error (it could not be run)."""

    target: Target
    result: str
    returncode: int | None
    duration_s: float
    remembered: bool
    log: str | None


class InOrder:
    """Every target once; without `keep_going` nothing new is begun after the first that did not pass."""

    def __init__(self, targets: Sequence[Target], *, keep_going: bool) -> None:
        self._waiting, self._keep_going = list(targets), keep_going

    def take(self) -> Target | None:
        return self._waiting.pop(0) if self._waiting else None

    def finished(self) -> bool:
        return not self._waiting

    def record(self, outcome: Outcome) -> list[Target]:
        """Take note of an outcome; returns the running ones that are of no use any more."""
        if outcome.result != PASS and not self._keep_going:
            self._waiting.clear()
        return []

    def dropped(self, target: Target) -> None:
        """Take note that a running one was stopped."""


class Bisect:
    """The first of a line of targets that does not pass, where all before it pass and all after it fail.

    `targets[0]` is the one that is taken to pass, the last one to fail; both are tried only where that is in doubt. Any
    number may be under way at once: each next one halves the widest gap between what is known or being found out. A
    target that cannot be run at all is passed over, and so is one that was stopped: something better was found out.
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = list(targets)
        self._passed, self._failed = 0, len(self._targets)
        self._begun: set[int] = set()
        self._running: set[int] = set()

    def take(self) -> Target | None:
        wanted = self._next()
        if wanted is None:
            return None
        self._begun.add(wanted)
        self._running.add(wanted)
        return self._targets[wanted]

    def finished(self) -> bool:
        return not self._running and self._next() is None

    def _next(self) -> int | None:
        last = len(self._targets) - 1
        if self._failed > last and last not in self._begun:
            return last
        if self._failed == 1 and 0 not in self._begun:
            return 0
        return self._middle()

    def _middle(self) -> int | None:
        """Return the middle of the widest gap between those that are under way."""
        marks = sorted(
            {self._passed, *(n for n in self._running if self._passed < n < self._failed), self._failed}
        )
        for low, high in sorted(pairwise(marks), key=lambda gap: gap[0] - gap[1]):
            inside = [n for n in range(low + 1, high) if n not in self._begun]
            if inside:
                return min(inside, key=lambda n: abs(2 * n - low - high))
        return None

    def record(self, outcome: Outcome) -> list[Target]:
        """Take note of an outcome; returns the running ones that are of no use any more."""
        number = self._targets.index(outcome.target)
        self._running.discard(number)
        if outcome.result == PASS and number < self._failed:
            self._passed = max(self._passed, number)
        elif outcome.result in (FAIL, TIMEOUT) and (number == 0 or number > self._passed):
            self._failed = min(self._failed, number)
        return [
            self._targets[n] for n in sorted(self._running) if not self._passed < n < self._failed and n != 0
        ]

    def dropped(self, target: Target) -> None:
        """Take note that a running one was stopped."""
        self._running.discard(self._targets.index(target))

    @property
    def first_failing(self) -> tuple[Target, ...]:
        """The first that fails; several where those before it could not be run; none where nothing fails.

        The target that was taken to pass, where it does not.
        """
        if self._failed >= len(self._targets):
            return ()
        return tuple(self._targets[n] for n in range(self._passed + 1, self._failed + 1)) or (
            self._targets[0],
        )
