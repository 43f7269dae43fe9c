"""Times whole processes, and pairs them.

The child is started by posix_spawn and reaped by wait4: no pipes, no threads, no shell between the clock and the
process, and the kernel says what it used. What it printed goes to a file, and is read only when it failed.
"""

import os
import resource
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

# A file written within the resolution of the index's clock is "racily clean" and is hashed again by git.
SETTLE = 1.1


class BenchError(Exception):
    """A command of a row ended with another status than 0; the row cannot be measured."""


class Sample(NamedTuple):
    wall: float  # seconds
    cpu: float  # seconds, of the process and the children it waited for
    # Peak resident bytes of the biggest of them. The kernel carries the starter's own size across exec, so that
    # this program's (some 17 MiB) is the least that can be seen.
    rss: int

    def __add__(self, other: object) -> "Sample":
        """Two processes one after the other."""
        if not isinstance(other, Sample):
            return NotImplemented
        return Sample(self.wall + other.wall, self.cpu + other.cpu, max(self.rss, other.rss))


class Ratio(NamedTuple):
    """What `pairs` says of A against B: the median of the ratios, pair by pair, and the medians of the sides."""

    ratio: float
    low: float
    high: float
    a: Sample
    b: Sample
    pairs: int


class Measured(NamedTuple):
    what: str
    goal: float
    ratio: Ratio
    note: str = ""
    limit: float = 0  # seconds: a goal that is a time, not a ratio

    @property
    def met(self) -> bool:
        return self.ratio.a.wall <= self.limit if self.limit else self.ratio.ratio <= self.goal


def spawn(argv: Sequence[str], env: Mapping[str, str], log: str) -> int:
    creating = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, creating, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawnp(argv[0], list(argv), dict(env), file_actions=actions)


def _output(log: str) -> str:
    with open(log, encoding="utf-8", errors="replace") as file:
        return file.read()[-2000:].rstrip()


def _judged(status: int, used: resource.struct_rusage, argv: Sequence[str], log: str) -> tuple[float, int]:
    code = os.waitstatus_to_exitcode(status)
    if code:
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        raise BenchError(f"{' '.join(argv)}: {how}\n{_output(log)}")
    # Linux counts in KiB, macOS in bytes.
    return used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def timed(argv: Sequence[str], env: Mapping[str, str], log: str) -> Sample:
    start = time.perf_counter()
    pid = spawn(argv, env, log)
    _, status, used = os.wait4(pid, 0)
    return Sample(time.perf_counter() - start, *_judged(status, used, argv, log))


def timed_together(commands: Sequence[Sequence[str]], env: Mapping[str, str], log: str) -> Sample:
    """All started at once; the wall time is that of the last to end."""
    start = time.perf_counter()
    started = [(spawn(argv, env, f"{log}.{n}"), argv, f"{log}.{n}") for n, argv in enumerate(commands)]
    ended = [os.wait4(pid, 0) for pid, _, _ in started]
    wall = time.perf_counter() - start
    # All are reaped before any is judged: a failure must not leave the others running on a stage that is torn down.
    used = [
        _judged(status, usage, argv, log)
        for (_, status, usage), (_, argv, log) in zip(ended, started, strict=True)
    ]
    return Sample(wall, sum(cpu for cpu, _ in used), max(rss for _, rss in used))


def in_turn(samples: Iterable[Sample]) -> Sample:
    total = Sample(0.0, 0.0, 0)
    for sample in samples:
        total += sample
    return total


def _middle(samples: Sequence[Sample]) -> Sample:
    return Sample(
        statistics.median(s.wall for s in samples),
        statistics.median(s.cpu for s in samples),
        max(s.rss for s in samples),
    )


def pairs(a: Callable[[], Sample], b: Callable[[], Sample], count: int) -> Ratio:
    """A B A B, the ratio pair by pair. The first pair warms caches (and writes bytecode), and is not counted."""
    taken = [(a(), b()) for _ in range(count + 1)][1:]
    ratios = [left.wall / right.wall for left, right in taken]
    return Ratio(
        ratio=statistics.median(ratios),
        low=min(ratios),
        high=max(ratios),
        a=_middle([left for left, _ in taken]),
        b=_middle([right for _, right in taken]),
        pairs=count,
    )


def settle() -> None:
    """To be called between the last write to a tree and what is timed as warm on it."""
    time.sleep(SETTLE)
