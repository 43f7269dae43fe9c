"""restore(set aside(state)) = state, over generated states: index, bytes, modes and links included."""

import os
import subprocess

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support import gitrepo
from tests.support.tool import Pool

git = gitrepo.git
PATHS = (
    "a",
    "dir/b",
    "dir/c",
    "run.sh",
    "link",
    "sp ace",
    "ünï",
    'q"uo',
    "new",
    "deep/er/new",
    "a/below",
    "b\nn",
    '"a"',
    "a\r",
)
CONTENTS = (b"", b"1\n", b"a\r\nb\n\r", b"\0\xff\xfe", b"x" * 500, b"$Id$\n")
BASE = {"a": "1\n", "dir/b": "b\n", "dir/c": "c\n", "run.sh": "#!\n", "sp ace": "s\n", 'q"uo': "q\n"}

path = st.sampled_from(PATHS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), path, st.sampled_from(CONTENTS)),
        st.tuples(st.just("link"), path, st.sampled_from((b"a", b"nowhere/at all", b"\xff"))),
        st.tuples(st.sampled_from(["remove", "chmod", "add", "intend", "uncache", "assume", "skip"]), path),
        st.tuples(st.sampled_from(["commit", "add-all", "detach", "reset"])),
    ),
    min_size=1,
    max_size=12,
)


class Slot:
    """The slot under test, and what a person does in it; what cannot be done is left out."""

    def __init__(self, top):
        self.top = top

    def run(self, *args):
        return subprocess.run(["git", "-C", self.top, "--literal-pathspecs", *args], capture_output=True)

    def full(self, name):
        return f"{self.top}/{name}"

    def do(self, what, *args):
        getattr(self, "do_" + what.replace("-", "_"))(*args)

    def clear(self, name):
        full = self.full(name)
        above = os.path.dirname(name)
        if above and os.path.lexists(self.full(above)) and not os.path.isdir(self.full(above)):
            os.unlink(self.full(above))
        if os.path.isdir(full) and not os.path.islink(full):
            for one in sorted(os.listdir(full)):
                self.clear(f"{name}/{one}")
            os.rmdir(full)
        elif os.path.lexists(full):
            os.unlink(full)
        os.makedirs(os.path.dirname(full), exist_ok=True)

    def do_write(self, name, data):
        self.clear(name)
        with open(self.full(name), "wb") as file:
            file.write(data)

    def do_link(self, name, target):
        self.clear(name)
        os.symlink(target, os.fsencode(self.full(name)))

    def do_remove(self, name):
        if os.path.lexists(self.full(name)):
            self.clear(name)

    def do_chmod(self, name):
        if os.path.isfile(self.full(name)) and not os.path.islink(self.full(name)):
            os.chmod(self.full(name), os.stat(self.full(name)).st_mode ^ 0o111)

    def do_add(self, name):
        self.run("add", "--", name)

    def do_intend(self, name):
        self.run("add", "-N", "--", name)

    def do_uncache(self, name):
        self.run("rm", "-r", "-q", "--cached", "-f", "--", name)

    def do_assume(self, name):
        self.run("update-index", "--assume-unchanged", "--", name)

    def do_skip(self, name):
        self.run("update-index", "--skip-worktree", "--", name)

    def do_commit(self):
        self.run("commit", "-q", "-m", "more", "--allow-empty")

    def do_add_all(self):
        self.run("add", "-A")

    def do_detach(self):
        self.run("switch", "-q", "--detach")

    def do_reset(self):
        self.run("reset", "-q", "--soft", "main")

    def state(self):
        """Everything of a person's: commits, index, files."""
        return {
            "head": git(self.top, "rev-parse", "HEAD"),
            "index": self.index(),
            "files": self.files(),
        }

    def index(self):
        """Entries, and the flags of those that are not what is recorded (the others' are nobody's work)."""
        staged = self.run("ls-files", "-s", "-z").stdout.split(b"\0")[:-1]
        entries = {line.partition(b"\t")[2]: line.partition(b"\t")[0] for line in staged}
        for name in self.intended_and_gone():
            entries.pop(name)
        tags = [
            line for line in self.run("ls-files", "-v", "-z").stdout.split(b"\0")[:-1] if line[:1] != b"H"
        ]
        edited = {line[2:]: line[:1] for line in tags if self.is_edited(line, entries)}
        return entries, edited, self.run("diff-files", "--diff-filter=A", "--name-only", "-z").stdout

    def intended_and_gone(self):
        """A name that was to be added, of a file that is gone: there is nothing of it to keep."""
        tree = set(self.run("ls-tree", "-r", "-z", "--name-only", self.tree()).stdout.split(b"\0"))
        listed = self.run("ls-files", "-z").stdout.split(b"\0")[:-1]
        top = os.fsencode(self.top)
        return [name for name in listed if name not in tree and not self.is_there(top + b"/" + name)]

    def tree(self):
        return self.run("write-tree").stdout.decode().strip()

    @staticmethod
    def is_there(full):
        return os.path.lexists(full) and (os.path.islink(full) or not os.path.isdir(full))

    def is_edited(self, line, entries):
        full = os.fsencode(self.top) + b"/" + line[2:]
        if line[2:] not in entries:
            return False
        if not os.path.lexists(full):
            return line[:1] == b"h"
        if os.path.isdir(full) and not os.path.islink(full):
            return True
        mode, sha, _stage = entries[line[2:]].split(b" ")
        if os.path.islink(full):
            data, now = os.readlink(full), b"120000"
        else:
            with open(full, "rb") as file:
                data = file.read()
            now = b"100755" if os.stat(full).st_mode & 0o100 else b"100644"
        argv = ["git", "-C", self.top, "hash-object", "--stdin"]
        if now != b"120000":
            argv += ["--path", os.fsdecode(line[2:])]
        stored = subprocess.run(argv, input=data, capture_output=True)
        return (now, stored.stdout.strip()) != (mode, sha)

    def left_out(self):
        """Files that are skipped and not there, as a sparse checkout leaves them: they are there again afterwards."""
        lines = self.run("ls-files", "-v", "-z").stdout.split(b"\0")[:-1]
        top = os.fsencode(self.top) + b"/"
        return [
            b"/" + line[2:] for line in lines if line[:1] in b"Ss" and not os.path.lexists(top + line[2:])
        ]

    def files(self):
        found: dict[bytes, tuple[object, bytes]] = {}
        for directory, names, plain in os.walk(os.fsencode(self.top)):
            for name in (*plain, *(one for one in names if os.path.islink(os.path.join(directory, one)))):
                full = os.path.join(directory, name)
                if name == b".git":
                    continue
                if os.path.islink(full):
                    found[full[len(self.top) :]] = "link", os.readlink(full)
                else:
                    with open(full, "rb") as file:
                        found[full[len(self.top) :]] = bool(os.stat(full).st_mode & 0o100), file.read()
        return found


