"""The program's side of the directive: what it writes to, what it refuses, who does not see it."""

import os

import pytest

from tests.support import tool
from wt import shell as wt_shell
from wt.git import run


@pytest.fixture
def place(tmp_path):
    directory = tmp_path / "private"
    directory.mkdir(mode=0o700)
    return directory / "1"


def cd(pool, place, **more):
    return pool.wt("cd", "x", env={"WT_DIRECTIVE": str(place), **more})


def test_a_path_is_written_for_the_user_alone(pool, place):
    path = pool.acquire("x")
    done = cd(pool, place)
    assert (done.code, done.out, done.err) == (0, f"{path}\n", "")
    assert place.read_text() == path
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_shorter_path_leaves_nothing_of_a_longer_one(pool, place):
    path = pool.acquire("x")
    place.write_text("/" * 1000)
    assert cd(pool, place).code == 0
    assert place.read_text() == path


@pytest.mark.parametrize("kind", ["symlink", "dangling", "fifo", "directory"])
def test_what_is_no_file_of_the_users_is_not_written_to(kind, pool, place, tmp_path):
    pool.acquire("x")
    bait = tmp_path / "bait"
    bait.write_text("bait")
    make = {
        "symlink": lambda: place.symlink_to(bait), "dangling": lambda: place.symlink_to(tmp_path / "new"),
        "fifo": lambda: os.mkfifo(place), "directory": place.mkdir,
    }  # fmt: skip
    make[kind]()
    done = cd(pool, place)
    assert done.code == 1
    assert done.err.startswith("error: The shell cannot be told where to go: ")
    assert done.err.endswith(f"hint: cd {pool.at}/x\n")
    assert bait.read_text() == "bait"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o755])
def test_a_directory_that_others_see_is_refused(mode, pool, place):
    pool.acquire("x")
    place.parent.chmod(mode)
    assert f"{place.parent} is not this user's own" in cd(pool, place).err
    assert not place.exists()


def test_a_link_to_a_directory_is_refused(pool, place, tmp_path):
    pool.acquire("x")
    (tmp_path / "link").symlink_to(place.parent)
    assert cd(pool, tmp_path / "link" / "1").code == 1
    assert not place.exists()


def test_what_wt_starts_sees_nothing_of_it(pool, place):
    words = {"WT_DIRECTIVE": str(place), "WT_FUNCTION": "zsh/0", "WT_LOST": "", "WT_HELD": "x"}
    done = pool.wt("new", "x", "--", "env", env=words)
    assert done.code == 0
    assert not any(name in done.out for name in wt_shell.PRIVATE)
    assert run.SHELLS_OWN == wt_shell.PRIVATE


def test_the_shell_of_the_environment_is_the_default():
    done = tool.run("wt", "shell", "init", env={"SHELL": "/bin/zsh"})
    assert done.out.startswith("# wt ")
    assert tool.run("wt", "shell", "init", env={"SHELL": None}).code == 2
