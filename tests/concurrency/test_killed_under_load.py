"""SIGKILL at random moments, of commands that work side by side, with the user's own git at work on the same repository."""

import os
import random
import signal
import subprocess
import threading
import time

import pytest

from tests.support import gitrepo, tool
from tests.support import stage as stages
from tests.support.crash import litter
from tests.support.stage import Stage, blob_id

WORKERS, SLOTS, DEADLINE = 4, 3, 90


class Worker(threading.Thread):
    """Acquires, works and gives back, in rounds; every other command of it is killed and run again."""

    def __init__(self, number, stage, rounds):
        super().__init__(daemon=True)
        self.name, self.stage, self.rounds = f"w{number}", stage, rounds
        self.random = random.Random(number)
        self.commits, self.blobs, self.findings, self.kills = [], [], [], 0

    def run(self):
        try:
            for number in range(self.rounds):
                self.round(f"{self.name}-{number}")
        except (AssertionError, OSError) as error:
            self.findings.append(f"{self.name}: {error!r}")

    def round(self, name):
        self.until(("worktree-pool", "acquire", "--name", name, "--wait", "60"), (0, 6))
        path = self.stage.run("worktree-pool", "path", "--name", name).path
        token = f"{path}/build/token"
        os.makedirs(f"{path}/build", exist_ok=True)
        os.close(os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        self.commits.append(gitrepo.commit(path, {f"dir/{name}": f"{name}\n"}, name))
        gitrepo.write(path, {"loose": f"loose {name}\n", "README": f"changed by {name}\n"})
        self.blobs += [blob_id(f"loose {name}\n".encode()), blob_id(f"changed by {name}\n".encode())]
        os.unlink(token)
        # a land may stop at a conflict, or find what another worker left in the slot: what is left is released by force
        way = self.random.choice(("release", "land"))
        if way == "land":
            self.until(("wt", "land", "--name", name, "--add", name), (0, 1))
        self.until(("wt", "release", name, "--force"), (0, 1))

    def until(self, command, codes):
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            done = self.killed_or_not(command)
            if done.code in codes:
                return
            assert done.code in (-signal.SIGKILL, 3), (command, done)
        raise AssertionError(f"{command} did not end in {DEADLINE} s")

    def killed_or_not(self, command):
        program, verb, *words = command
        process = subprocess.Popen(
            tool.argv(program, "--pool", "app", verb, *words),
            cwd=self.stage.top,
            env=tool.environment(WORKTREE_ROOT=self.stage.root),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = process.communicate(timeout=self.random.choice((None, self.random.uniform(0.02, 0.3))))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            self.kills += 1
            out, err = process.communicate()
        return tool.Result(process.returncode, out.decode(), err.decode(errors="replace"))


class Foreign(threading.Thread):
    """The user's own maintenance, round and round."""

    def __init__(self, source):
        super().__init__(daemon=True)
        self.source, self.stop = source, threading.Event()

    def run(self):
        while not self.stop.is_set():
            for words in (("worktree", "prune", "--expire=now"), ("gc", "-q"), ("pack-refs", "--all")):
                subprocess.run(["git", "-C", self.source, *words], capture_output=True)


@pytest.fixture
def stage(tmp_path):
    made = Stage(tmp_path / "stage")
    gitrepo.make_repo(made.source, {"README": "hello\n", ".gitignore": "build/\n", "dir/x": "x\n"})
    made.init("rename", SLOTS)
    return made


@pytest.mark.crash
def test_random_kills_lose_nothing(stage, rounds):
    foreign = Foreign(stage.source)
    workers = [Worker(number, stage, rounds) for number in range(WORKERS)]
    for thread in (foreign, *workers):
        thread.start()
    for worker in workers:
        worker.join()
    foreign.stop.set()
    foreign.join()
    print(f"{sum(worker.kills for worker in workers)} kills")
    assert [finding for worker in workers for finding in worker.findings] == []
    done = stage.recover()
    assert (done.code, "could not be recovered" in done.err) == (0, False), done
    assert {row["state"] for row in stage.rows()} == {"idle"}
    assert len(stage.rows()) == SLOTS == len(stage.slots())
    lost = {sha for worker in workers for sha in worker.commits} - stages.reachable_commits(stage)
    assert not lost, f"{len(lost)} commits"
    lost = {blob for worker in workers for blob in worker.blobs} - stages.reachable_objects(stage)
    assert not lost, f"{len(lost)} files"
    assert litter(stage) == []
    assert stage.git("fsck", "--no-dangling", "--no-progress") == ""
