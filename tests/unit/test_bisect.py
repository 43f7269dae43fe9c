"""Parallel bisection, by itself: any number under way, outcomes in any order."""

import random

import pytest

from wt.parallel.run.sources import ERROR, FAIL, PASS, Bisect, Outcome
from wt.parallel.run.targets import Target


def line(count):
    return [Target(number, f"{number:040}", "t", f"number {number}") for number in range(count)]


def bisected(count, first, *, jobs=1, broken=(), seed=0):
    """Run a bisection whose targets from `first` on fail; returns what it found, and how many were tried."""
    chance = random.Random(seed)
    source, tried = Bisect(line(count)), 0
    running: list[Target] = []
    while not source.finished():
        while len(running) < jobs and (target := source.take()) is not None:
            running.append(target)
            tried += 1
        target = running.pop(chance.randrange(len(running)))
        result = ERROR if target.number in broken else FAIL if target.number >= first else PASS
        for useless in source.record(Outcome(target, result, 0, 0.0, remembered=False, log=None)):
            running.remove(useless)
            source.dropped(useless)
    assert not running
    return [target.number for target in source.first_failing], tried


@pytest.mark.parametrize("jobs", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [2, 3, 4, 17, 100])
def test_the_first_failing_one_is_found_wherever_it_is(count, jobs):
    for first in range(1, count):
        found, _tried = bisected(count, first, jobs=jobs, seed=first)
        assert found == [first], (count, first, jobs)


def test_one_at_a_time_takes_the_logarithm_and_several_less_time():
    assert bisected(1025, 700)[1] <= 12
    assert bisected(1025, 1)[1] <= 13


def test_nothing_fails():
    assert bisected(50, 50, jobs=3)[0] == []
    assert bisected(50, 50)[1] == 1


def test_the_begin_of_the_range_fails_already():
    assert bisected(50, 0, jobs=2)[0] == [0]


@pytest.mark.parametrize("jobs", [1, 4])
def test_what_cannot_be_run_is_passed_over_and_may_be_the_one(jobs):
    assert bisected(20, 9, jobs=jobs, broken={8})[0] == [8, 9]
    assert bisected(20, 9, jobs=jobs, broken={10, 11, 3})[0] == [9]
    assert bisected(20, 20, jobs=jobs, broken={19})[0] == []
