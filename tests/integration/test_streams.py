"""Contract section 4: exit codes, and what comes on which stream, where a caller, or the program itself, is in trouble."""

import os
import re
import shutil
import stat
import subprocess
import sys
from typing import Any

import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool, assert_refused

UNREAD = 128 + 13  # as git and ls end in a shell


def unread(pool, *words, stream, command="worktree-pool"):
    """Run a command with a pipe that nobody reads as one of its streams."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: writer}
        done = subprocess.run(
            tool.argv(command, "--pool", pool.key, *words), env=tool.environment(WORKTREE_ROOT=pool.root),
            stdin=subprocess.DEVNULL, timeout=100, **streams,
        )  # fmt: skip
    finally:
        os.close(writer)
    return tool.Result(done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode())


@pytest.mark.parametrize(
    "words", [("ls",), ("path", "--name", "a"), ("inspect", "--name", "a"), ("--help",)], ids=" ".join
)
def test_an_answer_that_nobody_reads_ends_silently_as_git_does(pool, words):
    pool.acquire("a")
    assert unread(pool, *words, stream="stdout") == tool.Result(UNREAD, "", "")


def test_an_acquire_whose_path_nobody_reads_does_not_say_done_and_the_name_is_held(pool):
    assert unread(pool, "acquire", "--name", "a", stream="stdout") == tool.Result(UNREAD, "", "")
    assert pool.states() == [("slot-0", "held", "a")]
    assert_refused(pool.pool("acquire", "--name", "a"), 6)


@pytest.mark.parametrize("words", [("sweep",), ("cleanup", "a")], ids=" ".join)
def test_what_always_ends_with_0_does_so_where_nobody_reads_its_tally(pool, words):
    pool.acquire("a")
    assert unread(pool, *words, stream="stdout", command="wt").code == 0
    assert pool.states() == [("slot-0", "idle", None)]


def test_narration_that_nobody_hears_ends_nothing(tmp_path, repo, layout):
    pool = Pool(tmp_path / "root", repo, max_slots=2, groups="ios,android", layout=layout)
    done = unread(pool, "acquire", "--name", "a", stream="stderr")  # says which group
    assert done.code == 0
    assert pool.states() == [("ios-0", "held", "a")]
    gitrepo.commit(done.path, {"x": "1"})
    stands = subprocess.Popen(["sleep", "600"], cwd=done.path)
    try:
        done = unread(
            pool, "release", "--name", "a", stream="stderr"
        )  # says who stands there, and what is set aside
    finally:
        stands.kill()
        stands.wait()
    assert done.code == 0
    assert pool.states() == [("ios-0", "idle", None)]


def test_an_answer_that_cannot_be_written_is_1_and_said(pool):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            tool.argv("worktree-pool", "--pool", pool.key, "acquire", "--name", "a"),
            env=tool.environment(WORKTREE_ROOT=pool.root), stdout=full, stderr=subprocess.PIPE, timeout=100,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == b"error: The answer could not be written to stdout: No space left on device.\n"
    assert pool.states() == [("slot-0", "held", "a")]


def test_a_bug_is_70_and_names_a_report_file(pool, tmp_path):
    """A copy of the program with a bug in it."""
    shutil.copytree(
        f"{tool.ROOT}/wt", tmp_path / "broken" / "wt", ignore=shutil.ignore_patterns("__pycache__")
    )
    with open(tmp_path / "broken/wt/pool/report.py", "a", encoding="utf-8") as file:
        file.write("\n\ndef rows(pool):\n    raise KeyError('https://token@example.com/x')\n")
    program = "import sys; from wt.cli.pool_main import entry; entry(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", program, "--pool", pool.key, "ls"], capture_output=True, text=True, timeout=100,
        env=tool.environment(WORKTREE_ROOT=pool.root, PYTHONPATH=str(tmp_path / "broken"), XDG_STATE_HOME=f"{tmp_path}/state"),
        cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (70, "")
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: This is a bug in wt: KeyError: ")
    assert "token" not in done.stderr
    named = re.fullmatch(r"hint: to see the report: cat (\S+)", hint)
    assert named
    report = named[1]
    assert os.path.dirname(report) == f"{tmp_path}/state/wt"
    assert stat.S_IMODE(os.stat(report).st_mode) == 0o600
    with open(report, encoding="utf-8") as file:
        text = file.read()
    assert "Traceback" in text
    assert "'ls'" in text
    assert "token" not in text


def test_an_error_is_printed_with_its_cause(pool):
    with open(f"{pool.at}/.meta/config.yaml", "a", encoding="utf-8") as file:
        file.write("a: b: c\n")
    done = pool.pool("ls")
    assert_refused(done, 1, f"error: {pool.at}/.meta/config.yaml is not valid YAML (line 10).\n")
    assert "\n  mapping values are not allowed here\n" in done.err


def test_a_hint_is_given_once(tmp_path, repo):
    """Several pools whose errors lead to the same way out."""
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    path = pool.acquire("a")
    shutil.rmtree(path)
    for words in (("release", "--name", "a"), ("acquire", "--name", "a"), ("acquire", "--name", "b")):
        hints = [line for line in pool.pool(*words).err.splitlines() if line.startswith("hint: ")]
        assert len(hints) == len(set(hints))


def test_colour_follows_each_stream_and_what_the_caller_says(pool):
    def said(*words, **env):
        done = pool.pool("acquire", "--name", "main", *words, env=env)
        assert done.code == 2
        return "\x1b[31merror: \x1b[0m" in done.err

    assert not said()
    assert said(CLICOLOR_FORCE="1")
    assert not said(CLICOLOR_FORCE="1", NO_COLOR="1")
    assert said("--color", "always", NO_COLOR="1")
    assert not said("--color=never", CLICOLOR_FORCE="1")
    assert "\x1b" not in pool.pool("ls", env={"CLICOLOR_FORCE": "1"}).out


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C"}, {"LC_ALL": "", "LC_CTYPE": "", "LANG": ""}, {"LANG": "de_DE.ISO-8859-1"}]
)
def test_marks_are_words_where_the_stream_is_not_utf_8(pool, locale):
    pool.acquire("größe")
    shown = pool.wt("ls", env={"LC_ALL": None, "LC_CTYPE": None, "LANG": None, **locale}).out
    assert "[green] clean" in shown
    assert "🟢" not in shown
    assert "größe" in shown
