"""A source, a pool and what is in them, in one directory that can be put back as it was, at the same path."""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

from tests.support import gitrepo, submodules, tool
from wt.pool import hookgroup, lock

PSEUDO_REFS = ("ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")


def blob_id(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Stage:
    """`now` is where everything happens, `saved` its copy. Nothing outside of `now` is written by the tool."""

    def __init__(self, top):
        self.top = str(top)
        self.now, self.saved = f"{self.top}/now", f"{self.top}/saved"
        self.source, self.root = f"{self.now}/source", f"{self.now}/pools"
        os.makedirs(self.root)

    @property
    def common(self):
        inside = f"{self.source}/.git"
        return inside if os.path.isdir(inside) else self.source

    @property
    def at(self):
        return f"{self.root}/app"

    def init(self, layout, slots=2):
        self.run(
            "worktree-pool",
            "init",
            "--source",
            self.source,
            "--max-slots",
            slots,
            "--layout",
            layout,
            check=True,
        )

    def save(self):
        subprocess.run(["cp", "-a", self.now, self.saved], check=True)

    def restore(self):
        shutil.rmtree(self.now, ignore_errors=True)
        subprocess.run(["cp", "-a", self.saved, self.now], check=True)

    def run(self, command, verb, *args, check=False, cwd=None, env=None):
        """Run a command of ours in a session of its own, so that a kill of its group is a kill of it alone."""
        argv = tool.argv(command, "--pool", "app", verb, *map(str, args))
        process = subprocess.Popen(
            argv,
            cwd=cwd or self.top,
            env=tool.environment(WORKTREE_ROOT=self.root, **(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        out, err = process.communicate(timeout=100)
        done = tool.Result(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
        assert not check or done.code == 0, (argv[1:], done)
        return done

    def acquire(self, name, *args):
        return self.run("worktree-pool", "acquire", "--name", name, *args, check=True).path

    def release(self, name):
        self.run("worktree-pool", "release", "--name", name, check=True)

    def recover(self, env=None):
        """The ordinary command that has nothing of its own to do: a name that is not held is success."""
        return self.run("worktree-pool", "release", "--name", "nobody", env=env)

    def rows(self):
        done = self.run("worktree-pool", "ls", check=True)
        return [row for row in done.json if row["state"] != "fresh"]

    def wait_for_hooks(self):
        """A hook outlives its command, and its slot is left for so long: until none that a lock records is there."""
        deadline = time.monotonic() + 60
        for admin in self.slots():
            recorded = lock.read(admin)
            while recorded is not None and recorded.hook_group and hookgroup.is_alive(recorded.hook_group):
                assert time.monotonic() < deadline, recorded
                time.sleep(0.01)

    def git(self, *args, at=None):
        return gitrepo.git(at or self.source, *args)

    def worktrees(self):
        """Return by admin dir (the source's own: its common dir) the directory of each worktree."""
        found = {} if self.common == self.source else {self.common: self.source}
        for name in (
            sorted(os.listdir(f"{self.common}/worktrees"))
            if os.path.isdir(f"{self.common}/worktrees")
            else []
        ):
            admin = f"{self.common}/worktrees/{name}"
            found[admin] = read(f"{admin}/gitdir").decode().removesuffix("/.git\n")
        return found

    def slots(self):
        return {
            admin: path
            for admin, path in self.worktrees().items()
            if os.path.isfile(f"{admin}/worktree-pool/created")
        }


@dataclass
class Facts:
    """What must not be lost: commits that something reaches, and the bytes of every file and index entry."""

    commits: set = field(default_factory=set)
    files: dict = field(default_factory=dict)
    staged: set = field(default_factory=set)
    slots: int = 0


def facts(stage):
    found = Facts(commits=reachable_commits(stage), slots=len(stage.slots()))
    for admin, path in stage.worktrees().items():
        for name, data in content(path):
            found.files[admin, name] = blob_id(data)
        if os.path.exists(f"{admin}/index"):
            found.staged |= {line.split()[1] for line in stage.git("ls-files", "-s", at=path).splitlines()}
    return found


def content(path):
    """Yield relative path and bytes of each file of a worktree, ignored ones included, git's own left out."""
    for directory, names, plain in os.walk(path):
        if ".git" in names:
            names.remove(".git")
        for name in plain:
            full = f"{directory}/{name}"
            if name == ".git":
                continue
            data = os.fsencode(os.readlink(full)) if os.path.islink(full) else read(full)
            yield os.path.relpath(full, path), data


def reachable_commits(stage):
    """Commits that refs, any worktree's HEAD, the stash or an operation in progress reach."""
    tips = []
    for admin in stage.worktrees():
        for name in PSEUDO_REFS:
            if os.path.exists(f"{admin}/{name}"):
                tips += read(f"{admin}/{name}").decode().split()
        if os.path.isdir(f"{admin}/reftable"):
            own = ("--format=%(objectname)", "--include-root-refs", *PSEUDO_REFS)
            tips += gitrepo.git(admin, "--git-dir=.", "for-each-ref", *own).split()
    if "refs/stash" in stage.git("for-each-ref"):
        tips += stage.git("log", "-g", "--format=%H", "refs/stash").split()
    return set(stage.git("rev-list", "--all", *tips).split())


def reachable_objects(stage):
    out = stage.git("rev-list", "--objects", "--all", "--indexed-objects")
    return {line.split(" ", 1)[0] for line in out.splitlines()}


def kept_of_submodules(stage):
    """Objects of submodules that were set aside, or that a store has: where a pin is, nobody made anything."""
    found = set()
    kept = f"{stage.common}/worktree-pool/kept.git"
    for store in [kept, *(store for admin in stage.worktrees() for store in submodules.stores(admin))]:
        if os.path.exists(f"{store}/HEAD"):
            out = gitrepo.git(store, "--git-dir=.", "--work-tree=.", "rev-list", "--objects", "--all")
            found |= {line.split(" ", 1)[0] for line in out.splitlines()}
    return found


def parked(stage):
    """Files of submodules that the slot's commit does not have: by the name they would have in it."""
    found = {}
    top = f"{stage.at}/.meta/parked"
    for name in os.listdir(top) if os.path.isdir(top) else ():
        admin = f"{stage.common}/worktrees/{name.split('%2F')[0]}"
        for inner, data in content(f"{top}/{name}"):
            found[admin, f"plain/{inner}"] = blob_id(data)
    return found


def was_killed(result):
    return result.code == -signal.SIGKILL
