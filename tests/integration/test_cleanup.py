"""`wt cleanup` and `wt sweep`, contract sections 11 and 15: the verdict acted upon; they always end with 0."""

import os
import shlex
import subprocess

import pytest

from tests.support import gitrepo, hooking, tool
from tests.support.asked import Asked
from tests.support.untouched import everything

git = gitrepo.git


def landed(pool, name="x"):
    gitrepo.commit(pool.acquire(name), {name: "1\n"})
    git(pool.source, "merge", "-q", "--no-edit", name)


def test_green_is_recycled_and_said_after_the_release(both):
    landed(both)
    done = both.wt("cleanup", "x")
    assert (done.code, done.out) == (0, "")
    assert done.err == "x  🟢 landed: released; slot-0 is idle and warm.\n"
    assert both.states() == [("slot-0", "idle", None)]


def dirty(pool):
    gitrepo.write(pool.acquire("x"), {"new": "1\n"})


def unmerged(pool):
    gitrepo.commit(pool.acquire("x"), {"a": "1\n"})


def busy(pool):
    git(pool.acquire("x"), "bisect", "start")


def broken(pool):
    os.rename(pool.acquire("x"), f"{pool.root}/away")


@pytest.mark.parametrize(
    ("make", "said"),
    [(dirty, "x  🟡 dirty: 1 untracked file; the slot stays.\n"), (busy, "x  🟡 busy: a bisect is in progress; the slot stays.\n"),
     (unmerged, "x  🔴 unmerged: 1 commit that the base does not have; the slot stays.\n"), (broken, "x  🔴 broken: ")],
)  # fmt: skip
def test_what_is_not_green_stays_and_the_status_is_0(both, make, said):
    make(both)
    before = everything(both.root, both.source)
    done = both.wt("cleanup", "x")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith(said)
    assert done.err.splitlines()[-1].startswith("hint: ")
    assert "🟢" not in done.err
    assert everything(both.root, both.source) == before


@pytest.mark.parametrize(
    "words", [("cleanup", "typo"), ("cleanup",), ("--pool", "none", "cleanup"), ("--pool", "none", "sweep")]
)
def test_it_ends_with_0_whatever_it_finds(both, words):
    done = both.wt(*words)
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("error: ")


