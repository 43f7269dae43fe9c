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
