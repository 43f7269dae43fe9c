"""A disk that fails, in both layouts: nothing is lost, and once it works again the next command goes on.

Full from one door on: no write to a file succeeds from there, ours or git's (RLIMIT_FSIZE, so EFBIG where a disk says
ENOSPC; the code does not tell them apart). Or one state-changing system call inside a git ends with EIO. The stages and
what is judged are the kill sweep's.
"""

import os
import re
import shutil

import pytest

from tests.crash.test_kill_sweep import SCENARIOS, with_marks
from tests.support import gitcalls
from tests.support.crash import Sweep

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3600)]
# git would be ended by a signal, as no full disk does
GIT = "#!/bin/sh\ntrap '' XFSZ\nexec {real} \"$@\"\n"
ENDS = {0, 1, 3}  # 0: nothing was left to write, or what is not there is not needed


class Failing(Sweep):
    """The same sweep, but for what happens at a door, and at a call inside git."""

    def doors(self):
        where = f"{self.stage.top}/full"
        os.makedirs(where, exist_ok=True)
        with open(f"{where}/git", "w", encoding="utf-8") as file:
            file.write(GIT.format(real=shutil.which("git")))
        os.chmod(file.name, 0o755)
        full = {"PATH": f"{where}:{os.environ['PATH']}"}
        return [(label, {"WT_DOORS_FULL": env["WT_DOORS_KILL"], **full}) for label, env in super().doors()]

    def git_calls(self):
        return [(label, {"WT_STRIKE_ERROR": "EIO", **env}) for label, env in super().git_calls()]

    def _killed(self, env):
        self.stage.restore()
        inside = "WT_STRIKE" in env
        done = self._verb(self.wrapper.environment(**env) if inside else env)
        self.stage.wait_for_hooks()
        self.met += not inside or self.wrapper.was_struck()
        self.stays = "stays: " in done.err
        found = [] if done.code in ENDS | {self.scenario.ends} else [f"it ends {done.code}: {done.err}"]
        if "Traceback" in done.err or (done.code and not re.search(r"^error: ", done.err, re.MULTILINE)):
            found.append(f"it does not say what is wrong: {done}")
        return found

    def _settled(self):
        """A branch that git cannot delete stays, and that is said: nobody tries it again."""
        return [] if self.stays else super()._settled()


@pytest.mark.parametrize("layout", ["rename", "stable"])
@pytest.mark.parametrize("scenario", [*with_marks(one for one in SCENARIOS if one.steady)], ids=str)
def test_full_from_a_door_on_or_broken_once(scenario, layout, tmp_path, stride):
    sweep = Failing(scenario, layout, tmp_path / "stage")
    doors = sweep.doors()
    points = sweep.sample(doors, stride(37))
    findings = sweep.run(points)
    print(f"{scenario} {layout}: {len(points)} of {len(doors)} doors")
    if layout == "rename" and gitcalls.available():
        calls = sweep.git_calls()
        points = sweep.sample(calls, stride(0))
        findings += sweep.run(points)
        print(f"{scenario} {layout}: {len(points)} of {len(calls)} system calls inside git")
    assert not findings, "\n".join(findings)
