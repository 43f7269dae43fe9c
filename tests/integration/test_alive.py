"""Contract section 4: what takes over a second shows that it is alive; who waits for a lock is told who holds it."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from typing import Any

import pexpect
import pytest

from tests.support import gitrepo, tool


@pytest.fixture
def slow(pool):
    """Three files that take a second each to be written, by a filter of the user's."""
    gitrepo.commit(pool.source, {name: f"{name}\n" for name in "abc"} | {".gitattributes": "? filter=slow\n"})
    gitrepo.git(pool.source, "config", "filter.slow.smudge", "sleep 1; cat")
    return pool


def on_a_terminal(pool, *words, interrupt_at=None):
    child: Any = pexpect.spawn(
        sys.executable,
        tool.argv("wt", *words)[1:],
        env=tool.environment(WORKTREE_ROOT=pool.root, TERM="xterm"),
        cwd=pool.source,
        encoding="utf-8",
        timeout=60,
    )
    seen = ""
    if interrupt_at is not None:
        child.expect(interrupt_at)
        seen = child.before + child.after
        child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, seen + child.before


def test_a_cold_new_shows_on_a_terminal_that_git_is_alive_and_leaves_no_trace_of_it(slow):
    status, seen = on_a_terminal(slow, "new", "x")
    assert status == 0, seen
    assert re.search(r"\r\x1b\[K(git reset: \d+ s|Updating files: +\d+%)", seen)
    after = seen.rpartition("\x1b[K")[2]
    assert "x" in after
    assert "git reset" not in after
    assert "Updating" not in after


def test_a_warm_new_shows_gits_own_progress(slow):
    slow.acquire("before", "--commit", "main~1")
    slow.pool("release", "--name", "before")
    status, seen = on_a_terminal(slow, "new", "x")
    assert status == 0, seen
    assert "Updating files: " in seen


def test_nothing_of_it_where_there_is_no_terminal(slow):
    done = slow.wt("new", "x")
    assert done.code == 0
    assert "\r" not in done.err
    assert "Updating" not in done.err


def test_ctrl_c_says_at_once_that_it_takes_back_what_was_written(slow):
    status, seen = on_a_terminal(slow, "new", "x", interrupt_at="git reset: 1 s|Updating files")
    assert status == 130, seen
    assert "what was written into slot-0 is taken back" in seen
    assert slow.states() == [("slot-0", "idle", None)]


LOCKS = {
    "pool": (lambda pool: f"{pool.at}/.meta/pool.lock", ("acquire", "--name", "x")),
    "source": (lambda pool: f"{pool.source}/.git/worktree-pool/source.lock", ("acquire", "--name", "x")),
}


@pytest.mark.parametrize("lock", LOCKS)
def test_whoever_waits_for_a_lock_is_told_which_command_of_which_pid_holds_it_and_since_when(pool, lock):
    path, words = LOCKS[lock][0](pool), LOCKS[lock][1]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("pid: 99999999\nverb: acquire\nsince: 2026-05-05T03:34:56Z\n")
        held.flush()
        began = time.monotonic()
        waiting: Any = subprocess.Popen(
            tool.argv("worktree-pool", "--pool", pool.key, *words),
            env=tool.environment(WORKTREE_ROOT=pool.root), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = waiting.stderr.readline()
        assert time.monotonic() - began >= 0.5
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert line.startswith("waiting for ")
    assert "`acquire` of pid 99999999 holds it since 2026-05-05T03:34:56Z" in line
    assert err.count("waiting for") == 0
    assert out


def test_the_holder_is_named_by_its_command_line_while_it_lives(slow):
    holder = subprocess.Popen(
        tool.argv("worktree-pool", "--pool", "app", "acquire", "--name", "x"),
        env=tool.environment(WORKTREE_ROOT=slow.root), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        done = slow.pool("release", "--name", "x")
        while done.code == 0 and time.monotonic() < deadline:
            done = slow.pool("release", "--name", "x")
        assert done.code == 3, done
        said = f"`worktree-pool --pool app acquire --name x` of pid {holder.pid} holds it since 20"
        assert said in done.err
        assert "hint: to try again in a moment: worktree-pool --pool app release --name x" in done.err
    finally:
        holder.send_signal(signal.SIGTERM)
        holder.communicate(timeout=60)
