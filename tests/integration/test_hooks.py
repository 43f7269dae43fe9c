"""When hooks run, with which environment, and what their failure does: acquire, release and land (contract section 14)."""

import os
import re
import signal
import subprocess
import time

import pytest

from tests.support import gitrepo, hooking, tool
from tests.support.tool import assert_refused
from tests.support.untouched import everything

ENVIRONMENT = """
wt_post_acquire() {
    env | grep '^WT_' | sort >&2
    pwd
}
"""


@pytest.fixture
def log(tmp_path):
    """Where hooks of these tests write what they saw."""
    path = tmp_path / "log"
    path.write_text("")
    return path


def says(log, *functions):
    """A hooks file whose functions each add their name and directory to the log."""
    return "".join(f'{name}() {{ echo "{name} $PWD" >>{log}; }}\n' for name in functions)


def lines(log):
    return log.read_text().splitlines()


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


# land


def work(pool, name="x", files=None):
    path = pool.acquire(name)
    gitrepo.commit(path, files or {"work": "done\n"}, "work")
    return path


def test_a_land_runs_its_hooks_in_their_order(pool, log):
    text = says(log, "wt_pre_land", "wt_post_land", "wt_pre_release", "wt_post_release")
    hooking.approved(pool, text)
    path = work(pool)
    log.write_text("")
    assert pool.wt("land", "--name", "x").code == 0
    assert lines(log) == [
        f"wt_pre_land {path}",
        f"wt_post_land {path}",
        f"wt_pre_release {path}",
        f"wt_post_release {pool.at}",
    ]


def test_pre_land_sees_exactly_the_tree_to_be_landed_and_the_base_unmoved(pool, log):
    text = f"wt_pre_land() {{ git status --porcelain >>{log}; git rev-parse HEAD main >>{log}; cat work moved >>{log}; }}\n"
    hooking.approved(pool, text)
    path = pool.acquire("x")
    gitrepo.write(path, {"work": "done\n"})
    gitrepo.commit(pool.source, {"moved": "meanwhile\n"})
    base = gitrepo.git(pool.source, "rev-parse", "main")
    done = pool.wt("land", "--name", "x", "--add", "work")
    assert done.code == 0, done
    landed = gitrepo.git(pool.source, "rev-parse", "main")
    assert lines(log) == [landed, base, "done", "meanwhile"]


def test_post_land_is_told_where_the_base_was_and_is(pool, log):
    hooking.approved(
        pool,
        f'wt_post_land() {{ echo "$WT_BASE_BEFORE $WT_BASE_AFTER" >>{log}; git rev-parse main >>{log}; false; }}\n',
    )
    work(pool)
    before = gitrepo.git(pool.source, "rev-parse", "main")
    done = pool.wt("land", "--name", "x")
    after = gitrepo.git(pool.source, "rev-parse", "main")
    assert lines(log) == [f"{before} {after}", after]
    assert (done.code, "wt_post_land of" in done.err) == (0, True)  # warned, ignored
    assert pool.states() == [("slot-0", "idle", None)]


def refs_and_files(pool):
    refs = gitrepo.git(pool.source, "for-each-ref")
    return (
        refs,
        everything(f"{pool.source}/work", f"{pool.source}/README"),
        gitrepo.git(pool.source, "status", "--porcelain"),
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("exit 3", ["ended with status 3"]),
        ("git commit -q --allow-empty -m sneaked", ["has changed HEAD"]),
        ("git switch -q -c elsewhere", ["has changed HEAD"]),
        ("echo sneaked >>work", ["has changed tracked files", "work"]),
        ("echo sneaked >>work; git add work", ["has changed tracked files"]),
        ("rm work", ["has changed tracked files"]),
        ('cd /; rm -rf "$WT_PATH"', ["has taken", "away"]),
    ],
)
def test_a_pre_land_that_fails_or_changes_what_it_looks_at_stops_the_land(pool, body, words):
    hooking.approved(pool, f"wt_pre_land() {{ {body}; }}\n")
    work(pool)
    before = gitrepo.git(pool.source, "rev-parse", "main")
    assert_refused(pool.wt("land", "--name", "x"), 1, *words)
    assert gitrepo.git(pool.source, "rev-parse", "main") == before
    assert not os.path.exists(f"{pool.source}/work")
    assert [state for _slot, state, _name in pool.states()] == ["broken" if "rm -rf" in body else "held"]


def test_what_a_gate_builds_beside_the_tree_does_not_stop_it(pool):
    hooking.approved(pool, "wt_pre_land() { touch report; mkdir -p build; touch build/x; }\n")
    work(pool)
    done = pool.wt("land", "--name", "x")
    assert (done.code, "stays with x" in done.err) == (0, True), done
    assert gitrepo.git(pool.source, "show", "main:work") == "done"