def test_green_is_not_said_when_the_release_fails(both):
    landed(both)
    held = subprocess.Popen(
        ["flock", f"{both.at}/.meta/init/slot-0.lock", "-c", "echo; read line"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert held.stdout
    assert held.stdout.readline() == "\n"
    done, swept = both.wt("cleanup", "x"), both.wt("sweep")
    held.communicate("\n")
    assert (done.code, swept.code) == (0, 0)
    assert "busy" in done.err
    assert "🟢" not in done.err + swept.out
    assert swept.out.splitlines()[-1] == "1 failed."
    assert both.states() == [("slot-0", "held", "x")]


def test_cleanup_without_a_name_is_the_slot_of_the_directory(both):
    path = both.acquire("x")
    done = both.wt("cleanup", cwd=path)
    assert done.code == 0
    assert both.states() == [("slot-0", "idle", None)]


@pytest.fixture
def three(tmp_path, repo):
    from tests.support.tool import Pool

    pool = Pool(tmp_path / "root", repo, max_slots=3)
    landed(pool, "done")
    gitrepo.write(pool.acquire("dirty"), {"new": "1\n"})
    gitrepo.commit(pool.acquire("ahead"), {"a": "1\n"})
    return pool


def test_sweep_prints_a_tally(three):
    done = three.wt("sweep")
    assert done.code == 0
    assert done.out.splitlines() == [
        "done   🟢 landed    recycled: nothing here would be lost",
        "dirty  🟡 dirty     kept: 1 untracked file",
        "ahead  🔴 unmerged  refused: 1 commit that the base does not have",
        "1 recycled, 1 kept, 1 refused.",
    ]
    assert three.states() == [
        ("slot-1", "held", "dirty"),
        ("slot-2", "held", "ahead"),
        ("slot-0", "idle", None),
    ]
    assert three.wt("sweep").out.splitlines()[-1] == "1 kept, 1 refused."


def test_sweep_dry_run_touches_nothing(three):
    before = everything(three.root, three.source)
    done = three.wt("sweep", "--dry-run")
    assert done.code == 0
    assert done.out.splitlines()[0] == "done   🟢 landed    would be recycled: nothing here would be lost"
    assert done.out.splitlines()[-1] == "1 would be recycled, 1 kept, 1 refused."
    assert everything(three.root, three.source) == before


def test_sweep_in_json(three):
    rows = three.wt("sweep", "--json").json
    assert [(row["name"], row["mark"], row["reason"], row["done"]) for row in rows] == [
        ("done", "green", "landed", "recycled"), ("dirty", "yellow", "dirty", "kept"), ("ahead", "red", "unmerged", "refused"),
    ]  # fmt: skip


def test_sweep_of_an_empty_pool(both):
    done = both.wt("sweep")
    assert (done.code, done.out) == (0, "no slot is held.\n")


HOOKS = """
wt_pre_cleanup() { echo "pre $WT_NAME $PWD"; }
wt_post_cleanup() { echo "post $WT_NAME $PWD"; }
"""


@pytest.mark.parametrize("verb", ["cleanup", "sweep"])
def test_hooks_run_around_the_verdict_the_second_only_on_green(both, verb):
    hooking.approved(both, HOOKS)
    path = landed_in(both)
    done = both.wt(verb, *(["x"] if verb == "cleanup" else []))
    said = done.err.splitlines()
    assert said[:2] == [f"pre x {path}", f"post x {path}"]
    assert both.states() == [("slot-0", "idle", None)]
    unmerged(both)
    done = both.wt("cleanup", "x")
    assert "pre x" in done.err
    assert "post x" not in done.err
    assert both.states() == [("slot-0", "held", "x")]


def landed_in(pool):
    landed(pool)
    return pool.wt("path", "x").path


def test_a_pre_cleanup_that_makes_the_slot_dirty_is_looked_at_afterwards(both):
    hooking.approved(both, "wt_pre_cleanup() { touch left-behind; }\n")
    landed(both)
    done = both.wt("cleanup", "x")
    assert done.code == 0
    assert "x  🟡 dirty: 1 untracked file; the slot stays." in done.err
    assert both.states() == [("slot-0", "held", "x")]


def test_a_cleanup_hook_that_fails_is_warned_of_and_ignored(both):
    hooking.approved(both, "wt_pre_cleanup() { false; }\nwt_post_cleanup() { false; }\n")
    landed(both)
    done = both.wt("cleanup", "x")
    assert done.err.count("ended with status 1; which is ignored.") == 2
    assert both.states() == [("slot-0", "idle", None)]


def test_hooks_that_are_not_approved_are_skipped_and_said(both):
    hooking.commit(both.source, HOOKS)
    assert both.pool("acquire", "--name", "x", "--no-hooks").code == 0
    done = both.wt("cleanup", "x")
    assert (done.code, "they are skipped" in done.err, "pre x" in done.err) == (0, True, False)
    assert both.states() == [("slot-0", "idle", None)]


@pytest.mark.parametrize("verb", ["cleanup", "sweep"])
def test_inside_a_hook_of_the_same_slot_it_says_so_and_ends_with_0(both, verb):
    words = shlex.join(tool.argv("wt", "--pool", both.key, verb))
    hooking.approved(both, f"wt_pre_release() {{ {words} 2>&1; echo status=$?; }}\n")
    landed(both)
    done = both.wt("release", "x")
    assert done.code == 0
    assert "status=0" in done.err
    assert both.states() == [("slot-0", "idle", None)]


@pytest.mark.parametrize(
    ("keys", "code", "state"),
    [("\x1b[B\r", 0, "idle"), ("\r", 1, "held"), ("\x1b", 1, "held"), ("\x03", 130, "held")],
)
def test_release_of_an_unsafe_slot_asks_on_a_terminal(both, keys, code, state):
    gitrepo.write(both.acquire("x"), {"new": "1\n"})
    asked = Asked(both, "release", "x")
    shown = asked.until("Release x all the same")
    assert "1 untracked file" in shown
    assert "  new" in shown
    asked.until("see wt restore")
    status, out, after = asked.answer(keys)
    assert (status, out) == (code, "")
    assert ("wt restore x@" in after) == (state == "idle")
    assert ("error: `x` was not released.\r\nhint: to bring it onto the base: " in after) == (code == 1)
    assert [row["state"] for row in both.rows() if row["state"] != "fresh"] == [state]
