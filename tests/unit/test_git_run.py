"""How git is fed and read: both pipes are small, and neither side may wait for the other for ever."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from wt.git.run import Git

if TYPE_CHECKING:
    from pathlib import Path

_PATHS = 10_000  # 170 kB in, 410 kB out: each more than a pipe holds


@pytest.mark.timeout(60)
def test_git_answers_while_it_is_still_being_told(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "one-of-the-files").write_text("x\n")
    answer = Git(str(tmp_path)).ask("hash-object", "--stdin-paths", data=b"one-of-the-files\n" * _PATHS)
    assert set(answer.split("\n")) == {"587be6b4c3f93f93c489c0111bba5596147a26cb"}
    assert answer.count("\n") == _PATHS - 1


def test_git_that_does_not_read_is_no_error_of_ours(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert Git(str(tmp_path)).ask("rev-parse", "--git-dir", data=b"unread\n" * _PATHS) == ".git"