@pytest.fixture(scope="module", params=["rename", "stable"])
def stage(request, tmp_path_factory):
    top = tmp_path_factory.mktemp("stage")
    return lambda: Pool(top / "root", source(top), layout=request.param, max_slots=1)


def source(top):
    repo = gitrepo.make_repo(top / "source", BASE)
    os.chmod(f"{repo}/run.sh", 0o755)
    os.symlink("a", f"{repo}/link")
    gitrepo.commit(repo, {".gitattributes": "*.sh text eol=crlf\na ident\n"}, "second")
    return repo


# an example is independent of others: what they share is a pool whose slot is idle and clean
@pytest.fixture(scope="module")
def opened():
    return {}


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
          derandomize=True, database=None)  # fmt: skip
@given(todo=steps)
@pytest.mark.timeout(600)
def test_restore_of_what_was_set_aside_is_the_state(stage, opened, todo):
    if "pool" not in opened:
        opened["pool"] = stage()
    pool = opened["pool"]
    slot = Slot(pool.acquire("x"))
    try:
        for one in todo:
            slot.do(*one)
        left_out = slot.left_out()
        before, branch = slot.state(), git(slot.top, "rev-parse", "x")
        clean = git(slot.top, "status", "--porcelain") == "" and not before["index"][1]
        done = pool.wt("release", "x", "--force")
        assert done.code == 0, done
        if "wt restore" not in done.err:
            assert clean
            assert not git(pool.source, "rev-list", before["head"], "--not", "--all")
            return
        assert git(f"{pool.at}/slot-0", "status", "--porcelain") == ""
        assert pool.wt("restore", "x").code == 0
        after = slot.state()
        for name in left_out:
            after["files"].pop(name, None)
        assert after == before
        assert git(pool.source, "for-each-ref", "--contains", branch)
    finally:
        if pool.states()[0][1] == "held":
            assert pool.wt("release", "x", "--force").code == 0
        assert pool.wt("restore", "--prune", "0d").code == 0
