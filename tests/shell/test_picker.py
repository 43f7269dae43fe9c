"""`wt cd` without a name, on a real terminal: nothing of it stays, and nothing moves but by Enter."""

import os
import subprocess

import pytest

from tests.support import gitrepo, tool
from tests.support.terminal import environment, plain


@pytest.fixture
def shell(any_shell):
    return any_shell


HOSTILE = '$(touch${IFS}pwned);`id`"%F{red}\u202e'


@pytest.fixture
def busy(pool):
    for name in ("alpha", "beta/one", "beta/two"):
        pool.acquire(name)
    gitrepo.write(f"{pool.at}/beta-two", {"new": "1\n"})
    return pool


def open_picker(sh, line="wt cd"):
    sh.tty.sendline(line)
    sh.tty.expect_exact("type to filter")


def see(sh, *words):
    """Wait until each has been drawn, in whatever order. Single words: blanks that were there are not drawn again."""
    missing = list(words)
    while missing:
        missing.pop(sh.tty.expect_exact(missing))


def test_enter_goes_there(busy, start):
    sh = start(busy)
    open_picker(sh)
    sh.tty.send("two\r")
    assert sh.prompt()[1] == 0
    assert sh.pwd == f"{busy.at}/beta-two"


def test_arrows_move(busy, start):
    sh = start(busy)
    open_picker(sh)
    sh.tty.send("\x1b[B\x1b[B\x1b[A\r")
    sh.prompt()
    assert sh.pwd == f"{busy.at}/beta-one"


def test_leaving_changes_nothing(busy, start):
    sh = start(busy)
    before = sh.says("stty -a")
    for key in ("\x1b", "\x03", "\x07"):
        open_picker(sh)
        sh.tty.expect_exact("clean")  # prompt-toolkit has the terminal
        sh.tty.send(key)
        text, status = sh.prompt()
        assert status == 130
        assert sh.pwd == busy.source
        assert sh.says("stty -a") == before
        assert "error" not in text


def test_what_was_on_the_screen_is_there_again(busy, start):
    sh = start(busy)
    sh.tty.sendline("wt cd")
    sh.tty.expect_exact("\x1b[?1049h")
    sh.tty.expect_exact("clean")
    sh.tty.send("\x1b")
    sh.tty.expect_exact("\x1b[?1049l")
    assert sh.prompt()[1] == 130


def test_cells_and_the_preview_fill_in(busy, start):
    sh = start(busy)
    gitrepo.commit(f"{busy.at}/alpha", {"sub/b": "1\n2\n"}, message="its-own-subject")
    open_picker(sh)
    see(sh, "unmerged", "commit", "its-own-subject", "sub/b", "dirty", "clean")
    sh.tty.send("\x1b[B\x1b[B")
    see(sh, "untracked", "new")
    sh.tty.send("\x1b")
    sh.prompt()


def test_keys_typed_before_it_is_ready_count(busy, start):
    sh = start(busy)
    sh.tty.sendline("wt cd")
    sh.tty.expect_exact("\x1b[?1049h")
    sh.tty.send("alp\r")
    assert sh.prompt()[1] == 0
    assert sh.pwd == f"{busy.at}/alpha"


def test_its_answer_can_be_captured(busy, start):
    sh = start(busy)
    open_picker(sh, 'cd "$(wt cd)"')
    sh.tty.send("alpha\r")
    assert sh.prompt()[1] == 0
    assert sh.pwd == f"{busy.at}/alpha"


def test_what_follows_does_not_run_where_nothing_was_chosen(busy, start):
    sh = start(busy)
    open_picker(sh, "wt cd && echo went on")
    sh.tty.expect_exact("clean")
    sh.tty.send("\x1b")
    text, status = sh.prompt()
    assert status == 130
    assert "went on" not in text


def test_names_are_shown_not_obeyed(busy, start):
    gitrepo.git(busy.source, "branch", HOSTILE)
    busy.pool("acquire", "--name", HOSTILE, "--adopt")
    sh = start(busy, LC_ALL="C.UTF-8")
    open_picker(sh)
    sh.tty.expect_exact('$(touch${IFS}pwned);`id`"%F{red}\\u202e')
    sh.tty.expect_exact("clean")
    sh.tty.send("\x1b")
    sh.prompt()
    assert not os.path.exists(f"{busy.source}/pwned")


def test_ascii_where_the_terminal_knows_no_other(busy, start):
    sh = start(busy, LC_ALL="C")
    sh.tty.sendline("wt cd")
    sh.tty.expect_exact("[green] clean")
    seen = plain(sh.tty.before)
    assert seen.isascii()
    sh.tty.send("\x1b")
    sh.prompt()


def test_a_terminal_is_needed(busy):
    tool.assert_refused(busy.wt("cd"), 2, "`wt cd` needs NAME: here is no terminal to choose on.", "wt ls")


def test_a_terminal_for_the_keys_alone_is_not_enough(busy, start):
    sh = start(busy)
    text, status = sh.run("wt cd 2>&1 | cat; wt cd 2>/dev/null")
    assert "here is no terminal" in text
    assert status == 2
    assert sh.run("TERM=dumb wt cd")[1] == 2


def test_nothing_is_held(pool):
    tool.assert_refused(pool.wt("cd"), 1, "No slot of `app` is held.", "wt new feature-x")


def test_the_terminal_is_given_back_to_a_closed_window(busy, start):
    """SIGHUP, as from a window that is closed, and SIGTERM."""
    for signum in ("HUP", "TERM"):
        sh = start(busy)
        open_picker(sh)
        sh.tty.expect_exact("clean")
        subprocess.run(["pkill", f"-{signum}", "-P", str(sh.tty.pid)], env=environment())
        sh.tty.expect_exact("\x1b[?1049l")
        assert sh.prompt()[1] in (129, 143)
