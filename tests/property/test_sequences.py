"""No sequence of `wt` commands, Ctrl-C included, loses a byte that is not in place, in history, or in what is kept."""

import contextlib
import os
import signal
import subprocess

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support import gitrepo, tool
from tests.support import stage as stages
from tests.support.stage import Stage, facts

NAMES = ("one", "two/b")
FILES = ("a", "dir/c", "new", "deep/er/new", "gen")

name = st.sampled_from(NAMES)
# after how many milliseconds Ctrl-C comes; None: it does not
interrupt = st.one_of(st.none(), st.integers(20, 250))
edit = st.tuples(st.just("edit"), name, st.sampled_from(FILES), st.integers(0, 3))
work = st.tuples(st.sampled_from(["stage", "commit", "remove", "merge", "detach"]), name)
command = st.tuples(
    st.sampled_from(["new", "release", "force", "land", "cleanup", "sweep", "restore", "primitive"]),
    name,
    interrupt,
)
sequences = st.lists(st.one_of(edit, work, command, command), min_size=8, max_size=16)


class World:
    """A source, a pool of two slots, and somebody who works in them."""

    def __init__(self, top, layout):
        self.stage = Stage(top)
        gitrepo.make_repo(self.stage.source, {"a": "a\n", "dir/c": "c\n", ".gitignore": "gen\n"})
        self.stage.init(layout)
        self.said: list[tuple[object, ...]] = []

    def path(self, name):
        rows = [row for row in self.stage.rows() if row["name"] == name and row["state"] == "held"]
        return rows[0]["path"] if rows else None

    def git(self, name, *args):
        if path := self.path(name):
            subprocess.run(["git", "-C", path, *args], capture_output=True)

    def edit(self, name, file, number):
        if path := self.path(name):
            with contextlib.suppress(OSError):  # a file where a directory would be needed
                gitrepo.write(path, {file: f"{name} {file} {number} {len(self.said)}\n"})

    def stage_(self, name):
        self.git(name, "add", "-A")

    def commit(self, name):
        self.git(name, "commit", "-q", "-a", "-m", f"of {name}")

    def remove(self, name):
        self.git(name, "rm", "-q", "-f", "a")

    def merge(self, name):
        self.git(name, "merge", "-q", "main")

    def detach(self, name):
        self.git(name, "switch", "-q", "--detach")

    def command(self, verb, name, after):
        words = {
            "new": ("wt", "new", name), "release": ("wt", "release", name), "force": ("wt", "release", name, "--force"),
            "land": ("wt", "land", "--name", name, "--add", "work"), "cleanup": ("wt", "cleanup", name),
            "sweep": ("wt", "sweep"), "restore": ("wt", "restore", name),
            "primitive": ("worktree-pool", "release", "--name", name),
        }[verb]  # fmt: skip
        before = facts(self.stage)
        code, err = self.run(words, after)
        self.said.append((*words, after, code))
        assert code not in (70, -signal.SIGINT), (self.said, err)
        assert after is not None or not verb.startswith(("clean", "sweep")) or code == 0, (self.said, err)
        lost = self.lost(before)
        assert not lost, (lost, self.said)

    def run(self, words, after):
        program, *rest = words
        process = subprocess.Popen(
            tool.argv(program, "--pool", "app", *rest), cwd=self.stage.top, start_new_session=True,
            env=tool.environment(WORKTREE_ROOT=self.stage.root), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            _out, err = process.communicate(timeout=after / 1000 if after else 100)
        except subprocess.TimeoutExpired:
            if after is None:
                raise
            os.killpg(process.pid, signal.SIGINT)
            _out, err = process.communicate(timeout=100)
            if process.returncode == -signal.SIGINT:  # so early that Python itself was not there yet
                return 130, err
        return process.returncode, err

    def lost(self, before):
        """What the harness of the kill sweep calls lost: commits, files, staged content."""
        found = [f"commit {sha}" for sha in before.commits - stages.reachable_commits(self.stage)]
        objects = stages.reachable_objects(self.stage)
        after = facts(self.stage).files
        found += [
            f"{file} in {admin}"
            for (admin, file), blob in before.files.items()
            if blob not in objects and after.get((admin, file)) != blob
        ]
        present = objects | set(after.values())
        return found + [f"staged {blob}" for blob in before.staged - present]


@pytest.mark.parametrize("layout", ["rename", "stable"])
@pytest.mark.timeout(900)
def test_no_sequence_of_commands_loses_a_byte(layout, tmp_path_factory, request):
    @settings(max_examples=2 * request.config.getoption("--rounds"), deadline=None, derandomize=True, database=None,
              phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(sequence=sequences)
    def check(sequence):
        world = World(tmp_path_factory.mktemp("world"), layout)
        world.command("new", "one", None)
        for what, *rest in sequence:
            step = getattr(world, f"{what}_" if what == "stage" else what, None)
            if step is None:
                world.command(what, *rest)
            else:
                step(*rest)
        for one in NAMES:
            world.command("force", one, None)
        assert {row["state"] for row in world.stage.rows()} <= {"idle"}, world.said

    check()
