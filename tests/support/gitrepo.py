"""Real git repositories, by real git. Helpers assert: a test that cannot build its stage must not go on."""

import os
import subprocess


def git(repo, *argv, stdin=None):
    """What git printed, without the last newline; a failure of git's is a failure of the test."""
    done = subprocess.run(["git", "-C", str(repo), *argv], input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, f"git {' '.join(argv)} in {repo}: {done.returncode}\n{done.stderr}"
    return done.stdout.removesuffix("\n")


def write(repo, files):
    for name, text in files.items():
        path = os.path.join(repo, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def commit(repo, files, message="a change"):
    write(repo, files)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", message)
    return git(repo, "rev-parse", "HEAD")


def make_repo(path, files=None):
    """A working clone on `main` with one commit; returns its path as str."""
    os.makedirs(path, exist_ok=True)
    git(path, "init", "-q", "-b", "main")
    commit(path, {"README": "hello\n", ".gitignore": "build/\n"} if files is None else files, "first")
    return str(path)


def has_tables(repo):
    """Whether a repository keeps its refs as a reftable; a git that knows none gives the question back."""
    return git(repo, "rev-parse", "--show-ref-format") == "reftable"


def lock_of_ref(repo, ref):
    """The file with which git locks a branch in a working clone."""
    return f"{repo}/.git/reftable/tables.list.lock" if has_tables(repo) else f"{repo}/.git/{ref}.lock"


def can_do_tables():
    """Whether this git makes a reftable where it is configured to (2.46)."""
    said = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    return tuple(int(part) for part in said.split(".")[:2]) >= (2, 46)


def of_another_time(repo):
    """Make of a working clone one that keeps its refs as a reftable, and that no git of today can read."""
    with open(f"{repo}/.git/config", "a", encoding="utf-8") as file:
        file.write(
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = reftable\n\tofanothertime = true\n"
        )
    os.makedirs(f"{repo}/.git/reftable", exist_ok=True)
    write(repo, {".git/HEAD": "ref: refs/heads/.invalid\n"})
