"""The run itself: workers, each with a slot, take targets from a source until it is done, or somebody stops them."""

from __future__ import annotations

import math
import queue
import threading
import time
from dataclasses import dataclass, field

from wt.errors import GitError, Interrupted, WtError
from wt.parallel import hooked, job, logs
from wt.parallel.run.passes import Passes
from wt.parallel.run.slots import SlotLostError, Slots
from wt.parallel.run.sources import ERROR, FAIL, PASS, TIMEOUT, Outcome
from wt.pool import holder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from wt.model import Slot
    from wt.parallel.records import TestResult
    from wt.parallel.run.sources import Bisect, InOrder
    from wt.parallel.run.targets import Target
    from wt.pool.hooking import Due
    from wt.pool.location import Pool
    from wt.trust import Policy

_LAST_HOOKS_S = 10.0  # for the hooks of a release, once somebody wants to stop
_POLL = 0.25
_ENDED_BY_A_PERSON = (-2, -15)


@dataclass(frozen=True)
class Plan:
    """What is run, and how: `jobs` slots at most, `keep_free` left to people, `timeout_s` for each (None: no bound).

    `hooks` are those of each commit (wt/pool/hooking.py); they have as much time.
    """

    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    jobs: int = 1
    keep_free: int = 1
    timeout_s: float | None = None
    fresh: bool = False
    group: str | None = None
    hooks: Mapping[str, Due | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """`started`, `done` (with its outcome) or `stopped` for a target; `said`, a sentence for people; `over`, a worker is."""

    kind: str
    target: Target | None = None
    outcome: Outcome | None = None
    sentence: str = ""


class Engine:
    """One run. `events` yields what happens until all is over; leaving the `with` stops it and gives every slot back."""

    def __init__(self, pool: Pool, plan: Plan, source: InOrder | Bisect) -> None:
        self._plan, self._source = plan, source
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._slots = Slots(pool, plan.group, plan.keep_free, self._say, plan.hooks)
        self._passes = Passes(pool, plan.command, plan.env)
        self._running = job.Running()
        self._changed = threading.Condition()
        self._ready: list[Target] = []
        self._under_way: dict[Target, str] = {}
        self._stopped: set[Target] = set()
        self._lost: set[Target] = set()
        self._begun: set[str] = set()
        self._stopping = self._ran = False
        self._logs = f"{pool.real}/.meta/logs"
        self._failure: BaseException | None = None
        self._workers = [threading.Thread(target=self._worker, args=(number,)) for number in range(plan.jobs)]

    def _say(self, sentence: str) -> None:
        self._events.put(Event("said", sentence=sentence))

    def __enter__(self) -> Engine:
        self._slots.taker.reclaim()
        self._logs = logs.begin(self._logs, self._slots.taker.claim_token())
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        """Begin with as many workers as there are threads to be had; WtError where there is none."""
        for number, worker in enumerate(self._workers):
            try:
                worker.start()
            except RuntimeError as error:
                del self._workers[number:]
                if not number:
                    raise WtError(
                        "No thread can be had; nothing was run.", "to see what runs: ps -x"
                    ) from error
                return

    def shield(self) -> None:
        """Let no second interrupt keep the slots from being given back."""
        import signal

        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)

    def __exit__(self, *_exception: object) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._running.stop_all()
        for worker in self._workers:
            if worker.ident is not None:
                worker.join()
        self._end_children()
        self._slots.taker.end()

    def _end_children(self) -> None:
        """What left its group goes with the run."""
        if self._ran:
            self._ran = False
            holder.end_children(self._slots.taker.token)

    def events(self, tick: float = 0.2) -> Iterator[Event | None]:
        """Yield each event as it comes, and None where nothing came for a tick; ends with the last worker."""
        working = len(self._workers)
        while working:
            try:
                event = self._events.get(timeout=tick)
            except queue.Empty:
                yield None
            else:
                working -= event.kind == "over"
                yield event
        self._end_children()
        for sentence in self._slots.left_behind():
            yield Event("said", sentence=sentence)
        if self._failure is not None:
            raise self._failure

    # Below, all is a worker's.

    def _worker(self, number: int) -> None:
        slot: Slot | None = None
        try:
            while self._is_wanted():
                slot = slot or self._slot(number)
                if slot is None:
                    self._pause()
                elif number > 0 and self._slots.crowded():
                    self._slots.give_back(slot)
                    slot = None
                    self._pause()
                elif (target := self._take()) is not None and not self._one(slot, target):
                    self._give_back(slot)
                    slot = None
        except (WtError, OSError) as error:  # `events` raises it
            self._fail(error)
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            if slot is not None:
                self._give_back(slot)
            self._events.put(Event("over"))

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._failure = self._failure or error
            self._stopping = True
            self._changed.notify_all()
        self._running.stop_all()

    def _give_back(self, slot: Slot) -> None:
        try:
            self._slots.give_back(slot)
        except (WtError, OSError) as error:
            self._say(f"{slot.slot} could not be given back; the next run does it: {error}")

    def _is_wanted(self) -> bool:
        """Wait until there is something to run; False once there will be nothing more."""
        with self._changed:
            while not self._stopping:
                if self._skim():
                    return True
                if self._source.finished():
                    self._changed.notify_all()
                    return False
                self._changed.wait(_POLL)
            return False

    def _skim(self) -> bool:
        """Take what is remembered off the source; returns whether a target is there that has to be run."""
        while not self._ready and (target := self._source.take()) is not None:
            known = None if self._plan.fresh else self._passes.recall(target.tree)
            if known is not None:
                self._record(Outcome(target, PASS, 0, known.duration_s, remembered=True, log=known.log))
            else:
                self._ready.append(target)
        return bool(self._ready)

    def _take(self) -> Target | None:
        with self._changed:
            if self._stopping or not self._skim():
                return None
            target = self._ready.pop()
            self._under_way[target] = f"{self._logs}/{target.number:04}-{target.commit[:9]}.log"
            return target

    def _pause(self) -> None:
        with self._changed:
            if not self._stopping:
                self._changed.wait(_POLL)

    def _slot(self, number: int) -> Slot | None:
        """Take a slot; the first worker says what it waits for."""
        with self._changed:
            target = self._ready[0] if self._ready else None
        slot = self._slots.take(number, target) if target is not None else None
        if slot is None and target is not None and number == 0:
            self._say_waiting()
        return slot

    def _say_waiting(self) -> None:
        free, left = self._slots.free(), self._slots.keep_free
        people = f"; {left} {'is' if left == 1 else 'are'} left to people (--keep-free)" if left else ""
        self._say(
            f"waiting for a slot: {free or 'none'} of {self._slots.count} {'are' if free > 1 else 'is'} free{people}."
        )

    def _one(self, slot: Slot, target: Target) -> bool:
        """Run one target to its outcome; False where the slot is not ours any more, or of no use: another may do."""
        self._events.put(Event("started", target))
        log = self._under_way[target]
        self._ran = True
        began = time.monotonic()
        try:
            outcome = self._tried(slot, target, log)
        except (WtError, OSError, Interrupted) as error:
            if isinstance(error, SlotLostError) and self._put_back(target):
                return False
            result = self._ended(target, error)
            took = round(time.monotonic() - began, 3)
            outcome = (
                None if result is None else Outcome(target, result, None, took, remembered=False, log=log)
            )
            if result == ERROR:
                logs.add(log, _told(error))
                self._say(f"{target.commit[:9]} could not be run: {_told(error)}")
            self._finish(target, outcome)
            return not isinstance(error, SlotLostError)
        if outcome is not None and outcome.result == ERROR:
            self._say(job.tail(log).strip())
        self._finish(target, outcome)
        return True

    def _put_back(self, target: Target) -> bool:
        """Let a target be taken again whose slot was lost before its command began; once."""
        with self._changed:
            log = self._under_way[target]
            if target in self._lost or self._stopping or log in self._begun:
                return False
            self._lost.add(target)
            self._under_way.pop(target)
            self._ready.append(target)
            self._events.put(Event("stopped", target))
        return True

    def _tried(self, slot: Slot, target: Target, log: str) -> Outcome | None:
        """Bring the slot to the target and run the command, with the hooks around it; None where it was stopped before."""

        def useless() -> bool:
            return self._stopping or target in self._stopped

        self._slots.bring(slot, target, self._adapt(log, useless, self._plan.timeout_s))
        self._begun.add(log)
        done = None if useless() else job.run(self._job(slot, log), self._running)
        patience = _LAST_HOOKS_S if self._stopping else self._plan.timeout_s
        try:
            self._slots.leave(slot, target, self._adapt(log, bool, patience))
        except Interrupted:
            logs.add(log, "the hooks of a release took too long, and were ended.")
        return None if done is None else _outcome(target, done)

    def _adapt(
        self, log: str, useless: Callable[[], bool], seconds: float | None
    ) -> Callable[[Policy], Policy]:
        """What hooks print goes to the log; they are ended when they are useless, or after so many seconds."""
        until = time.monotonic() + (seconds or math.inf)

        def show(text: str) -> None:
            logs.add(log, text)

        def stopped() -> bool:
            return useless() or time.monotonic() > until

        token = self._slots.taker.token
        return lambda policy: hooked.watched(policy, token, show, show, stopped)

    def _ended(self, target: Target, error: BaseException) -> str | None:
        """What it means for a target that it came to no end: none where it was stopped, else that, or that time was up."""
        by_a_person = isinstance(error, GitError) and error.returncode in _ENDED_BY_A_PERSON
        if by_a_person or self._stopping or target in self._stopped:
            return None
        return TIMEOUT if isinstance(error, Interrupted) else ERROR

    def _job(self, slot: Slot, log: str) -> job.Job:
        plan = self._plan
        return job.Job(
            log,
            slot.directory,
            tuple(plan.command),
            log,
            dict(plan.env),
            plan.timeout_s,
            self._slots.taker.token,
        )

    def _finish(self, target: Target, outcome: Outcome | None) -> None:
        with self._changed:
            log = self._under_way.pop(target)
            if outcome is None or target in self._stopped or self._stopping:
                self._events.put(Event("stopped", target))
                self._source.dropped(target)
            else:
                if outcome.result == PASS:
                    self._passes.remember(target.tree, outcome.duration_s, log)
                self._record(outcome)
            self._changed.notify_all()

    def _record(self, outcome: Outcome) -> None:
        self._events.put(Event("done", outcome.target, outcome))
        for useless in self._source.record(outcome):
            self._stopped.add(useless)
            if useless in self._under_way:
                self._running.stop(self._under_way[useless])


def _outcome(target: Target, done: TestResult) -> Outcome:
    result = (
        PASS if done.passed else TIMEOUT if done.timed_out else ERROR if done.returncode is None else FAIL
    )
    return Outcome(target, result, done.returncode, done.duration_s, remembered=False, log=done.log_path)


def _told(error: BaseException) -> str:
    return f"{error} {getattr(error, 'details', '')}".strip()
