"""SIGKILL at the doors of acquire, release, land and recovery, and inside the gits they run, in both layouts.

A door that is added is swept by itself. `just crash` sweeps every point; the ordinary run takes every few of them,
always the same ones.
"""

import pytest

from tests.crash.scenarios import SCENARIOS
from tests.support import gitcalls
from tests.support.crash import Sweep

BOTH = pytest.mark.parametrize("layout", ["rename", "stable"])
EACH = pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
pytestmark = [pytest.mark.crash, pytest.mark.timeout(1800)]


@pytest.fixture
def stride(request):
    """Every how many points: all of them where only these tests were asked for."""
    everything = request.config.option.markexpr == "crash"
    return lambda ordinary, full=1: full if everything else ordinary


@BOTH
@EACH
def test_killed_at_a_door(scenario, layout, tmp_path, stride):
    sweep = Sweep(scenario, layout, tmp_path / "stage")
    points = sweep.sample(sweep.doors(), stride(19))
    report(scenario, layout, "doors", len(points), sweep.run(points))


@BOTH
@EACH
def test_killed_at_a_door_of_recovery(scenario, layout, tmp_path, stride):
    sweep = Sweep(scenario, layout, tmp_path / "stage")
    points = sweep.sample(sweep.doors(), stride(0, 5))
    count, findings = sweep.run_recovery(points)
    report(scenario, layout, "doors of recovery", count, findings)


@pytest.mark.skipif(not gitcalls.available(), reason="needs strace, which Linux has")
@EACH
def test_git_killed_at_a_system_call(scenario, tmp_path, stride):
    """The layout makes no difference inside git: a slot is not renamed while one is at work."""
    sweep = Sweep(scenario, "rename", tmp_path / "stage")
    points = sweep.sample(sweep.git_calls(), stride(61))
    report(scenario, "rename", "calls", len(points), sweep.run(points))


def report(scenario, layout, what, count, findings):
    print(f"{scenario} {layout}: {count} {what} swept, {len(findings)} findings")
    assert not findings, "\n".join(findings)
