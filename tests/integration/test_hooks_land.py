"""The hooks of land: the gate, which is the base's, and the word after it (contract sections 12 and 14)."""

import os

import pytest

from tests.support import gitrepo, hooking
from tests.support.hooking import lines, says, work
from tests.support.tool import assert_refused
from tests.support.untouched import everything


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
    tip = gitrepo.git(pool.source, "rev-parse", "main")
    assert f"wt trust --pool app --from {tip[:12]}\n" in pool.wt("land", "--name", "x", "message").err
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


def stopped_without_hooks(pool, log, *options, **env):
    """A land of x that was begun without hooks and stopped at a conflict, which is resolved since."""
    digest = hooking.approved(pool, says(log, "wt_pre_land", "wt_pre_release"))
    path = work(pool, files={"README": "mine\n"})
    gitrepo.commit(pool.source, {"README": "theirs\n"})
    assert_refused(pool.wt("land", "--name", "x", *options, env=env), 1, "conflict")
    gitrepo.write(path, {"README": "both\n"})
    gitrepo.git(path, "commit", "-q", "-a", "--no-edit")
    return digest


def test_a_land_that_was_begun_without_hooks_goes_on_without(pool, log):
    stopped_without_hooks(pool, log, "--no-hooks")
    done = pool.wt("land", "--name", "x")
    assert (done.code, "no hooks are run: this land was begun without" in done.err) == (0, True), done
    assert lines(log) == []


@pytest.mark.parametrize("how", ["approved now", "off by the environment", "given up"])
def test_it_goes_on_with_hooks_where_that_is_asked_for(pool, log, how):
    environment = {"WT_HOOKS": "off"} if how == "off by the environment" else {}
    digest = stopped_without_hooks(pool, log, *([] if environment else ["--no-hooks"]), **environment)
    if how == "given up":
        gitrepo.git(f"{pool.at}/x", "reset", "-q", "--hard", "main")
        gitrepo.commit(f"{pool.at}/x", {"README": "anew\n"})
    options = ["--trust-hooks", digest] if how == "approved now" else []
    assert pool.wt("land", "--name", "x", *options).code == 0
    assert [line.split()[0] for line in lines(log)] == ["wt_pre_land", "wt_pre_release"]
