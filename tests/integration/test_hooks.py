"""When hooks run, with which environment, and what their failure does: acquire, release, cleanup, restore (contract section 14)."""

import os
import re
import shlex

import pytest

from tests.support import gitrepo, hooking, host, tool
from tests.support.hooking import lines, says
from tests.support.tool import assert_refused
from tests.support.untouched import everything

ENVIRONMENT = """
wt_post_acquire() {
    env | grep '^WT_' | sort >&2
    pwd
}
"""


@pytest.mark.parametrize("command", ["primitive", "new", "acquire"])
def test_post_acquire_runs_in_the_slot_before_the_path_is_printed(both, command):
    hooking.approved(
        both, 'wt_post_acquire() { echo "at $PWD"; git symbolic-ref HEAD; git status --porcelain; }\n'
    )
    done = both.pool("acquire", "--name", "x") if command == "primitive" else both.wt(command, "x")
    assert done.code == 0, done
    assert done.out.count("\n") == 1
    assert done.err.splitlines()[:2] == [f"at {done.path}", "refs/heads/x"]


def test_a_hook_is_told_which_slot_and_why(pool):
    hooking.approved(pool, ENVIRONMENT)
    told = dict(
        line.split("=", 1) for line in pool.pool("acquire", "--name", "f/x").err.splitlines() if "=" in line
    )
    told.pop(host.OURS, None)
    op, pid = told.pop("WT_OP").rsplit(":", 1)
    assert (op, pid.isdigit()) == ("acquire:app:slot-0", True)
    assert told == {
        "WT_KEY": "app", "WT_NAME": "f/x", "WT_PATH": f"{pool.at}/f-x", "WT_SLOT": "slot-0", "WT_GROUP": "",
        "WT_SOURCE": pool.source, "WT_BASE": "main", "WT_FRESH": "1", "WT_RESUMED": "0",
    }  # fmt: skip


def test_fresh_is_a_slot_without_caches(pool):
    hooking.approved(pool, 'wt_post_acquire() { echo "fresh=$WT_FRESH"; }\n')
    assert "fresh=1" in pool.pool("acquire", "--name", "x").err
    pool.pool("release", "--name", "x")
    assert "fresh=0" in pool.pool("acquire", "--name", "y").err


def test_the_group_is_told(tmp_path, repo):
    pool = tool.Pool(tmp_path / "root", repo, groups="ios,android")
    hooking.approved(pool, 'wt_post_acquire() { echo "$WT_GROUP $WT_SLOT"; }\n')
    assert "android android-0" in pool.pool("acquire", "--name", "x", "--group", "android").err


def test_a_post_acquire_that_fails_fails_the_acquire_and_the_slot_goes_back_to_idle(both):
    hooking.approved(
        both, "wt_post_acquire() { touch warmth; git commit -q --allow-empty -m mine; false; }\n"
    )
    done = both.pool("acquire", "--name", "x")
    assert_refused(done, 1, "wt_post_acquire", "ended with status 1", "goes back to idle")
    assert both.states() == [("slot-0", "idle", None)]
    assert os.path.exists(f"{both.at}/slot-0/warmth")
    kept = gitrepo.git(both.source, "for-each-ref", "--format=%(subject) %(refname)", "refs")
    assert "mine refs/wt/kept/x/" in kept  # what a hook committed is set aside
    assert "refs/heads/x" not in kept
    assert both.pool("acquire", "--name", "x", "--no-hooks").code == 0


def test_a_syntax_error_fails_the_acquire(pool):
    hooking.approved(pool, "wt_post_acquire() { if; }\n")
    assert_refused(pool.pool("acquire", "--name", "x"), 1, "syntax error")
    assert pool.states() == [("slot-0", "idle", None)]


def test_a_hook_that_goes_off_its_branch_and_fails_loses_nothing(pool):
    text = "wt_post_acquire() { git switch -q --detach; echo new >new; git add new; git commit -q -m aside; rm README; exit 9; }\n"
    hooking.approved(pool, text)
    assert pool.pool("acquire", "--name", "x").code == 1
    assert "aside" in gitrepo.git(pool.source, "log", "--format=%s", "--glob=refs/wt/kept")
    assert gitrepo.git(f"{pool.at}/slot-0", "status", "--porcelain") == " D README"
    assert pool.states() == [("slot-0", "idle", None)]


