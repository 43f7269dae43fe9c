"""Two slots, edited in two shells at random and landed, one after the other and at once: what plain git gives, and nothing lost."""

import os
import random
import shlex
import subprocess
import sys

import pytest

from tests.support import gitrepo, terminal, tool
from tests.support.stage import content

git = gitrepo.git
NAMES = ("a", "b")
FILES = {f"dir{n % 2}/f{n}": "".join(f"{n}.{line}\n" for line in range(12)) for n in range(4)}
RESOLVE = os.path.join(os.path.dirname(__file__), "resolve.py")


class Edits:
    """Random changes of one round, as lines of a shell: lines changed, files added, removed and renamed."""

    def __init__(self, seed, name, path):
        self.random, self.name, self.path = random.Random(seed), name, path

    def script(self):
        files = sorted(name for name, _data in content(self.path) if name not in (".gitignore", "README"))
        count = self.random.randint(1, 3)
        chosen = self.random.sample(files, min(count, len(files)))
        edits = [self._one(file, number) for number, file in enumerate(chosen)]
        # a line that a file does not have changes nothing: this one does
        return " && ".join([*edits, f"echo {self.random.randrange(10**6)} >> own-{self.name}"])

    def _one(self, file, number):
        kind = self.random.choice(("line", "line", "line", "end", "new", "gone", "renamed"))
        quoted, mark = shlex.quote(file), f"{self.name} {self.random.randrange(10**6)}"
        if kind == "line":
            line = self.random.randint(1, 12)
            return f"awk 'NR=={line} {{ print \"{mark}\"; next }} {{ print }}' {quoted} > t && cat t > {quoted} && rm t"
        if kind == "end":
            return f"echo {mark} >> {quoted}"
        if kind == "new":
            return f"echo {mark} > {self.name}{number}-{self.random.randrange(100)}.new"
        if kind == "gone":
            return f"rm {quoted}"
        return f"mv {quoted} {quoted}.{self.name}"


class Round:
    def __init__(self, number, pool, shells, plain):
        self.number, self.pool, self.shells, self.plain = number, pool, shells, plain
        self.before = git(pool.source, "rev-parse", "main")
        self.names = {shell: f"{name}{number}" for name, shell in zip(NAMES, shells, strict=True)}
        self.meant = {}

    def go(self):
        """Edit in both, then land in both: in even rounds at once."""
        for shell, name in self.names.items():
            shell.says(f"wt new {name}")
            path = shell.pwd
            shell.says(Edits(f"{self.number} {name}", name[0], path).script())
            self.meant[name] = dict(content(path))
        order = list(self.shells)
        random.Random(self.number).shuffle(order)
        if self.number % 2:
            stopped = [shell for shell in order if self._land(shell)]
        else:
            for shell in order:
                shell.tty.sendline(self._command(shell))
            answers = [(shell, *shell.prompt()) for shell in order]
            assert all(status in (0, 1) for _shell, _text, status in answers), answers
            stopped = [shell for shell, _text, status in answers if status]
        for shell in stopped:
            shell.says(f"{sys.executable} {RESOLVE} && git commit -q --no-edit && wt land")
        self.judge()

    def _command(self, shell):
        return f"wt land --add 'work of {self.names[shell]}'"

    def _land(self, shell):
        text, status = shell.run(self._command(shell))
        assert status in (0, 1), text
        return status

    def judge(self):
        source = self.pool.source
        line = git(
            source, "log", "--first-parent", "--reverse", "--format=%H %s", f"{self.before}..main"
        ).splitlines()
        assert len(line) == 2, line
        (first, own), (merge, subject) = (one.split(" ", 1) for one in line)
        winner, loser = (
            own.removeprefix("work of "),
            subject.removeprefix("Merge ").removesuffix(" into main"),
        )
        assert {winner, loser} == set(self.names.values()), line
        assert git(source, "rev-parse", f"{first}^@").split() == [self.before]
        mainline, second = git(source, "rev-parse", f"{merge}^@").split()
        assert (mainline, git(source, "rev-parse", f"{second}^@")) == (first, self.before)
        for name, tip in ((winner, first), (loser, second)):
            assert self.tree(tip) == self.meant[name], name
        assert self.as_plain_git(first, second) == git(source, "rev-parse", "main^{tree}")
        assert git(source, "status", "--porcelain") == ""
        assert {row["state"] for row in self.pool.rows()} <= {"idle", "fresh"}

    def tree(self, commit):
        names = git(self.pool.source, "ls-tree", "-r", "--name-only", commit).splitlines()
        return {
            name: subprocess.run(
                ["git", "-C", self.pool.source, "show", f"{commit}:{name}"], capture_output=True, check=True
            ).stdout
            for name in names
        }

    def as_plain_git(self, first, second):
        """The tree that plain git merges the second into the first to, its conflicts resolved in the same way."""
        git(self.plain, "fetch", "-q", "origin", "main")
        git(self.plain, "checkout", "-q", "--detach", first)
        # the base is merged into the branch there, as land does: which side is ours decides how a conflict is told
        git(self.plain, "checkout", "-q", "--detach", second)
        done = subprocess.run(
            ["git", "-C", self.plain, "merge", "-q", "--no-edit", first], capture_output=True
        )
        if done.returncode:
            subprocess.run([sys.executable, RESOLVE], cwd=self.plain, check=True)
            git(self.plain, "commit", "-q", "--no-edit")
        return git(self.plain, "rev-parse", "HEAD^{tree}")


@pytest.mark.timeout(1800)
def test_two_slots_edited_by_two_shells_land_what_plain_git_merges(tmp_path, rounds):
    source = gitrepo.make_repo(tmp_path / "source", {"README": "hello\n", ".gitignore": "build/\n", **FILES})
    pool = tool.Pool(tmp_path / "pools", source, max_slots=2)
    plain = str(tmp_path / "plain")
    git(source, "clone", "-q", source, plain)
    root = git(source, "rev-parse", "main")
    shells = [
        terminal.Shell(kind, str(tmp_path / kind), cwd=source, WORKTREE_ROOT=pool.root)
        for kind in ("bash", "zsh")
    ]
    for number in range(rounds):
        Round(number, pool, shells, plain).go()
    for shell in shells:
        assert shell.pwd == source
        shell.close()
    assert len(git(source, "rev-list", "--first-parent", f"{root}..main").split()) == 2 * rounds
    assert git(source, "fsck", "--no-dangling", "--no-progress") == ""
    assert git(source, "for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"
