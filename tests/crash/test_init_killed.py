"""init killed at each of its doors: a pool or none, and the same command again makes it (contract section 6)."""

import os

import pytest

from tests.support import gitrepo, tool
from tests.support import stage as stages
from tests.support.stage import Stage

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("place", ["directory", "link"])
def test_init_killed_and_run_again(tmp_path, place):
    stage = Stage(tmp_path / "stage")
    gitrepo.make_repo(stage.source)
    if place == "link":
        os.mkdir(f"{stage.now}/volume")
        os.symlink(f"{stage.now}/volume", stage.at)
    stage.save()
    log = f"{stage.top}/doors"
    words = ("worktree-pool", "init", "--source", stage.source, "--max-slots", 2)
    stage.run(*words, env={"WT_DOORS_LOG": log}, check=True)
    doors = stages.read(log).decode().splitlines()
    assert len(doors) >= 6
    for number in range(1, len(doors) + 1):
        stage.restore()
        killed = stage.run(*words, env={"WT_DOORS_KILL": str(number)})
        assert stages.was_killed(killed), (doors[number - 1], killed)
        again = stage.run(*words)
        assert again.code == 0 or "initialised already" in again.err, (doors[number - 1], again)
        assert stage.run("worktree-pool", "acquire", "--name", "a").code == 0
        fixed = tool.run("wt", "doctor", "--fix", env={"WORKTREE_ROOT": stage.root}, cwd=stage.source)
        assert fixed.code == 0, fixed
        assert sorted(os.listdir(f"{stage.at}/.meta")) == ["config.yaml", "init", "pool.lock"], doors[
            number - 1
        ]
