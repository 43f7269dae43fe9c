"""wt run, contract section 18: each sentence, as whole processes."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.support import gitrepo, runs, tool
from tests.support.runs import idle, is_alive, open_text, outcome, results, run, started, until, words
from tests.support.stage import content
from tests.support.tool import Pool, assert_refused

git = gitrepo.git


@pytest.fixture
def pool(tmp_path, repo):
    return runs.six_commits(tmp_path, repo)


# What it runs, and where.


def test_without_at_it_is_head(pool):
    rows, code = results(pool, "--", "cat", "n")
    assert (outcome(rows), code) == ({"number 5": "pass"}, 0)
    with open(rows["number 5"]["log"], encoding="utf-8") as log:
        assert log.read() == "5\n"


def test_head_is_that_of_the_worktree_one_stands_in(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {"n": "mine\n"}, "mine")
    rows, _code = results(pool, "--", "true", cwd=path)
    assert list(rows) == ["mine"]


def test_at_may_be_repeated_and_takes_ranges_oldest_first(pool):
    rows, code = results(pool, "--at", "HEAD~4", "--at", "HEAD~3..HEAD~1", "--at", "HEAD~2", "--", "true")
    assert list(rows) == ["number 1", "number 3", "number 4"]
    assert code == 0
    assert rows["number 1"]["commit"] == git(pool.source, "rev-parse", "HEAD~4")
    assert rows["number 1"]["tree"] == git(pool.source, "rev-parse", "HEAD~4^{tree}")


def test_json_has_the_keys_of_the_contract(pool):
    done = run(pool, "--json", "--", "sh", "-c", "exit 3").json
    assert set(done) == {"command", "results"}
    assert done["command"] == ["sh", "-c", "exit 3"]
    [row] = done["results"]
    assert set(row) == {
        "commit",
        "tree",
        "subject",
        "result",
        "returncode",
        "duration_s",
        "remembered",
        "log",
    }
    assert (row["result"], row["returncode"], row["remembered"]) == ("fail", 3, False)


def test_files_are_those_of_the_commit_whatever_the_run_before_left(pool):
    command = "test $(git status --porcelain | wc -l) = 0 && echo x >> n && touch junk && mkdir -p build && touch build/cache"
    rows, code = results(
        pool,
        "--at",
        "HEAD~5..HEAD",
        "-j",
        "1",
        "--",
        "sh",
        "-c",
        f"test ! -e build/cache || echo warm; {command}",
    )
    assert set(outcome(rows).values()) == {"pass"}
    logs = [open_text(row["log"]) for row in rows.values()]
    assert logs == ["", *["warm\n"] * 4], "what git ignores is still there"
    assert code == 0
    [row] = [row for row in pool.rows() if row["state"] == "idle"]
    assert git(row["path"], "status", "--porcelain") == ""


def test_what_the_acquire_has_just_brought_is_not_brought_again(pool):
    pool.acquire("x")
    pool.wt("release", "x")
    calls = f"{pool.root}/trace"
    row = results(pool, "--", "git", "symbolic-ref", "-q", "HEAD", env={"GIT_TRACE": calls})[0]["number 5"]
    assert (row["result"], row["returncode"]) == ("fail", 1), "HEAD is detached, as for every other commit"
    assert " checkout " not in open_text(calls)


def test_many_revisions_cost_one_question(pool):
    calls = f"{pool.root}/trace"
    at = [word for number in range(5) for word in ("--at", f"HEAD~{number}")]
    rows, code = results(pool, *at, "--", "true", env={"GIT_TRACE": calls})
    assert (len(rows), code) == (5, 0)
    assert " rev-parse " not in open_text(calls)


def test_ones_own_checkout_is_not_touched(pool):
    gitrepo.write(pool.source, {"n": "mine\n", "untracked": "mine\n"})
    before = dict(content(pool.source))
    run(pool, "--at", "HEAD~2..HEAD", "--", "sh", "-c", "echo x > n")
    assert dict(content(pool.source)) == before
    assert git(pool.source, "branch", "--format=%(refname:short)") == "main"
    assert git(pool.source, "for-each-ref", "refs/wt") == ""


def test_what_lay_in_an_idle_slot_is_set_aside_first(pool):
    path = pool.acquire("x")
    gitrepo.write(path, {"notes": "somebody's\n"})
    assert pool.pool("release", "--name", "x").code == 0
    rows, code = results(pool, "--", "sh", "-c", "test ! -e notes")
    assert code == 0, rows
    assert (
        git(
            pool.source,
            "show",
            git(pool.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept") + "^3:notes",
        )
        == "somebody's"
    )


def test_variants_by_patch_file(pool, tmp_path):
    for name, to in (("good", "good"), ("bad", "bad")):
        (tmp_path / f"{name}.diff").write_text(f"--- a/n\n+++ b/n\n@@ -1 +1 @@\n-5\n+{to}\n")
    (tmp_path / "odd.diff").write_text("--- a/n\n+++ b/n\n@@ -1 +1 @@\n-no\n+odd\n")
    patches = [
        word for name in ("good", "bad", "odd") for word in ("--patch", str(tmp_path / f"{name}.diff"))
    ]
    done = run(pool, "--json", "--keep-going", *patches, "--", "grep", "-q", "good", "n")
    rows = {os.path.basename(row["patch"]): row for row in done.json["results"]}
    assert {name: row["result"] for name, row in rows.items()} == {
        "good.diff": "pass",
        "bad.diff": "fail",
        "odd.diff": "error",
    }
    assert {row["commit"] for row in rows.values()} == {git(pool.source, "rev-parse", "HEAD")}
    assert rows["good.diff"]["tree"] != git(pool.source, "rev-parse", "HEAD^{tree}")
    assert "odd.diff does not apply" in done.err
    assert done.code == 1
    assert idle(pool)


def test_side_by_side(pool):
    """Each waits for the other; -j 1 would wait for ever."""
    here = pool.root
    command = f"touch {here}/$PPID-$$; while [ $(ls {here} | grep -c -- -) -lt 2 ]; do sleep 0.01; done"
    assert run(pool, "--at", "HEAD~2..HEAD", "-j", "2", "--", "sh", "-c", command).code == 0


def test_env_is_given_to_the_command(pool):
    rows, _code = results(pool, "--env", "A=1", "--env", "B=2 3", "--", "sh", "-c", 'echo "$A $B"')
    assert open_text(rows["number 5"]["log"]) == "1 2 3\n"


def test_no_variable_leads_git_elsewhere(pool):
    rows, _code = results(pool, "--", "git", "rev-parse", "HEAD", env={"GIT_DIR": "/nowhere"})
    assert open_text(rows["number 5"]["log"]).strip() == git(pool.source, "rev-parse", "HEAD")


# How it ends.


def test_exit_0_iff_all_passed(pool):
    assert run(pool, "--at", "HEAD~1..HEAD", "--", "true").code == 0
    assert run(pool, "--at", "HEAD~2..HEAD", "--keep-going", "--", "grep", "5", "n").code == 1
    assert idle(pool)


def test_without_keep_going_nothing_new_is_begun_after_one_failed(pool):
    rows, code = results(pool, "--at", "HEAD~5..HEAD", "-j", "1", "--", "grep", "-q", "[12]", "n")
    assert (outcome(rows), code) == ({"number 1": "pass", "number 2": "pass", "number 3": "fail"}, 1)
    rows, code = results(
        pool, "--at", "HEAD~5..HEAD", "-j", "1", "--keep-going", "--", "grep", "-q", "[12]", "n"
    )
    assert [row["result"] for row in rows.values()] == ["pass", "pass", "fail", "fail", "fail"]


def test_timeout_is_a_result_of_its_own_and_ends_the_group(pool):
    children = f"{pool.root}/children"
    command = f"trap '' TERM; sleep 600 & echo $! > {children}; wait; sleep 600"
    rows, code = results(pool, "--timeout", "0.5", "--", "sh", "-c", command)
    assert (outcome(rows), code) == ({"number 5": "timeout"}, 1)
    assert not is_alive(words(children)[0])
    assert idle(pool)


def test_what_cannot_be_started_is_an_error(pool):
    rows, code = results(pool, "--", "no-such-program")
    assert (outcome(rows), code) == ({"number 5": "error"}, 1)
    assert rows["number 5"]["returncode"] is None
    assert "could not be started" in open_text(rows["number 5"]["log"])


def test_why_it_cannot_be_started_is_told_once(pool):
    done = run(pool, "--keep-going", "--at", "HEAD~2..HEAD", "--", "no-such-command")
    assert done.err.count("no-such-command: could not be started: No such file or directory") == 1


def test_what_is_not_committed_is_said_not_to_be_tried_and_how_it_is(pool):
    notice = "what is not committed in"
    assert notice not in run(pool, "--", "true").err
    with open(f"{pool.source}/n", "a", encoding="utf-8") as file:
        file.write("mine\n")
    done = run(pool, "--fresh", "--", "grep", "mine", "n")
    assert done.code == 1
    assert f"{notice} {pool.source} is not tried." in done.err
    hint = (
        "to try it: git diff --binary HEAD > /tmp/mine.diff && wt run --patch /tmp/mine.diff -- grep mine n"
    )
    assert hint in done.err
    assert notice not in run(pool, "--at", "HEAD", "--", "true").err


def test_a_command_without_the_dashes_is_answered_with_them(pool):
    done = run(pool, "--timeout", "60", "make", "test")
    assert_refused(
        done, 2, "has no use for `make`", "if that is the command: wt run --timeout 60 -- make test"
    )


def test_a_pass_is_remembered_by_tree_command_and_environment(pool):
    marks = f"{pool.root}/marks"
    command = ("--", "sh", "-c", f"echo $$ >> {marks}")
    first, _ = results(pool, *command)
    assert not first["number 5"]["remembered"]
    again, code = results(pool, *command)
    assert again["number 5"]["remembered"]
    assert (again["number 5"]["result"], again["number 5"]["log"], code) == (
        "pass",
        first["number 5"]["log"],
        0,
    )
    assert len(words(marks)) == 1
    # another commit of the same tree
    git(pool.source, "commit", "-q", "--allow-empty", "-m", "empty")
    assert results(pool, *command)[0]["empty"]["remembered"]
    assert len(words(marks)) == 1
    results(pool, "--env", "A=1", *command)
    assert len(words(marks)) == 2, "another environment"
    run(pool, "--", "sh", "-c", f"echo $$ >> {marks} ")
    assert len(words(marks)) == 3, "another command"
    fresh, _ = results(pool, "--fresh", *command)
    assert not fresh["empty"]["remembered"]
    assert len(words(marks)) == 4


def test_a_pass_of_more_than_ninety_days_ago_is_forgotten(pool):
    run(pool, "--", "true")
    passes = f"{pool.at}/.meta/passes"
    [path] = [f"{top}/{name}" for top, _, files in os.walk(passes) for name in files]
    old = os.path.join(os.path.dirname(path), "0" * 62)
    os.link(path, old)
    os.unlink(path)
    os.utime(old, (time.time() - 91 * 86400,) * 2)
    again, _ = results(pool, "--", "true")
    assert not again["number 5"]["remembered"]
    assert not os.path.exists(old)


def test_a_failure_is_not_remembered(pool):
    marks = f"{pool.root}/marks"
    for _ in range(2):
        run(pool, "--", "sh", "-c", f"echo $$ >> {marks}; exit 1")
    assert len(words(marks)) == 2


def test_what_is_remembered_takes_no_slot(pool):
    run(pool, "--", "true")
    for name in ("a", "b", "c"):
        pool.acquire(name)
    assert results(pool, "--", "true")[0]["number 5"]["remembered"]


# Slots.


def test_one_slot_is_left_free_for_people(pool):
    pool.acquire("a")
    process = started(pool, "--at", "HEAD~5..HEAD", "-j", "3", "--", "sh", "-c", "sleep 0.3")
    most = 0
    while process.poll() is None:
        most = max(most, sum(state != "idle" for _id, state, _name in pool.states()))
    out, err = process.communicate()
    assert process.returncode == 0, (out, err)
    assert most == 2, "one is a person's, one is free"


def test_a_full_pool_is_waited_for(pool):
    for name in ("a", "b", "c"):
        pool.acquire(name)
    process = started(pool, "--", "true")
    until(lambda: "waiting for a slot" in process.stderr.readline())
    assert pool.pool("release", "--name", "a").code == 0
    assert pool.pool("release", "--name", "b").code == 0
    assert process.wait(60) == 0
    process.communicate()


def test_where_people_have_fewer_slots_left_one_is_given_back(pool):
    """The first two commands wait for `on`, those after them for `end`."""
    marks, here = f"{pool.root}/marks", pool.root
    waits = f"echo $$ >> {marks}; test $(wc -l < {marks}) -gt 2 && for=end || for=on; until test -e {here}/$for; do sleep 0.1; done"
    process = started(pool, "--fresh", "-j", "2", "--at", "HEAD~5..HEAD", "--", "sh", "-c", waits)
    until(lambda: len(words(marks)) == 2)
    pool.acquire("first")
    assert pool.pool("acquire", "--name", "second").code == 4
    gitrepo.write(here, {"on": ""})
    assert pool.pool("acquire", "--name", "second", "--wait", "30").code == 0
    assert process.poll() is None
    gitrepo.write(here, {"end": ""})
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)


def test_keep_free_0_takes_the_last_one(pool):
    pool.acquire("a")
    pool.acquire("b")
    assert run(pool, "--keep-free", "0", "--", "true").code == 0


def test_a_pool_of_one_is_used(tmp_path, repo):
    assert run(Pool(tmp_path / "one", repo, max_slots=1), "--", "true").code == 0


def test_in_groups(tmp_path, repo):
    pool = Pool(tmp_path / "grouped", repo, max_slots=2, groups="ios,android")
    rows, _ = results(pool, "--group", "android", "--", "pwd")
    assert open_text(rows["first"]["log"]).strip().endswith("/android-0")
    assert_refused(run(pool, "--group", "web", "--", "true"), 2, "has no group `web`")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_stops_everything_children_included_and_gives_the_slots_back(pool, signum):
    children = f"{pool.root}/children"
    command = f"trap '' TERM INT HUP; sleep 600 & echo $! >> {children}; setsid sleep 600 & echo $! >> {children}; wait; sleep 600"
    process = started(
        pool, "--at", "HEAD~5..HEAD", "-j", "2", "--", "sh", "-c", command, start_new_session=True
    )
    until(lambda: len(words(children)) == 4)
    os.killpg(process.pid, signum)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signum, (out, err)
    assert not any(is_alive(child) for child in words(children))
    assert "Traceback" not in err
    assert idle(pool)
    assert git(pool.source, "branch", "--format=%(refname:short)") == "main"


@pytest.mark.parametrize("moment", [0.15, 0.4, 0.8])
def test_killed_the_next_run_has_every_slot_back_and_what_ran_is_ended(pool, moment):
    children = f"{pool.root}/children"
    process = started(
        pool, "--at", "HEAD~5..HEAD", "-j", "2", "--", "sh", "-c", f"echo $$ >> {children}; sleep 600"
    )
    time.sleep(moment)
    process.kill()
    process.communicate()
    done = run(pool, "--keep-free", "0", "-j", "3", "--at", "HEAD~3..HEAD", "--", "true")
    assert done.code == 0, done
    assert idle(pool)
    assert not any(is_alive(child) for child in words(children))
    assert git(pool.source, "branch", "--format=%(refname:short)") == "main"


FEW_THREADS = """
import sys, threading
start, left = threading.Thread.start, [int(sys.argv.pop(1))]
def counted(self):
    if not left[0]:
        raise RuntimeError("can't start new thread")
    left[0] -= 1
    start(self)