def test_a_branch_cannot_weaken_its_own_gate(pool):
    """The gate is that of the base's tip; the branch's own file neither runs nor needs approval for it."""
    hooking.approved(pool, "wt_pre_land() { echo the base says no; exit 1; }\n")
    path = work(pool, files={hooking.NAME: "wt_pre_land() { touch $WT_PATH/mine; }\n"})
    assert_refused(pool.wt("land", "--name", "x"), 1, "the base says no")
    assert not os.path.exists(f"{path}/mine")


def test_a_gate_that_is_not_approved_ends_7_before_anything_is_touched(pool, log):
    path = work(pool)
    gitrepo.write(path, {"README": "changed\n"})
    digest = hooking.commit(pool.source, says(log, "wt_pre_land"))
    pool.pool("ls")
    before = everything(pool.root, pool.source)
    assert_refused(pool.wt("land", "--name", "x", "message"), 7, "not approved; nothing was touched", digest)
    assert everything(pool.root, pool.source) == before
    assert lines(log) == []
    assert pool.wt("land", "--name", "x", "message", "--trust-hooks", digest).code == 0
    assert len(lines(log)) == 1


def test_the_trust_of_what_comes_next_is_checked_before_step_1(pool, log):
    hooking.approved(pool, says(log, "wt_pre_land"))
    path = work(pool)
    gitrepo.git(pool.source, "branch", "start")
    pool.wt("untrust")
    refused = pool.wt("land", "--name", "x", "--next", "y")
    assert_refused(refused, 7, "nothing was touched")
    assert lines(log) == []
    assert gitrepo.git(path, "symbolic-ref", "HEAD") == "refs/heads/x"


def test_next_runs_the_hooks_of_both_its_names(pool, log):
    text = (
        says(log, "wt_pre_release", "wt_post_release")
        + f'wt_post_acquire() {{ echo "acquired $WT_NAME fresh=$WT_FRESH" >>{log}; }}\n'
    )
    hooking.approved(pool, text)
    path = work(pool)
    log.write_text("")
    assert pool.wt("land", "--name", "x", "--next", "y").code == 0
    assert lines(log) == [f"wt_pre_release {path}", f"wt_post_release {pool.at}", "acquired y fresh=0"]


# Inside a hook, and after a death


def nested(*words):
    return " ".join(tool.argv(*words))


@pytest.mark.parametrize("verb", ["release", "land"])
def test_a_mutating_wt_on_the_same_slot_from_inside_a_hook_ends_3_at_once(pool, log, verb):
    text = f"wt_pre_release() {{ {nested('wt', '--pool', 'app', verb)} {'x' if verb == 'release' else '--name x'} || echo $? >>{log}; }}\n"
    hooking.approved(pool, text)
    pool.acquire("x")
    began = time.monotonic()
    done = pool.pool("release", "--name", "x", env={"PYTHONPATH": tool.ROOT})
    assert time.monotonic() - began < 60
    assert (done.code, lines(log)) == (0, ["3"]), done
    assert f"`wt {verb}` inside a hook of `release`" in done.err
    assert pool.states() == [("slot-0", "idle", None)]


def test_a_land_inside_a_land_ends_3_instead_of_waiting_for_itself(pool, log, tmp_path, repo):
    """Also where it would land from another pool over the same source."""
    body = "".join(
        f"{nested('wt', '--pool', key, 'land', '--name', name)} || echo {key} $? >>{log}; "
        for key, name in (("app", "y"), ("two", "z"))
    )
    hooking.approved(pool, f"wt_pre_land() {{ {body} }}\n")
    other = tool.Pool(tmp_path / "root", repo, key="two", max_slots=1)
    for one, name in ((pool, "x"), (pool, "y"), (other, "z")):
        work(one, name, {name: "w\n"})
    done = pool.wt("--pool", "app", "land", "--name", "x", env={"PYTHONPATH": tool.ROOT})
    assert done.code == 0, done
    assert lines(log) == ["app 3", "two 3"]


def test_another_slot_of_the_pool_can_be_had_and_given_back_inside_a_hook(pool, log):
    text = f"wt_post_acquire() {{ {nested('worktree-pool', '--pool', 'app', 'acquire', '--name', 'z', '--no-hooks')} >>{log}; }}\n"
    hooking.approved(pool, text)
    assert pool.pool("acquire", "--name", "x", env={"PYTHONPATH": tool.ROOT}).code == 0
    assert lines(log) == [f"{pool.at}/z"]


