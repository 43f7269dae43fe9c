"""Lists on a real terminal: as wide as it is, aligned, in the characters that it knows."""

import re

import pytest

from tests.support import gitrepo, tool
from tests.support.asked import Asked
from tests.support.terminal import plain


@pytest.fixture
def busy(pool):
    for name in ("alpha", "a-very-long-name/that-somebody/gave-to-a-branch", "日本語"):
        pool.acquire(name)
    return pool


def lines(sh, command):
    return plain(sh.says(command)).splitlines()


def columns(line):
    from wt.ui.width import columns

    return columns(line)


@pytest.fixture
def sh(busy, start):
    return start(busy, LC_ALL="C.UTF-8")


def test_ls_fits_the_terminal(sh):
    for width in (200, 70, 65, 60, 40, 25, 10):
        rows = lines(sh, f"stty cols {width}; wt ls")
        assert len(rows) == 3
        if width >= 20:
            assert all(columns(row) <= width for row in rows)
        assert all("clean" in row for row in rows)
        assert ("slot-0" in rows[0]) == (width >= 70)
        assert ("now" in rows[0]) == (width >= 62)
        assert ("gave-to-a-branch" in rows[1]) == (width >= 57)


def test_names_of_any_script_are_aligned(sh):
    rows = lines(sh, "wt ls")
    assert len({columns(row.partition("slot-")[0]) for row in rows}) == 1


def test_a_pipe_gets_all_of_it(sh):
    rows = lines(sh, "stty cols 20; wt ls | cat")
    assert all("slot-" in row for row in rows)
    assert "gave-to-a-branch" in rows[1]


def test_an_error_is_folded_between_words_and_a_command_never(sh):
    """A command that is folded cannot be pasted."""
    text, status = sh.run("stty cols 30; wt cd a-name-that-nobody-has-held")
    assert status == 1
    said, _, hints = plain(text).partition("hint: ")
    assert said.splitlines() == [
        "error: Nothing is held as",
        "       `a-name-that-nobody-has-held`",
        "       in the pool `app`.",
    ]
    assert hints.splitlines() == [
        "to see the names: wt ls",
        "hint: to begin it: wt new a-name-that-nobody-has-held",
    ]


def test_doctor_knows_the_function(sh):
    assert f"the wt function of this {sh.shell}." in sh.run("wt doctor")[0]


def test_a_question_is_asked_in_the_colours_and_characters_of_the_terminal(pool, monkeypatch):
    gitrepo.write(pool.acquire("x"), {"new": "1\n"})

    def seen(*options):
        asked = Asked(pool, "release", "x", *options)
        asked.until("see wt restore")
        text = str(asked.tty.before)
        asked.answer("\x1b")
        return text

    coloured = re.compile(r"\x1b\[[0-9;]*3[0-9]")
    assert coloured.search(seen())
    assert not coloured.search(seen("--color", "never"))
    monkeypatch.setenv("LC_ALL", "C")
    assert seen().isascii()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured.search(seen())


def test_a_terminal_that_is_not_utf8_gets_no_sign_of_ours(busy, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    for words in (
        ("help",),
        ("help", "new"),
        ("help", "retire"),
        ("info", "alpha"),
        ("ls",),
        ("sweep", "--dry-run"),
    ):
        shown = busy.wt(*words)
        assert (shown.out + shown.err).replace("日本語", "").isascii(), words
    assert "VERB ...: a fixed number" in tool.run("worktree-pool", "--help").out
