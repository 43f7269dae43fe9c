"""wt run and hooks (contract sections 14 and 18): to hooks, each commit is an acquire and a release."""

import os
import signal
import subprocess

import pytest

from tests.support import gitrepo, hooking, tool
from tests.support.hooking import says
from tests.support.runs import is_alive, until
from tests.support.tool import Pool, assert_refused
from tests.support.untouched import everything


def run(pool, *words, **more):
    return pool.wt("run", *words, **more)


def rows(pool, *words, **more):
    return run(pool, "--json", *words, **more).json["results"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_each_commit_is_acquired_and_released_and_the_first_of_a_new_slot_is_fresh(pool):
    text = (
        'wt_post_acquire() { echo "acquired fresh=$WT_FRESH $(git log -1 --format=%s) $PWD"; }\n'
        'wt_pre_release() { echo "leaving $PWD"; }\n'
        'wt_post_release() { echo "left $PWD $WT_PATH"; }\n'
    )
    hooking.approved(pool, text)
    gitrepo.commit(pool.source, {"n": "1\n"}, "one")
    first, second = rows(pool, "-j", "1", "--at", "HEAD~1", "--at", "HEAD", "--", "echo", "command")
    slot = f"{pool.at}/slot-0"
    around = f"{slot}\ncommand\nleaving {slot}\nleft {pool.at} {slot}\n"
    assert read(first["log"]) == f"acquired fresh=1 hooks {around}"
    assert read(second["log"]) == f"acquired fresh=0 one {around}"


def test_what_is_not_approved_ends_7_before_anything_is_touched(pool):
    hooking.commit(pool.source, "wt_post_acquire() { touch $WT_SOURCE/ran; }\n")
    gitrepo.git(pool.source, "rm", "-q", hooking.NAME)
    gitrepo.git(pool.source, "commit", "-q", "-m", "without")
    before = everything(pool.root, pool.source)
    done = run(pool, "--at", "HEAD~1", "--at", "HEAD", "--", "true")
    commit = gitrepo.git(pool.source, "rev-parse", "HEAD~1")
    assert_refused(
        done, 7, "are not approved; nothing was touched", f"wt trust --pool app --from {commit[:12]}"
    )
    assert "wt run --at 'HEAD~1' --at HEAD --no-hooks -- true" in done.err
    assert everything(pool.root, pool.source) == before
    assert run(pool, "--at", "HEAD", "--", "true").code == 0, "a commit without hooks asks nothing"


def test_trust_hooks_no_hooks_and_the_environment(pool, log):
    text = says(log, "wt_post_acquire", "wt_pre_release")
    digest = hooking.commit(pool.source, text)
    once = f"wt_post_acquire {pool.at}/slot-0\nwt_pre_release {pool.at}/slot-0\n"
    for number, (words, env, ran) in enumerate((
        (("--trust-hooks", digest), {}, True),
        ((), {"WT_TRUST": digest}, True),
        (("--no-hooks",), {}, False),
        ((), {"WT_HOOKS": "off"}, False),
    )):  # fmt: skip
        log.write_text("")
        done = run(pool, "--fresh", *words, "--", "true", env=env)
        assert (done.code, log.read_text()) == (0, once if ran else ""), number
    assert_refused(run(pool, "--trust-hooks", digest[:-1] + "0", "--fresh", "--", "true"), 7, "not approved")
    assert_refused(run(pool, "--trust-hooks", "x", "--", "true"), 2, "64 hex digits")


def test_the_users_own_file_runs_first(pool, home, log):
    own = home / ".config/wt"
    own.mkdir(parents=True)
    (own / "hooks.sh").write_text("wt_post_acquire() { echo mine; }\n")
    [row] = rows(pool, "--", "echo", "command")
    assert read(row["log"]) == "mine\ncommand\n"


@pytest.mark.parametrize("failing", ["false", 'cd /; rm -rf "$WT_PATH"'])
def test_one_that_fails_is_an_error_the_next_commit_goes_on_and_fresh_stays_fresh(pool, failing):
    hooking.approved(pool, f"wt_post_acquire() {{ echo said fresh=$WT_FRESH; {failing}; }}\n")
    hooking.approved(pool, 'wt_post_acquire() { echo "fresh=$WT_FRESH"; }\n')
    done = run(pool, "--keep-going", "--json", "-j", "1", "--at", "HEAD~1", "--at", "HEAD", "--", "true")
    first, second = done.json["results"]
    assert (first["result"], first["returncode"], second["result"]) == ("error", None, "pass"), done
    assert "could not be run: The hook wt_post_acquire" in done.err
    assert read(first["log"]).startswith("said fresh=1\nThe hook wt_post_acquire ")
    assert read(second["log"]) == "fresh=1\n"
    assert pool.states() == [("slot-0", "idle", None)]
    again = pool.pool("acquire", "--name", "x")
    assert again.err.splitlines()[0] == "fresh=0"


def test_a_slot_that_no_hook_has_warmed_is_fresh_for_whoever_comes_next(pool):
    hooking.approved(pool, 'wt_post_acquire() { echo "fresh=$WT_FRESH"; [ -z "$FAIL" ]; }\n')
    for acquire in (
        lambda: run(pool, "--", "true", env={"FAIL": "1"}),
        lambda: pool.pool("acquire", "--name", "x", env={"FAIL": "1"}),
    ):
        assert acquire().code == 1
        assert pool.states() == [("slot-0", "idle", None)]
    assert "fresh=1" in pool.pool("acquire", "--name", "x").err
    pool.pool("release", "--name", "x")
    assert "fresh=0" in pool.pool("acquire", "--name", "x").err


def test_a_release_hook_that_fails_is_told_in_the_log_and_ignored(pool):
    hooking.approved(pool, "wt_pre_release() { false; }\n")
    [row] = rows(pool, "--", "true")
    assert row["result"] == "pass"
    assert "wt_pre_release" in read(row["log"])
    assert "ended with status 1; which is ignored" in read(row["log"])


def test_a_timeout_is_for_hooks_too(pool):
    hooking.approved(pool, "wt_post_acquire() { sleep 600; }\n")
    [row] = rows(pool, "--timeout", "0.5", "--", "true")
    assert (row["result"], row["returncode"]) == ("timeout", None)
    hooking.approved(pool, "wt_pre_release() { exec >&- 2>&-; sleep 600; }\n")
    [row] = rows(pool, "--timeout", "0.5", "--", "true")
    assert row["result"] == "pass"
    assert read(row["log"]) == "the hooks of a release took too long, and were ended.\n"


def test_an_interrupt_ends_hooks_that_run_side_by_side(pool):
    hooking.approved(pool, f"wt_post_acquire() {{ echo $$ >>{pool.root}/pids; sleep 600; }}\n")
    gitrepo.commit(pool.source, {"n": "1\n"}, "one")
    process = subprocess.Popen(
        tool.argv("wt", "run", "-j", "2", "--keep-free", "0", "--at", "HEAD~1", "--at", "HEAD", "--", "true"),
        cwd=pool.source, env=tool.environment(WORKTREE_ROOT=pool.root), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    until(lambda: len(pids(pool)) == 2)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, ""), err
    assert not [pid for pid in pids(pool) if is_alive(pid)]
    assert [state for _id, state, _name in pool.states()] == ["idle", "idle"]


def test_killed_in_a_hook_the_next_run_ends_it_and_has_the_slot_back(pool):
    hooking.approved(
        pool, f'wt_post_acquire() {{ echo $$ >>{pool.root}/pids; [ -z "$SLOW" ] || sleep 600; }}\n'
    )
    process = subprocess.Popen(
        tool.argv("wt", "run", "--", "true"),
        cwd=pool.source,
        env=tool.environment(WORKTREE_ROOT=pool.root, SLOW="1"),
    )
    until(lambda: len(pids(pool)) == 1)
    process.kill()
    process.wait()
    assert run(pool, "--", "true").code == 0
    assert not is_alive(pids(pool)[0])
    assert pool.states() == [("slot-0", "idle", None)]


def test_hooks_of_many_commits_cost_two_questions(pool):
    gitrepo.git(pool.source, "checkout", "-q", "--detach")
    for number in range(30):
        gitrepo.git(pool.source, "commit", "-q", "--allow-empty", "-m", str(number))
    calls = f"{pool.root}/trace"
    run(pool, "--at", "HEAD~30..HEAD", "--", "true", env={"GIT_TRACE": calls})
    run(pool, "--at", "HEAD~30..HEAD", "--", "true", env={"GIT_TRACE": calls})
    assert read(calls).count(" cat-file ") < 6


def pids(pool):
    try:
        return read(f"{pool.root}/pids").split()
    except FileNotFoundError:
        return []


def test_a_slot_that_somebody_else_has_meanwhile_is_left_alone(tmp_path, repo):
    """A person releases a slot of a run, and another takes it: nothing of theirs may be discarded."""
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    gitrepo.commit(repo, {"n": "1\n"}, "one")
    command = f"echo $$ >>{pool.root}/pids; while [ ! -e {pool.root}/go ]; do sleep 0.02; done"
    said = open(f"{pool.root}/said", "w", encoding="utf-8")  # noqa: SIM115 (the process writes to it, too)
    process = subprocess.Popen(
        tool.argv("wt", "run", "--keep-going", "-j", "1", "--at", "HEAD~1", "--at", "HEAD", "--", "sh", "-c", command),
        cwd=repo, env=tool.environment(WORKTREE_ROOT=pool.root), stdout=said, stderr=said,
    )  # fmt: skip
    until(lambda: len(pids(pool)) == 1)
    assert pool.pool("release", "--slot", "slot-0").code == 0
    mine = pool.acquire("mine")
    gitrepo.write(mine, {"README": "my work\n", "new": "mine\n"})
    gitrepo.write(pool.root, {"go": ""})
    until(lambda: "waiting for a slot" in read(said.name))
    assert gitrepo.git(mine, "status", "--porcelain") == " M README\n?? new"
    assert pool.pool("release", "--slot", "slot-0").code == 0
    assert process.wait(60) == 1
    said.close()
    assert "could not be run: slot-0 was given back by somebody else." in read(said.name)
    assert "1 passed, 1 error in" in read(said.name)