def test_what_a_hook_left_running_is_inside_of_nothing(pool, log):
    """A daemon keeps its WT_OP; the slot can be released all the same."""
    hooking.approved(pool, "wt_post_acquire() { :; }\n")
    pool.acquire("x")
    done = pool.pool("release", "--name", "x", env={"WT_OP": f"acquire:app:slot-0:{2**22 - 1}"})
    assert done.code == 0, done


def test_a_nested_cd_moves_no_shell(pool, tmp_path):
    hooking.approved(pool, f"wt_post_acquire() {{ {nested('wt', '--pool', 'app', 'cd', '--source')}; }}\n")
    directive = tmp_path / "private" / "directive"
    directive.parent.mkdir(mode=0o700)
    env = {"WT_DIRECTIVE": str(directive), "PYTHONPATH": tool.ROOT}
    done = pool.wt("new", "x", env=env)
    assert done.code == 0, done
    assert directive.read_text() == f"{pool.at}/x"


def test_escapes_that_a_hook_prints_are_shown_and_not_obeyed(pool):
    hooking.approved(pool, r"wt_post_acquire() { printf '\033]0;title\a\342\200\256\n'; }" + "\n")
    done = pool.pool("acquire", "--name", "x")
    assert r"\x1b]0;title\x07\u202e" in done.err
    assert "\x1b" not in done.err


def start(pool, *words):
    """Run a command in a session of its own, without waiting for it."""
    return subprocess.Popen(
        tool.argv("worktree-pool", "--pool", "app", *words), env=tool.environment(WORKTREE_ROOT=pool.root),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def hook_at_work(log, function):
    return f"{function}() {{ trap 'exit 0' TERM; echo $$ >{log}; while :; do sleep 0.05; done; }}\n"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_hook_and_the_slot_goes_back(both, log, signum):
    hooking.approved(both, hook_at_work(log, "wt_post_acquire"))
    child = start(both, "acquire", "--name", "x")
    until(lambda: log.read_text().strip())
    child.send_signal(signum)
    out, _err = child.communicate(timeout=60)
    assert (child.returncode, out) == (128 + signum, b"")
    assert both.states() == [("slot-0", "idle", None)]
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)


def lock_of(pool):
    (name,) = os.listdir(f"{pool.source}/.git/worktrees")
    with open(f"{pool.source}/.git/worktrees/{name}/worktree-pool/lock", encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("verb", ["acquire", "release"])
def test_a_slot_whose_hook_outlives_its_command_is_left_until_the_hook_is_over(both, log, verb):
    function = "wt_post_acquire" if verb == "acquire" else "wt_pre_release"
    hooking.approved(both, hook_at_work(log, function))
    if verb == "release":
        both.acquire("x")
    child = start(both, verb, "--name", "x")
    until(lambda: log.read_text().strip())
    group = int(log.read_text())
    assert f"hook_group: {group}/" in lock_of(both)
    child.kill()
    child.communicate()
    try:
        state = {"acquire": "acquiring", "release": "releasing"}[verb]
        other = both.pool("acquire", "--name", "y", "--no-hooks")
        assert other.code == 0, other
        assert ("slot-0", state, "x") in both.states()
        assert both.pool("release", "--name", "x", "--no-hooks").code == 3
        assert both.wt("release", "x", "--no-hooks").code == 3
        assert ("slot-0", state, "x") in both.states()
        assert "a hook of it still runs" in both.wt("doctor").out
    finally:
        os.killpg(group, signal.SIGKILL)
    until(
        lambda: (
            both.pool("release", "--name", "nobody").code == 0 and ("slot-0", "idle", None) in both.states()
        )
    )


def test_the_number_of_a_hooks_group_that_came_back_is_another(pool, log):
    """A live process group of that number that is not the hook's own does not hold a slot for ever."""
    hooking.approved(pool, hook_at_work(log, "wt_post_acquire"))
    child = start(pool, "acquire", "--name", "x")
    until(lambda: log.read_text().strip())
    child.kill()
    child.communicate()
    os.killpg(int(log.read_text()), signal.SIGKILL)
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        text = re.sub(r"hook_group: \d+", f"hook_group: {stranger.pid}", lock_of(pool))
        (name,) = os.listdir(f"{pool.source}/.git/worktrees")
        with open(f"{pool.source}/.git/worktrees/{name}/worktree-pool/lock", "w", encoding="utf-8") as file:
            file.write(text)
        assert pool.pool("release", "--name", "nobody").code == 0
        assert pool.states() == [("slot-0", "idle", None)]
    finally:
        stranger.kill()
        stranger.wait()
