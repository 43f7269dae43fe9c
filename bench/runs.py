"""Row 17: one command at twenty commits, in two warm slots, against a loop of worktree add, run and remove."""

import os
from collections.abc import Iterator

from bench import repos
from bench.repos import Repo
from bench.stage import Stage
from bench.timing import Measured, Sample, pairs, settle

COMMITS, SLOTS = 20, 2
TEST = ("sleep", "1")
LOOP = """\
set -e
for commit in $(git -C "$1" rev-list --reverse --max-count=COMMITS HEAD); do
    git -C "$1" worktree add -q --detach "$2" "$commit"
    (cd "$2" && TEST)
    git -C "$1" worktree remove --force "$2"
done
""".replace("COMMITS", str(COMMITS)).replace("TEST", " ".join(TEST))


def many_commits(stage: Stage, repo: Repo) -> Iterator[Measured]:
    """The slots are warm as after a day's work: held once at the newest commit, and given back."""
    source = os.path.join(stage.root, "source")
    stage.git(stage.root, "clone", "-q", "--local", repo.path, source)
    pool = stage.pool(source, SLOTS)
    pool.hold(SLOTS)
    for number in range(SLOTS):
        pool.release(f"held{number}")
    commits = repos.git(stage.env, source, "rev-list", "--reverse", f"--max-count={COMMITS}", "HEAD").split()
    wanted = [word for commit in commits for word in ("--at", commit)]
    options = ("--fresh", "--keep-going", "--keep-free", "0", "-j", str(SLOTS), *wanted)

    def ours() -> Sample:
        settle()
        return pool.wt("run", *options, "--", *TEST)

    def loop() -> Sample:
        return stage.time("sh", "-c", LOOP, "sh", source, os.path.join(stage.root, "plain"))

    ratio = pairs(ours, loop, stage.pairs)
    yield Measured(f"run of {COMMITS} commits in {SLOTS} slots, against a loop", 0.4, ratio)