def test_a_hook_that_deletes_its_own_slot_fails_the_acquire_and_costs_no_slot(both):
    hooking.approved(both, 'wt_post_acquire() { cd /; rm -rf "$WT_PATH"; }\n')
    assert_refused(both.pool("acquire", "--name", "x"), 1, "taken", "away")
    assert "refs/heads/x" not in gitrepo.git(both.source, "for-each-ref")
    for name in ("a", "b"):
        both.acquire(name, "--no-hooks")
    assert sorted(both.states()) == [("slot-0", "held", "a"), ("slot-1", "held", "b")]


def test_a_pre_release_that_deletes_its_own_slot_costs_no_slot(both, log):
    hooking.approved(both, 'wt_pre_release() { cd /; rm -rf "$WT_PATH"; }\n' + says(log, "wt_post_release"))
    both.acquire("x")
    done = both.wt("release", "x", "--force")
    assert (done.code, "has taken" in done.err) == (0, True), done
    assert lines(log) == [f"wt_post_release {both.at}"]
    both.acquire("y")
    assert both.pool("release", "--name", "y").code == 0
    for name in ("a", "b"):
        both.acquire(name)


def test_release_runs_its_hooks_around_it_for_both_commands(both, log):
    hooking.approved(both, says(log, "wt_pre_release", "wt_post_release"))
    for release in (lambda: both.pool("release", "--name", "x"), lambda: both.wt("release", "x")):
        path = both.acquire("x")
        log.write_text("")
        assert release().code == 0
        assert lines(log) == [f"wt_pre_release {path}", f"wt_post_release {both.at}"]


def test_post_release_finds_the_slot_idle_and_cannot_lose_it(pool):
    text = (
        'wt_post_release() { echo "$WT_NAME was in $WT_PATH"; test -d "$WT_PATH"; git -C "$WT_PATH" symbolic-ref HEAD && echo attached; '
        + " ".join(tool.argv("worktree-pool", "--pool", "app", "acquire", "--name", "z", "--no-hooks"))
        + "; }\n"
    )
    hooking.approved(pool, text)
    pool.acquire("x")
    done = pool.pool("release", "--name", "x", env={"PYTHONPATH": tool.ROOT})
    assert f"x was in {pool.at}/slot-0" in done.err
    assert "attached" not in done.err
    assert pool.states() == [
        ("slot-1", "held", "z"),
        ("slot-0", "idle", None),
    ]  # not the one that its hook runs for


@pytest.mark.parametrize("body", ["false", "exit 7", "kill -9 $$"])
def test_a_release_hook_that_fails_is_warned_of_and_ignored(pool, body):
    hooking.approved(pool, f"wt_pre_release() {{ {body}; }}\nwt_post_release() {{ {body}; }}\n")
    pool.acquire("x")
    done = pool.pool("release", "--name", "x")
    assert done.code == 0
    assert [name for name in ("wt_pre_release", "wt_post_release") if f"the hook {name} of" in done.err] == [
        "wt_pre_release", "wt_post_release"]  # fmt: skip
    assert pool.states() == [("slot-0", "idle", None)]


def test_what_pre_release_does_to_the_slot_is_set_aside(pool):
    hooking.approved(
        pool, "wt_pre_release() { echo late >README; echo n >new; git commit -q --allow-empty -m late; }\n"
    )
    pool.acquire("x")
    assert pool.wt("release", "x").code == 0
    assert gitrepo.git(f"{pool.at}/slot-0", "status", "--porcelain") == ""
    kept = gitrepo.git(pool.source, "log", "--format=%s", "--glob=refs/wt/kept")
    assert "late" in kept.splitlines()
    assert "set aside by wt" in kept


def test_the_users_own_hooks_run_first_and_need_no_approval(pool, home, log):
    hooking.approved(pool, f"wt_post_acquire() {{ echo repository >>{log}; }}\n")
    path = home / ".config/wt/hooks.sh"
    path.parent.mkdir(parents=True)
    path.write_text(f"wt_post_acquire() {{ echo user >>{log}; }}\n")
    path.chmod(0o600)
    pool.acquire("x")
    assert lines(log) == ["user", "repository"]
    path.chmod(0o666)
    done = pool.pool("acquire", "--name", "y")
    assert (done.code, "is not run: others may write to it" in done.err) == (0, True)
    assert lines(log) == ["user", "repository", "repository"]


@pytest.mark.parametrize(("options", "env"), [(["--no-hooks"], {}), ([], {"WT_HOOKS": "off"})])
def test_no_hooks_skips_all_of_them_approved_or_not(pool, home, log, options, env):
    hooking.commit(pool.source, says(log, "wt_post_acquire", "wt_pre_release"))
    path = home / ".config/wt/hooks.sh"
    path.parent.mkdir(parents=True)
    path.write_text(says(log, "wt_post_acquire", "wt_pre_release"))
    for verb in ("acquire", "release"):
        assert pool.pool(verb, "--name", "x", *options, env=env).code == 0
    assert lines(log) == []


