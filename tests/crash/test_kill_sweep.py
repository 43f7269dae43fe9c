"""SIGKILL at the doors of acquire, release, land and recovery, in both layouts. A door that is added is swept by itself.

`just crash` sweeps every point; the ordinary run takes every few of them, always the same ones.
"""

import pytest

from tests.crash.scenarios import SCENARIOS
from tests.support.crash import Sweep

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1200)]
SAMPLE, SAMPLE_OF_RECOVERY = 11, 37


@pytest.fixture
def everything(request):
    return request.config.option.markexpr == "crash"


def _report(name, count, findings):
    print(f"{name}: {count} kill points, {len(findings)} findings")
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("layout", ["rename", "stable"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_killed_at_a_door(scenario, layout, tmp_path, everything):
    count, findings = Sweep(scenario, layout, tmp_path / "stage").run(1 if everything else SAMPLE)
    _report(f"{scenario} {layout}", count, findings)


@pytest.mark.parametrize("layout", ["rename", "stable"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_killed_at_a_door_of_recovery(scenario, layout, tmp_path, everything):
    count, findings = Sweep(scenario, layout, tmp_path / "stage").run_recovery(
        5 if everything else SAMPLE_OF_RECOVERY
    )
    _report(f"{scenario} {layout}", count, findings)
