"""SIGKILL at the doors of acquire, release, land and recovery, and inside the gits they run, in both layouts.

A door that is added is swept by itself. `just crash` sweeps every point; the ordinary run takes every few of them,
always the same ones.
"""

import re

import pytest

from tests.crash import scenarios, scenarios_of_kept
from tests.support import gitcalls
from tests.support.crash import Sweep

SCENARIOS = (*scenarios.SCENARIOS, *scenarios_of_kept.SCENARIOS)
pytestmark = [pytest.mark.crash, pytest.mark.timeout(3600)]


# One of each kind; the others are for `just crash` and `just thorough`.
IN_EVERY_RUN = {
    "acquire-fresh", "acquire-other", "release-commits", "force-dirty", "force-nested", "restore", "land-merge",
    "land-squash", "land-rebase-conflict", "land-bare", "hooks-acquire", "hooks-land", "sub-warm", "sub-land",
}  # fmt: skip


def with_marks(scenarios):
    assert {one.name for one in SCENARIOS} >= IN_EVERY_RUN
    for one in scenarios:
        yield pytest.param(one, marks=[] if one.name in IN_EVERY_RUN else [pytest.mark.thorough])


@pytest.mark.parametrize("layout", ["rename", "stable"])
@pytest.mark.parametrize("scenario", [*with_marks(SCENARIOS)], ids=str)
def test_killed_and_recovered(scenario, layout, tmp_path, stride):
    sweep = Sweep(scenario, layout, tmp_path / "stage")
    doors = sweep.doors()
    points = sweep.sample(doors, stride(31))
    findings = sweep.run(points)
    print(f"{scenario} {layout}: {len(points)} of {len(doors)} doors")
    count, more = sweep.run_recovery(sweep.sample(doors, stride(0, 5)), stride(0))
    print(f"{scenario} {layout}: {count} doors of recovery")
    # inside git the layout makes no difference: a slot is not renamed while one is at work
    if layout == "rename" and gitcalls.available():
        calls = sweep.git_calls()
        points = sweep.sample(calls, stride(0))
        findings += sweep.run(points)
        print(f"{scenario} {layout}: {len(points)} of {len(calls)} system calls inside git")
    assert not findings + more, "\n".join(findings + more)


# Points that once failed, by scenario and a part of their label; each is swept in every run.
ONCE_FAILED = {
    "branch made, not yet held": ("acquire-same", "doors", r"done git update-ref --create-reflog"),
    "merge made, not yet committed": ("land-merge", "doors", r" git commit-tree"),
    "lock half written in an idle slot": ("land-next", "doors", r"rename-into .*/lock$"),
    "lock of a ref": ("acquire-same", "calls", r"rename \d+ .*refs/heads/f/x\.lock"),
    "lock of the scratch index": ("acquire-other", "calls", r"rename 1 .*kept-index\.lock"),
    "rebase stopped, not yet said why": ("land-rebase-conflict", "calls", r"rename \d+ .*/REBASE_HEAD\.lock"),
    "rebase stopped, its message half written": (
        "land-rebase-conflict",
        "calls",
        r"rename \d+ .*/message\.lock",
    ),
    "message of a pick half written": ("land-rebase-conflict", "calls", r"rename \d+ .*/MERGE_MSG\.lock"),
    "outer submodule of the base moved, inner not": ("sub-land", "doors", r"done git merge -q --ff-only"),
    "reflog of a submodule's branch gone": ("sub-release", "calls", r"^git \S+, unlink \d+ .*refs/heads/w/x"),
    "link of a submodule half written": ("sub-fresh", "doors", r"rename-into .*/plain/\.git"),
    "only new files are there": ("land-swap", "calls", r"rename \d+ .*/source/\.git/index\.lock"),
}


@pytest.mark.parametrize("case", ONCE_FAILED)
def test_points_that_once_failed(case, tmp_path):
    name, kind, pattern = ONCE_FAILED[case]
    if kind == "calls" and not gitcalls.available():
        pytest.skip("needs strace, which Linux has")
    (scenario,) = [one for one in SCENARIOS if one.name == name]
    sweep = Sweep(scenario, "rename", tmp_path / "stage")
    points = sweep.doors() if kind == "doors" else sweep.git_calls()
    points = [point for point in points if re.search(pattern, point[0])]
    assert points, "no point is called so any more: choose its successor"
    findings = sweep.run(points[:4])
    assert not findings, "\n".join(findings)
