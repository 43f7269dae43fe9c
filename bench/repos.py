"""Generates repositories: the same bytes every time, of realistic shape, by one `git fast-import`.

About twenty files a directory, two levels of directories below `src`, sizes from a few lines to a few hundred;
then HISTORY commits that each edit a few files, add one and now and then delete one, so that "50 commits away" is
some hundreds of paths, as it is in real repositories.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import NamedTuple

HISTORY = 60
AWAY = 50
DELETES_EVERY = 6
FILES_IN_A_DIRECTORY = 20
DIRECTORIES_IN_A_DIRECTORY = 12
WORDS = (
    "slot pool lease branch commit warm index tree object pack ref worktree source base name group kept "
    "return value import class parse render buffer token stream socket handler request response error"
).split()
START = 1_700_000_000
PERSON = "Bench Person <bench@example.org>"
IGNORED = "build/\nnode_modules/\n*.o\n"
CONFIG = "[user]\n\tname = Bench Person\n\temail = bench@example.org\n[init]\n\tdefaultBranch = main\n"


class Repo(NamedTuple):
    path: str
    files: int
    head: str
    away: str  # AWAY commits before head

    @property
    def label(self) -> str:
        return f"{self.files / 1000:.0f}k" if self.files >= 1000 else str(self.files)


def environment(home: str, worktree_root: str) -> dict[str, str]:
    """The host's user, git and `wt` settings left out; only PATH is kept."""
    os.makedirs(home, exist_ok=True)
    config = os.path.join(home, ".gitconfig")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "LC_ALL": "C",
        "TERM": "dumb",
        "GIT_CONFIG_GLOBAL": config,
        "GIT_CONFIG_NOSYSTEM": "1",
        "WORKTREE_ROOT": worktree_root,
    }


def git(env: Mapping[str, str], repo: str, *argv: str) -> str:
    command = ["git", "-C", repo, *argv]
    return subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _path(number: int) -> str:
    directory = number // FILES_IN_A_DIRECTORY
    package, module = divmod(directory, DIRECTORIES_IN_A_DIRECTORY)
    return f"src/package_{package:03}/module_{module:02}/file_{number:05}.py"


def _text(rng: random.Random) -> str:
    """Mostly short files and a few long ones, as trees of source code have them."""
    lines = min(int(rng.lognormvariate(3.6, 0.9)) + 3, 1500)
    return "".join(f"{'    ' * rng.randrange(3)}{' '.join(rng.choices(WORDS, k=6))}\n" for _ in range(lines))


def _data(text: str) -> str:
    return f"data {len(text)}\n{text}\n"


def _commit(number: int, message: str) -> str:
    when = f"{START + number * 3600} +0000"
    return f"commit refs/heads/main\ncommitter {PERSON} {when}\n{_data(message)}"


def _change(path: str, text: str) -> str:
    return f"M 100644 inline {path}\n{_data(text)}"


def _edits(files: int) -> int:
    """How many files a commit edits: from two in a small repository to eight in a big one."""
    return max(2, min(8, files // 200))


def stream(files: int) -> Iterator[str]:
    """What fast-import reads. Generated text is ASCII, so that lengths in characters are lengths in bytes."""
    rng = random.Random(files)
    first = files - HISTORY + HISTORY // DELETES_EVERY - 1
    yield _commit(0, "the first version") + _change(".gitignore", IGNORED)
    for number in range(first):
        yield _change(_path(number), _text(rng))
    for number in range(1, HISTORY + 1):
        yield _commit(number, f"change {number}")
        # The upper half is edited, the lower half is deleted from: no path is both in one commit.
        for edited in sorted(rng.sample(range(first // 2, first), _edits(files))):
            yield _change(_path(edited), _text(rng))
        yield _change(f"src/added/file_{number:02}.py", _text(rng))
        if number % DELETES_EVERY == 0:
            yield f"D {_path(number)}\n"
    yield "done\n"


def generate(path: str, files: int, env: Mapping[str, str]) -> Repo:
    """A working clone on `main`, packed, with `files` files at its tip."""
    os.makedirs(path)
    git(env, path, "init", "-q", "-b", "main")
    command = ["git", "-C", path, "fast-import", "--quiet", "--done"]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, text=True, encoding="ascii") as child:
        if child.stdin:
            child.stdin.writelines(stream(files))
    if child.returncode:
        raise OSError(f"git fast-import ended with {child.returncode}")
    git(env, path, "repack", "-adfq", "--window=0")
    git(env, path, "reset", "-q", "--hard", "main")
    return describe(path, env)


def adopt(given: str, path: str, env: Mapping[str, str]) -> Repo:
    """A clone of somebody's repository on the bench's file system; theirs is only read."""
    trusting = ["-c", "safe.directory=*"]
    git(env, os.path.dirname(path), *trusting, "clone", "-q", "--no-local", os.path.abspath(given), path)
    return describe(path, env)


def describe(path: str, env: Mapping[str, str]) -> Repo:
    head = git(env, path, "rev-parse", "HEAD")
    history = git(env, path, "rev-list", "--first-parent", f"--max-count={AWAY + 1}", "HEAD").split()
    files = git(env, path, "ls-files", "-z").count("\0")
    return Repo(path, files, head, history[-1])


def add_refs(repo: str, commit: str, count: int, env: Mapping[str, str]) -> None:
    creates = "".join(f"create refs/heads/old/{number:06} {commit}\n" for number in range(count))
    subprocess.run(
        ["git", "-C", repo, "update-ref", "--stdin"], env=env, input=creates, check=True, text=True
    )
    git(env, repo, "pack-refs", "--all")


def bare_copy(repo: Repo, path: str, env: Mapping[str, str]) -> str:
    """A source of its own for a pool that is made and thrown away, its objects shared by hard links."""
    git(env, os.path.dirname(path), "clone", "-q", "--bare", "--local", repo.path, path)
    return path


def remove(path: str) -> None:
    shutil.rmtree(path, ignore_errors=True)
