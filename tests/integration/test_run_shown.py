"""What `wt run` shows: lines, the live table, JUnit XML, and what is known after an interrupt (contract section 18)."""

import contextlib
import json
import os
import re
import shlex
import signal
import time
from typing import Any
from xml.etree import ElementTree as ET

import pexpect
import pytest

from tests.support import gitrepo, runs, terminal, tool
from tests.support.runs import idle, open_text, outcome, results, run, started, until, words

git = gitrepo.git


@pytest.fixture
def pool(tmp_path, repo):
    return runs.six_commits(tmp_path, repo)


def test_lines_in_a_pipe_and_a_summary_with_commit_subject_result_time_and_log(pool):
    done = run(pool, "--at", "HEAD~2..HEAD", "--keep-going", "-j", "1", "--", "grep", "5", "n")
    sha4, sha5 = git(pool.source, "rev-parse", "HEAD~1")[:9], git(pool.source, "rev-parse", "HEAD")[:9]
    assert re.sub(r"\d+\.\d s", "T s", done.err) == (
        f"failed  {sha4}  number 4  T s\npassed  {sha5}  number 5  T s\n1 passed, 1 failed in T s.\n"
    )
    log = rf"{re.escape(pool.at)}/\.meta/logs/\S+\.log"
    assert re.fullmatch(
        rf"failed  {sha4}  number 4 +\d\.\d s  {log}\npassed  {sha5}  number 5 +\d\.\d s  {log}\n", done.out
    )
    assert "\x1b" not in done.out + done.err


def test_a_live_table_on_a_terminal(pool):
    argv = tool.argv(
        "wt", "run", "--at", "HEAD~2..HEAD", "--keep-going", "--", "sh", "-c", "sleep 0.5; grep 5 n"
    )
    env = terminal.environment(WORKTREE_ROOT=pool.root)
    ran: Any = pexpect.run(shlex.join(argv), env=env, cwd=pool.source, withexitstatus=True, timeout=60)
    shown = ran[0].decode()
    assert ran[1] == 1
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)
    assert re.search(r"running +[0-9a-f]{9}  number 4  0 s", plain)
    assert re.search(r"\d running(, \d waiting)?; \d+ s", plain)
    assert re.search(r"1 passed, 1 failed in \d\.\d s\.", plain)
    assert "\x1b[3A" in shown, "drawn over itself"


def shown_for(child, seconds):
    """What a program shows within so many seconds."""
    shown, until_then = b"", time.monotonic() + seconds
    while time.monotonic() < until_then:
        with contextlib.suppress(pexpect.TIMEOUT):
            shown += child.read_nonblocking(1 << 16, timeout=0.1)
    return shown


def test_after_a_stop_the_table_is_drawn_below_what_the_shell_has_written(pool):
    env = terminal.environment(WORKTREE_ROOT=pool.root)
    command, *words = tool.argv("wt", "run", "--", "sleep", "600")
    child: Any = pexpect.spawn(command, words, env=env, cwd=pool.source, timeout=60)
    try:
        child.expect("\x1b\\[2A")
        os.kill(child.pid, signal.SIGSTOP)
        shown_for(child, 2)
        os.kill(child.pid, signal.SIGCONT)
        again = shown_for(child, 2)
        assert b"running" in again.partition(b"\x1b[2A")[0], again
    finally:
        child.kill(signal.SIGINT)
        child.expect(pexpect.EOF)
        child.close()


def test_a_long_subject_leaves_room_for_the_time(pool):
    git(pool.source, "commit", "-q", "--allow-empty", "-m", "a long subject " * 9)
    argv = tool.argv("wt", "run", "--", "sleep", "1.2")
    env = terminal.environment(WORKTREE_ROOT=pool.root)
    ran: Any = pexpect.run(shlex.join(argv), env=env, cwd=pool.source, timeout=60, dimensions=(24, 60))
    rows = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", ran.decode()).splitlines()
    live = [row for row in rows if row.startswith("running ")]
    assert any(row.endswith("…  1 s") for row in live), rows
    assert max(map(len, live)) == 59