threading.Thread.start = counted
from wt.cli.main import entry
entry(sys.argv[1:])
"""


@pytest.mark.parametrize("threads", [0, 1])
def test_it_makes_do_with_the_threads_that_are_to_be_had(pool, threads):
    argv = [
        sys.executable,
        "-c",
        FEW_THREADS,
        str(threads),
        "run",
        "-j",
        "2",
        "--at",
        "HEAD~3..HEAD",
        "--",
        "true",
    ]
    env = tool.environment(WORKTREE_ROOT=pool.root)
    done = subprocess.run(argv, cwd=pool.source, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == (0 if threads else 1), done
    assert ("error: No thread can be had; nothing was run." in done.stderr) == (not threads)
    assert idle(pool)


def test_two_runs_at_once_share_the_pool(pool):
    processes = [
        started(pool, "--fresh", "--keep-free", "0", "--at", "HEAD~5..HEAD", "--", "sh", "-c", "sleep 0.1")
        for _ in range(3)
    ]
    for process in processes:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, (out, err)
    assert idle(pool)


# Bisect.


def test_bisect_finds_the_first_failing_commit(pool):
    for number in range(6, 30):
        gitrepo.commit(pool.source, {"n": f"{number}\n"}, f"number {number}")
    for first in (1, 2, 13, 28, 29):
        done = run(
            pool,
            "--json",
            "--bisect",
            "--at",
            "HEAD~29..HEAD",
            "-j",
            "2",
            "--",
            "sh",
            "-c",
            f"test $(cat n) -lt {first}",
        )
        expected = git(pool.source, "rev-parse", f"HEAD~{29 - first}")
        assert (done.json["first_failing"], done.code) == ([expected], 1), first
        assert len(done.json["results"]) < 14, "far fewer than 29"
    said = run(pool, "--bisect", "--at", "HEAD~29..HEAD", "--", "sh", "-c", "test $(cat n) -lt 13").out
    assert said.endswith(
        f"{git(pool.source, 'rev-parse', 'HEAD~16')} is the first failing commit: number 13\n"
    )


def test_bisect_where_nothing_fails_and_where_all_does(pool):
    done = run(pool, "--bisect", "--at", "HEAD~5..HEAD", "--", "true")
    assert (done.code, "nothing fails" in done.err) == (0, True)
    done = run(pool, "--bisect", "--at", "HEAD~5..HEAD", "--", "false")
    assert done.code == 1
    assert "where the range begins, fails already" in done.out


def test_bisect_ends_what_is_of_no_use_any_more(pool):
    """Number 3 never ends by itself, and need not: number 1 fails."""
    command = "case $(cat n) in 0) exit 0;; 3|4) sleep 600;; *) exit 1;; esac"
    done = run(
        pool,
        "--json",
        "--bisect",
        "--keep-free",
        "0",
        "-j",
        "3",
        "--at",
        "HEAD~5..HEAD",
        "--",
        "sh",
        "-c",
        command,
    )
    assert done.json["first_failing"] == [git(pool.source, "rev-parse", "HEAD~4")]


def test_bisect_needs_a_range(pool):
    for wrong in (
        (),
        ("--at", "HEAD"),
        ("--at", "HEAD~2..HEAD", "--at", "HEAD~3..HEAD"),
        ("--at", "HEAD~1...HEAD"),
    ):
        assert_refused(run(pool, "--bisect", *wrong, "--", "true"), 2, "needs one range")


# What it refuses, with nothing run.


@pytest.mark.parametrize(
    ("argv", "words_of_it"),
    [
        ((), "needs a command behind `--`"),
        (("--at", "nonsense", "--", "true"), "names no commit"),
        (("--at", "nonsense..HEAD", "--", "true"), "names no commits"),
        (("--at", "HEAD..HEAD", "--", "true"), "no commit in `HEAD..HEAD`"),
        (("--at", "--output=x", "--", "true"), "names no commit"),
        (("--at", "--output=x..HEAD", "--", "true"), "names no commits"),
        (("-j", "0", "--", "true"), "the least is 1"),
        (("-j", "x", "--", "true"), "needs a number"),
        (("--timeout", "0", "--", "true"), "needs some seconds"),
        (("--keep-free", "-1", "--", "true"), "the least is 0"),
        (("--keep-free", "3", "--", "true"), "the pool has 3 slots in all"),
        (("--junit", "none/x.xml", "--", "true"), "could not be written"),
        (("--junit", ".", "--", "true"), "could not be written"),
        (("--env", "A", "--", "true"), "needs NAME=VALUE"),
        (("--patch", "none.diff", "--", "true"), "is no file"),
    ],
)
def test_refused_before_anything_runs(pool, argv, words_of_it):
    assert_refused(run(pool, *argv), 2, words_of_it)
    assert pool.states() == []


def test_many_options_at_once(pool):
    rows, code = results(pool, "-j2", "--timeout=60", "--at=HEAD~1", "--at=HEAD", "--", "true")
    assert (list(rows), code) == (["number 4", "number 5"], 0)


def test_logs_of_the_last_twenty_runs_are_kept(pool):
    os.makedirs(f"{pool.at}/.meta/logs")
    for number in range(30):
        os.makedirs(f"{pool.at}/.meta/logs/20200101T0000{number:02}Z-x")
    json.loads(run(pool, "--json", "--", "true").out)
    assert len(os.listdir(f"{pool.at}/.meta/logs")) <= 21