@pytest.mark.parametrize("sha", [None, "another"])
def test_hooks_that_are_not_approved_end_7_before_anything_is_touched(both, log, sha):
    if sha:
        hooking.approved(both, "# an earlier version\n")
    digest = hooking.commit(both.source, says(log, "wt_post_acquire"))
    both.pool("ls")
    before = everything(both.root, both.source)
    for call in (
        lambda: both.pool("acquire", "--name", "x"),
        lambda: both.wt("new", "x"),
        lambda: both.pool("acquire", "--name", "x", "--trust-hooks", "0" * 64),
        lambda: both.wt("new", "x", env={"WT_TRUST": "1" * 64}),
    ):
        assert_refused(call(), 7, "not approved; nothing was touched", f"--sha256 {digest}", "--no-hooks")
    assert everything(both.root, both.source) == before
    assert lines(log) == []


def test_what_the_refusal_says_to_run_works_as_it_stands(pool, log):
    hooking.commit(pool.source, says(log, "wt_post_acquire"))
    refused = pool.pool("acquire", "--name", "x")
    (line,) = re.findall(r"without a terminal: (wt .*)", refused.err)
    done = tool.run(*line.split(), env={"WORKTREE_ROOT": pool.root}, cwd="/")
    assert done.code == 0, done
    assert pool.pool("acquire", "--name", "x").code == 0
    assert len(lines(log)) == 1


@pytest.mark.parametrize("way", ["option", "environment"])
def test_a_hash_approves_exactly_that_content_for_one_call(pool, log, way):
    digest = hooking.commit(pool.source, says(log, "wt_post_acquire"))
    options, env = (
        (["--trust-hooks", digest], {}) if way == "option" else ([], {"WT_TRUST": f"{'0' * 64},{digest}"})
    )
    assert pool.pool("acquire", "--name", "x", *options, env=env).code == 0
    assert len(lines(log)) == 1
    assert pool.pool("acquire", "--name", "y").code == 7
    hooking.commit(pool.source, says(log, "wt_post_acquire") + "# changed\n")
    assert pool.pool("acquire", "--name", "y", *options, env=env).code == 7


@pytest.mark.parametrize("options", [["--no-hooks", "--trust-hooks", "0" * 64], ["--trust-hooks", "zz"]])
def test_options_that_make_no_sense_are_a_usage_error(pool, options):
    assert_refused(pool.pool("acquire", "--name", "x", *options), 2)
    assert_refused(pool.wt("new", "x", *options), 2)


@pytest.mark.parametrize("start", ["default", "commit", "tag", "braces", "upstream", "adopt", "remote"])
def test_it_is_the_file_of_the_commit_acquired(pool, log, start, tmp_path):
    """However the commit is named; the working copy, and other commits, do not matter."""
    git = lambda *args: gitrepo.git(pool.source, *args)  # noqa: E731 (a name for it)
    git("branch", "other")
    options = {"commit": ["--commit", "other"], "tag": ["--commit", "v1"], "braces": ["--commit", "other^{/a{0,1}}"],
               "adopt": ["--adopt"], "remote": ["--adopt"]}.get(start, [])  # fmt: skip
    name = {"adopt": "other", "remote": "there"}.get(start, "x")
    if start == "default":
        hooking.commit(pool.source, says(log, "wt_post_acquire"))
    elif start in ("upstream", "remote"):
        gitrepo.git(tmp_path, "clone", "-q", pool.source, "remote")
        hooking.commit(tmp_path / "remote", says(log, "wt_post_acquire"))
        gitrepo.git(tmp_path / "remote", "push", "-q", "origin", "HEAD:refs/heads/there")
        git("remote", "add", "origin", str(tmp_path / "remote"))
        gitrepo.git(tmp_path / "remote", "branch", "-q", "there")
        git("branch", "-q", "-D", "there")
        git("fetch", "-q", "origin")
        if start == "upstream":
            git("branch", "-q", "--set-upstream-to=origin/main", "main")
    else:
        git("switch", "-q", "other")
        hooking.commit(pool.source, says(log, "wt_post_acquire"), "aa")
        git("tag", "-a", "-m", "annotated", "v1")
        git("switch", "-q", "main")
    assert pool.pool("acquire", "--name", name, *options).code == 7
    assert pool.wt("trust", "--all").code == 0
    assert pool.pool("acquire", "--name", name, *options).code == 0
    assert len(lines(log)) == 1