def test_logs_that_do_not_fit_into_the_terminal_are_told_by_name(pool):
    run(pool, "--at", "HEAD~1", "--", "true")
    argv = tool.argv("wt", "run", "--at", "HEAD~2..HEAD", "--", "true")
    for columns, top in ((60, ""), (400, rf"{re.escape(pool.at)}/\.meta/logs/\S+/")):
        env = terminal.environment(WORKTREE_ROOT=pool.root)
        ran: Any = pexpect.run(
            shlex.join(argv), env=env, cwd=pool.source, timeout=60, dimensions=(24, columns)
        )
        plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", ran.decode()).splitlines()
        remembered = rf"{re.escape(pool.at)}/\.meta/logs/\S+/0000-\w+\.log"
        assert re.fullmatch(rf"passed  \w+  number 4  remembered  {remembered}", plain[-3]), plain
        first = rf"passed  \w+  number 5 +\d\.\d s  {top}0001-\w+\.log"
        assert re.fullmatch(first if columns == 60 else r"passed .*remembered .*", plain[-2]), plain
        assert (" Logs: " in plain[-1]) is (columns == 60), plain


def test_in_a_narrow_terminal_the_subject_leaves_room_for_the_name_of_the_log(pool):
    git(pool.source, "commit", "-q", "--allow-empty", "-m", "a subject that is longer than all the rest")
    env = terminal.environment(WORKTREE_ROOT=pool.root)
    argv = shlex.join(tool.argv("wt", "run", "--", "true"))
    ran: Any = pexpect.run(argv, env=env, cwd=pool.source, timeout=60, dimensions=(24, 60))
    [row] = [line for line in ran.decode().splitlines() if ".log" in line and "Logs:" not in line]
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", row).lstrip("\r")
    assert re.fullmatch(r"passed  \w{9}  a subj\S* *\S*… +\d\.\d s  0000-\w+\.log", plain), plain
    assert len(plain) <= 60


def test_subjects_are_shown_escaped(pool):
    git(pool.source, "commit", "-q", "--allow-empty", "-m", "evil \x1b]0;t\x07 subject")
    done = run(pool, "--", "true")
    assert "\\x1b]0;t\\x07" in done.out
    assert "\x1b" not in done.out + done.err


def test_junit(pool):
    run(pool, "--junit", "out.xml", "--keep-going", "--at", "HEAD~2..HEAD", "--", "grep", "5", "n")
    suite: Any = ET.parse(f"{pool.source}/out.xml").getroot()[0]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("errors")) == (
        "grep 5 n",
        "2",
        "1",
        "0",
    )
    assert [case.get("name").split(" ", 1)[1] for case in suite] == ["number 4", "number 5"]
    assert suite[1].find("system-out").text == "5\n"
    assert suite[0].find("failure").get("message") == "ended with 1"


def test_what_could_not_be_run_says_why_in_its_log_and_in_junit(pool, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text("garbage\n")
    done = run(
        pool,
        "--keep-going",
        "--patch",
        f"{tmp_path}/a",
        "--patch",
        f"{tmp_path}/b",
        "--junit",
        "x.xml",
        "--",
        "true",
    )
    assert "2 errors in" in done.err
    [first, _] = run(
        pool, "--keep-going", "--json", "--patch", f"{tmp_path}/a", "--patch", f"{tmp_path}/b", "--", "true"
    ).json["results"]
    assert "a does not apply" in open_text(first["log"])
    suite: Any = ET.parse(f"{pool.source}/x.xml").getroot()[0]
    assert "a does not apply" in suite[0].find("system-out").text
    assert suite[0].find("error").get("message") == "could not be run"


@pytest.mark.parametrize("form", ["lines", "json", "junit"])
def test_what_is_known_is_told_after_an_interrupt(pool, form):
    words_ = {"lines": (), "json": ("--json",), "junit": ("--junit", "x.xml")}[form]
    command = f"echo $$ >> {pool.root}/begun; grep 3 n || sleep 600"
    process = started(
        pool, *words_, "--at", "HEAD~3..HEAD", "-j", "1", "--", "sh", "-c", command, start_new_session=True
    )
    until(lambda: len(words(f"{pool.root}/begun")) == 2)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    if form == "json":
        assert [(row["subject"], row["result"]) for row in json.loads(out)["results"]] == [
            ("number 3", "pass")
        ]
    else:
        assert re.match(r"passed  \w+  number 3 ", out)
        assert "interrupted; what ran is ended, the slots are given back.\n1 passed, 2 not run in" in err
    if form == "junit":
        assert ET.parse(f"{pool.source}/x.xml").getroot()[0].get("tests") == "1"


def test_a_command_that_ruins_its_worktree_costs_the_next_commit_nothing(pool):
    ruin = 'grep 3 n >/dev/null && { cd /; rm -rf "$OLDPWD"; }; true'
    rows, code = results(pool, "-j", "1", "--at", "HEAD~3..HEAD", "--", "sh", "-c", ruin)
    assert (outcome(rows), code) == ({"number 3": "pass", "number 4": "pass", "number 5": "pass"}, 0)
    assert idle(pool)