def test_a_source_without_hooks_pays_no_process_for_them(pool, tmp_path):
    """The calls of git of an acquire and a release are as many with `--no-hooks`, and no bash is started."""
    trace = tmp_path / "trace"

    def calls(*words):
        trace.write_text("")
        assert pool.pool(*words, env={"GIT_TRACE2_EVENT": str(trace)}).code == 0
        return trace.read_text().count('"event":"start"')

    pool.acquire("warm")
    pool.pool("release", "--name", "warm")
    with_hooks = [calls("acquire", "--name", "x"), calls("release", "--name", "x")]
    without = [calls("acquire", "--name", "x", "--no-hooks"), calls("release", "--name", "x", "--no-hooks")]
    assert with_hooks == without


# A release, and what follows a land, goes on without hooks that are not approved.


@pytest.mark.parametrize("verb", ["pool release", "wt release", "wt land"])
def test_what_gives_back_warns_of_hooks_that_are_not_approved_and_skips_them(pool, log, verb):
    path = pool.acquire("x")
    gitrepo.commit(path, {hooking.NAME: says(log, "wt_pre_release", "wt_post_release", "wt_post_land")})
    if verb == "pool release":
        done = pool.pool("release", "--name", "x")
    elif verb == "wt release":
        done = pool.wt("release", "x", "--force")
    else:
        done = pool.wt("land", "--name", "x")
    assert done.code == 0, done
    assert "are not approved; they are skipped." in done.err
    assert lines(log) == []
    assert pool.states() == [("slot-0", "idle", None)]


# cleanup, sweep, restore

AROUND = ("wt_pre_cleanup", "wt_post_cleanup", "wt_pre_release", "wt_post_release")


@pytest.mark.parametrize("verb", [("cleanup", "x"), ("sweep",)])
def test_what_pre_cleanup_tidies_does_not_count(pool, verb):
    hooking.approved(pool, "wt_pre_cleanup() { rm -f new; false; }\n")
    gitrepo.write(pool.acquire("x"), {"new": "n\n"})
    done = pool.wt(*verb)
    assert "wt_pre_cleanup of" in done.err  # warned, ignored
    assert pool.states() == [("slot-0", "idle", None)]


def test_a_dry_sweep_runs_nothing(pool, log):
    hooking.approved(pool, says(log, *AROUND))
    pool.acquire("x")
    assert pool.wt("sweep", "--dry-run").code == 0
    assert lines(log) == []


def test_restore_runs_post_acquire_when_everything_is_back_and_asks_for_trust_before(pool, log):
    hooking.approved(pool, f"wt_post_acquire() {{ cat new >>{log} || :; }}\n")
    gitrepo.write(pool.acquire("x"), {"new": "mine\n"})
    pool.wt("release", "x", "--force")
    pool.wt("untrust")
    assert_refused(pool.wt("restore", "x"), 7, "nothing was touched")
    pool.wt("trust", "--all")
    assert pool.wt("restore", "x").code == 0
    assert lines(log) == ["mine"]


def test_a_restore_whose_hook_fails_leaves_what_is_kept_and_a_slot_as_it_was(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {hooking.NAME: "wt_post_acquire() { echo more >>README; exit 1; }\n"})
    gitrepo.write(path, {"new": "mine\n", "README": "changed\n"})
    pool.wt("release", "x", "--force")
    pool.wt("trust", "--all")
    before = gitrepo.git(pool.source, "for-each-ref", "refs/wt")
    assert_refused(pool.wt("restore", "x"), 1, "goes back to idle")
    assert gitrepo.git(pool.source, "for-each-ref", "refs/wt") == before
    assert not os.path.exists(f"{pool.at}/slot-0/new")
    assert pool.wt("restore", "x", "--no-hooks").code == 0
    with open(f"{pool.at}/x/README", encoding="utf-8") as file:
        assert file.read() == "changed\n"


def test_the_way_on_without_hooks_leaves_out_what_approved_them(pool):
    digest = hooking.commit(pool.source, "wt_post_acquire() { false; }\n")
    done = pool.wt("new", "x", "--trust-hooks", digest)
    assert done.code == 1
    (hint,) = [line for line in done.err.splitlines() if line.startswith("hint: to go on without hooks: wt ")]
    assert pool.wt(*shlex.split(hint.partition(": wt ")[2])).code == 0
