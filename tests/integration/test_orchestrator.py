"""WorktreeOrchestrator and wt.git_utils, contract section 17: hypotheses side by side, pooled and direct."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from xml.etree import ElementTree as ET

import pytest

from tests.support import gitrepo, tool
from tests.support.runs import is_alive, until, words
from wt import (
    Hypothesis,
    NameHeld,
    OrchestratorConfig,
    TestResult,
    WorktreeOrchestrator,
    WorktreePool,
    try_hypothesis,
)
from wt.errors import GitError, SetupError, UsageError, WtError
from wt.git_utils import create_worktree, get_current_branch, remove_worktree, reset_worktree
from wt.parallel import results

git = gitrepo.git
PATCH = "--- a/README\n+++ b/README\n@@ -1 +1 @@\n-hello\n+patched\n"


@pytest.fixture(params=[True, False], ids=["pooled", "direct"])
def both(repo, request):
    with WorktreeOrchestrator(OrchestratorConfig(repo, use_pool=request.param, max_size=4)) as made:
        yield made


def orchestrator(repo, **config):
    return WorktreeOrchestrator(OrchestratorConfig(repo, **config))


def ready(made, *hypotheses):
    paths = made.create_worktrees(hypotheses)
    for one in hypotheses:
        made.setup_test_environment(paths[one.id], one)
    return paths


def worktrees(repo):
    return [line.split()[0] for line in git(repo, "worktree", "list").splitlines()]


# create_worktrees: pooled, exhausted or direct.


def test_worktrees_by_id_at_their_refs(both, repo):
    first = git(repo, "rev-parse", "HEAD")
    gitrepo.commit(repo, {"new": "1\n"})
    paths = both.create_worktrees([Hypothesis("old", first), Hypothesis("now")])
    assert {wanted: git(path, "rev-parse", "HEAD") for wanted, path in paths.items()} == {
        "old": first,
        "now": git(repo, "rev-parse", "HEAD"),
    }
    assert both.create_worktrees([Hypothesis("now")]) == {"now": paths["now"]}


def test_pool_first_and_when_it_is_exhausted_direct(repo):
    with orchestrator(repo, max_size=2) as made:
        paths = made.create_worktrees([Hypothesis(f"h{n}") for n in range(5)])
        assert len(set(paths.values())) == 5
        slots = [path for path in paths.values() if path.name.startswith("slot-")]
        assert len(slots) == 2
        assert made.get_pool_stats()["allocated"] == 2
        assert {
            name: done.returncode for name, done in made.run_tests("test -f README").items()
        } == dict.fromkeys(paths, 0)
    assert worktrees(repo) == [repo, *sorted(map(str, slots))]
    assert made.get_pool_stats()["available"] == 2


def test_use_pool_false_is_plain_worktrees_that_are_removed_afterwards(repo):
    with orchestrator(repo, use_pool=False) as made:
        [path] = made.create_worktrees([Hypothesis("a")]).values()
        assert made.get_pool_stats() == {}
        assert str(path) in worktrees(repo)
        assert not os.path.lexists(f"{repo}.worktrees/.meta/config.yaml")
        mine = gitrepo.commit(path, {"x": "1\n"})
    assert worktrees(repo) == [repo]
    assert not path.exists()
    assert git(repo, "branch", "--format=%(refname:short)") == "main"
    [ref] = git(repo, "for-each-ref", "--format=%(refname)", "refs/wt/kept").split()
    assert git(repo, "rev-parse", ref) == mine, "a commit is never lost"


def test_an_id_that_another_holds_is_not_made_anew_in_direct_mode(repo):
    with WorktreePool(repo) as pool, orchestrator(repo) as made:
        pool.acquire("a")
        with pytest.raises(NameHeld):
            made.create_worktrees([Hypothesis("a"), Hypothesis("b")])
    assert made.get_pool_stats()["allocated"] == 0


def test_two_hypotheses_of_one_id_are_refused(both):
    with pytest.raises(UsageError):
        both.create_worktrees([Hypothesis("a"), Hypothesis("a")])


def test_cleanup_worktrees_gives_those_back_and_no_others(both):
    paths = both.create_worktrees([Hypothesis("a"), Hypothesis("b")])
    both.cleanup_worktrees(["a", "never"])
    assert list(both.run_tests("true")) == ["b"]
    assert paths["b"].exists()


def test_leaving_the_with_releases_everything_and_persists_on_an_exception_too(repo):
    made = orchestrator(repo, max_size=1)

    def fails():
        with made:
            made.create_worktrees([Hypothesis("a"), Hypothesis("b")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with open(f"{repo}.worktrees/.worktree_pool.json", encoding="utf-8") as file:
        assert json.load(file)["available_worktrees"] == ["slot-0"]
    assert worktrees(repo) == [repo, f"{repo}.worktrees/slot-0"]
    assert sorted(os.listdir(f"{repo}.worktrees")) == [".meta", ".worktree_pool.json", "slot-0"]


# setup_test_environment.


def test_patch_files_env_and_setup(both):
    hypothesis = Hypothesis(
        "a", patch=PATCH, files={"deep/er/new": "new\n", "build/x": "ignored\n"}, env={"HOW": "well"},
        setup=["echo $HOW > said", ["touch", "an argv"]],
    )  # fmt: skip
    path = ready(both, hypothesis)["a"]
    assert (path / "README").read_text() == "patched\n"
    assert (path / "deep" / "er" / "new").read_text() == "new\n"
    assert (path / "said").read_text() == "well\n"
    assert (path / "an argv").exists()
    done = both.run_tests("echo $HOW")["a"]
    assert (done.returncode, done.tail) == (0, "well\n")


def test_a_patch_is_applied_three_way(both, repo):
    """One whose context is not what it was: as it is, it does not fit."""
    gitrepo.commit(repo, {"README": "1\n2\n3\n4\n5\n6\n7\n8\n9\n"})
    gitrepo.write(repo, {"README": "1\n2\n3\n4\n5\n6\n7\n8\nnine\n"})
    patch = git(repo, "diff")
    git(repo, "checkout", "-q", "README")
    gitrepo.commit(repo, {"README": "0\n1\n2\n3\n4\n5\n6\nseven\n8\n9\n"})
    path = ready(both, Hypothesis("a", patch=patch))["a"]
    assert (path / "README").read_text() == "0\n1\n2\n3\n4\n5\n6\nseven\n8\nnine\n"


OUTSIDE = ("../x", "/tmp/x", ".git/hooks/x", ".GIT/x", "a/../../x", "link/x", "", "a//b", ".")
FAILURES = {
    "patch": (Hypothesis("the bad one", patch=PATCH.replace("hello", "other")), "does not apply"),
    "no patch": (Hypothesis("the bad one", patch="nonsense"), "does not apply"),
    "setup": (
        Hypothesis("the bad one", setup=["true", "echo why; exit 3"]),
        "`echo why; exit 3` ended with 3",
    ),
    "no such program": (Hypothesis("the bad one", setup=[["no-such-program"]]), "could not be started"),
    "no words": (Hypothesis("the bad one", setup=[[]]), "could not be started"),
    "no variable": (Hypothesis("the bad one", setup=["true"], env={"A=B": "x"}), "could not be started"),
    "no name": (Hypothesis("the bad one", files={"n\0x": "1"}), "could not be written"),
    "too long": (Hypothesis("the bad one", files={"n" * 300: "1"}), "could not be written"),
    "slow": (Hypothesis("the bad one", setup=["sleep 600"]), "took too long"),
    "not a directory": (Hypothesis("the bad one", files={"README/x": "1"}), "would not be inside"),
    **{
        f"outside {name}": (Hypothesis("the bad one", files={name: "1"}), "would not be inside")
        for name in OUTSIDE
    },
}


@pytest.mark.parametrize("case", FAILURES)
def test_each_failure_names_the_hypothesis(repo, tmp_path, case):
    hypothesis, why = FAILURES[case]
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", f"{repo}/link")
    git(repo, "add", "link")
    git(repo, "commit", "-qm", "link")
    with orchestrator(repo, timeout_s=0.3 if case == "slow" else 60) as made:
        path = made.create_worktrees([hypothesis])["the bad one"]
        with pytest.raises(SetupError, match="the bad one") as caught:
            made.setup_test_environment(path, hypothesis)
        assert why in caught.value.sentence
        if case == "setup":
            assert caught.value.details == "why\n"
        assert os.listdir(tmp_path / "elsewhere") == []
    assert made.get_pool_stats()["allocated"] == 0


# run_tests.


def test_a_command_is_a_string_for_sh_or_an_argv(both):
    both.create_worktrees([Hypothesis("a")])
    assert both.run_tests("exit $((3 + 4))")["a"].returncode == 7
    assert both.run_tests(["printf", "%s", "$HOME"])["a"].tail == "$HOME"


def test_results_tell_all_and_are_frozen(both):
    paths = both.create_worktrees([Hypothesis("a")])
    done = both.run_tests("pwd; echo err >&2; sleep 0.2; kill -9 $$")["a"]
    assert (done.id, done.path, done.returncode, done.timed_out) == ("a", str(paths["a"]), -9, False)
    assert 0.2 <= done.duration_s < 60
    with open(done.log_path, encoding="utf-8") as log:
        assert log.read() == f"{paths['a']}\nerr\n"
    with pytest.raises(FrozenInstanceError):
        done.returncode = 0
    assert pickle.loads(pickle.dumps(done)) == done


def test_what_cannot_be_started_is_a_result(both):
    both.create_worktrees([Hypothesis("a")])
    done = both.run_tests(["no-such-program"])["a"]
    assert done.returncode is None
    assert not done.passed
    assert "no-such-program: could not be started" in done.tail


def test_it_runs_where_no_git_variable_leads_elsewhere(both, monkeypatch):
    paths = both.create_worktrees([Hypothesis("a")])
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert (
        both.run_tests("git rev-parse --show-toplevel; echo $PWD")["a"].tail
        == f"{paths['a']}\n{paths['a']}\n"
    )


def test_a_timeout_ends_the_whole_process_group(repo):
    with orchestrator(repo, timeout_s=1) as made:
        path = made.create_worktrees([Hypothesis("a")])["a"]
        done = made.run_tests("trap '' TERM; sleep 600 & echo $! > child; wait; sleep 600")["a"]
        child = int((path / "child").read_text())
        assert done.timed_out
        assert not done.passed
        assert not is_alive(child)


def test_a_command_whose_log_has_no_end_is_ended(both):
    both.create_worktrees([Hypothesis("a")])
    grow = "import os, time; os.ftruncate(1, 1025 << 20); time.sleep(600)"
    done = both.run_tests([sys.executable, "-c", grow])["a"]
    os.truncate(done.log_path, 0)
    assert (done.returncode, done.timed_out) == (-15, False)
    assert done.tail.endswith("\nended: its log is over 1024 MB.\n")


def test_what_a_command_leaves_in_the_background_is_ended(both):
    path = both.create_worktrees([Hypothesis("a")])["a"]
    assert both.run_tests("sleep 600 & echo $! > child")["a"].passed
    assert not is_alive(int((path / "child").read_text()))


def test_what_left_its_group_is_ended_with_the_orchestrator(repo):
    with orchestrator(repo) as made:
        path = made.create_worktrees([Hypothesis("a")])["a"]
        made.run_tests("setsid sleep 600 & echo $! > child; while ! [ -s child ]; do :; done")
        child = int((path / "child").read_text())
    assert not is_alive(child)


def test_they_run_side_by_side(both):
    """Each waits for the other, in a directory of theirs."""
    paths = both.create_worktrees([Hypothesis("a"), Hypothesis("b")])
    here = paths["a"]
    done = both.run_tests(f"echo > {here}/$$.here; while [ $(ls {here} | grep -c here) -lt 2 ]; do sleep 0.01; done",
                          ThreadPoolExecutor(2))  # fmt: skip
    assert all(one.passed for one in done.values())


@pytest.mark.parametrize("executor", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor(both, executor):
    ids = {f"h{n}" for n in range(4)}
    both.create_worktrees([Hypothesis(one) for one in sorted(ids)])
    with executor(2) as workers:
        done = both.run_tests("basename $PWD", workers)
    assert {wanted: os.path.basename(one.path) for wanted, one in done.items()} == {
        wanted: one.tail.strip() for wanted, one in done.items()
    }
    assert set(done) == ids


def test_no_worktrees_no_results(both):
    assert both.run_tests("true") == {}


def test_an_interrupt_ends_what_runs_and_gives_everything_back(repo):
    code = f"""
import os
from wt import *
with WorktreeOrchestrator(OrchestratorConfig({repo!r}, max_size=1)) as made:
    made.create_worktrees([Hypothesis("a"), Hypothesis("b")])
    made.run_tests("trap '' TERM; sleep 600 & echo $! >> {repo}/children; wait; sleep 600")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=tool.environment(), stderr=subprocess.PIPE, text=True
    )
    until(lambda: len(words(f"{repo}/children")) == 2)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=60)[1]
    assert not any(is_alive(int(child)) for child in words(f"{repo}/children"))
    with open(f"{repo}.worktrees/.worktree_pool.json", encoding="utf-8") as file:
        assert json.load(file)["available_worktrees"] == ["slot-0"]
    assert worktrees(repo) == [repo, f"{repo}.worktrees/slot-0"]


def test_an_interrupt_while_jobs_are_still_being_submitted_ends_those_that_were(repo):
    class Interrupted(ThreadPoolExecutor):
        def submit(self, *words, **more):
            if words[1].id == "b":
                until(lambda: os.path.exists(f"{repo}/begun"))
                raise KeyboardInterrupt
            return super().submit(*words, **more)

    began = time.monotonic()
    with Interrupted(2) as threads, orchestrator(repo) as made:
        made.create_worktrees([Hypothesis("a"), Hypothesis("b")])
        with pytest.raises(KeyboardInterrupt):
            made.run_tests(f"touch {repo}/begun; sleep 600", threads)
    assert time.monotonic() - began < 100


@pytest.mark.parametrize("moment", range(6))
def test_killed_at_any_moment_the_next_one_starts_with_every_slot_back(repo, moment):
    """What the dead one ran is ended, too: it would write into somebody else's slot."""
    code = f"""
from wt import *
while True:
    with WorktreeOrchestrator(OrchestratorConfig({repo!r}, max_size=2)) as made:
        hypotheses = [Hypothesis(f"h{{n}}", patch={PATCH!r}) for n in range(3)]
        for wanted, path in made.create_worktrees(hypotheses).items():
            made.setup_test_environment(path, Hypothesis(wanted, patch={PATCH!r}))
        print("up", flush=True)
        made.run_tests("setsid sleep 600 & echo $! >> {repo}/children; sleep 0.3")
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], env=tool.environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moment * 0.13)
        process.kill()

    def all_are_back():
        """Not yet where a child of the dead one is between fork and exec: it has whatever its parent held."""
        with orchestrator(repo, max_size=2) as made:
            return made.get_pool_stats()["available"] == made.get_pool_stats()["total"] <= 2

    until(all_are_back)
    with orchestrator(repo, max_size=2) as made:
        paths = made.create_worktrees([Hypothesis("a"), Hypothesis("b")])
        assert all(path.name.startswith("slot-") for path in paths.values())
        assert all(one.tail == "hello\n" for one in made.run_tests("cat README").values())
        assert not any(is_alive(int(child)) for child in words(f"{repo}/children"))
    assert set(worktrees(repo)) == {repo, *map(str, paths.values())}
    assert git(repo, "branch", "--format=%(refname:short)") == "main"


def test_try_hypothesis_is_the_whole_round_for_a_worker_elsewhere(repo):
    config = OrchestratorConfig(repo, max_size=1)
    with ProcessPoolExecutor(2) as workers:
        futures = [
            workers.submit(try_hypothesis, config, Hypothesis(f"h{n}", patch=PATCH), "cat README")
            for n in range(3)
        ]
        assert [future.result().tail for future in futures] == ["patched\n"] * 3
    assert WorktreePool(repo, max_size=1).get_stats()["allocated"] == 0


def test_a_failure_on_a_worker_is_told_where_it_is_waited_for(repo):
    with ProcessPoolExecutor(1) as workers:
        wrong = workers.submit(
            try_hypothesis, OrchestratorConfig(repo), Hypothesis("h", patch="nonsense"), "true"
        )
        with pytest.raises(SetupError, match="hypothesis `h` does not apply"):
            wrong.result()
        nowhere = workers.submit(
            try_hypothesis, OrchestratorConfig(repo), Hypothesis("h", ref="nowhere"), "true"
        )
        with pytest.raises(UsageError, match="names no commit"):
            nowhere.result()
        again = workers.submit(try_hypothesis, OrchestratorConfig(repo), Hypothesis("h"), "true")
        assert again.result().passed, "the worker is still there"


# Results for other programs.

RESULTS = {
    "good": TestResult("good", "/p", 0, 1.5, False, "/log", "here", "said\n"),
    "bad <&>": TestResult("bad <&>", "/p", 2, 0.25, False, "/log", "here", "esc \x1b[31m nul \0 \ud800"),
    "slow": TestResult("slow", "/p", -9, 3.0, True, "/log"),
    "gone": TestResult("gone", "/p", None, 0.0, False, "/log"),
}


def test_results_as_json():
    said = json.loads(results.to_json(RESULTS))
    assert said["good"] == {
        "id": "good", "path": "/p", "returncode": 0, "duration_s": 1.5, "timed_out": False, "log_path": "/log",
        "host": "here", "tail": "said\n",
    }  # fmt: skip


def test_results_as_junit_xml():
    suite = ET.fromstring(results.to_junit(RESULTS).encode())[0]
    assert suite.attrib == {"name": "wt", "tests": "4", "failures": "1", "errors": "2", "time": "4.750"}
    cases = {case.get("name"): [below.tag for below in case] for case in suite}
    assert cases == {
        "good": ["system-out"],
        "bad <&>": ["system-out", "failure"],
        "slow": ["error"],
        "gone": ["error"],
    }


# wt.git_utils.


def test_create_worktree_on_a_new_branch_an_old_one_and_none(repo, tmp_path):
    git(repo, "branch", "old")
    for name, branch in (("n", "new"), ("o", "old"), ("d", None)):
        path = create_worktree(repo, tmp_path / name, branch)
        assert get_current_branch(path) == branch
        assert (path / "README").exists()
    with pytest.raises(GitError):
        create_worktree(repo, tmp_path / "twice", "new")
    assert get_current_branch(repo) == "main"


def test_reset_worktree_restores_tracked_removes_untracked_keeps_ignored(repo, tmp_path):
    path = create_worktree(repo, tmp_path / "w", "b")
    gitrepo.write(path, {"README": "x\n", "junk": "1\n", "build/cache": "warm\n"})
    os.unlink(path / ".gitignore")
    reset_worktree(path)
    assert sorted(os.listdir(path)) == [".git", ".gitignore", "README", "build"]
    assert (path / "README").read_text() == "hello\n"


def test_reset_worktree_never_resets_the_repository_around(repo):
    gitrepo.write(repo, {"plain/x": "1\n", "README": "mine\n"})
    with pytest.raises(WtError, match="is no worktree"):
        reset_worktree(f"{repo}/plain")
    with open(f"{repo}/README", encoding="utf-8") as file:
        assert file.read() == "mine\n"


def test_remove_worktree_with_and_without_force(repo, tmp_path):
    path = create_worktree(repo, tmp_path / "w", "b")
    gitrepo.write(path, {"junk": "1\n"})
    with pytest.raises(GitError):
        remove_worktree(repo, path)
    remove_worktree(repo, path, force=True)
    assert not path.exists()
    remove_worktree(repo, path)
    assert "b" in git(repo, "branch", "--format=%(refname:short)").split()


def test_remove_worktree_refuses_a_slot(repo):
    with WorktreePool(repo) as pool:
        path = pool.acquire("a")
        with pytest.raises(WtError, match="is a slot of a pool"):
            remove_worktree(repo, path, force=True)
        assert (path / "README").exists()


def test_run_tests_may_be_used_from_several_threads(repo):
    with orchestrator(repo) as made:
        made.create_worktrees([Hypothesis("a")])
        found = []
        threads = [
            threading.Thread(target=lambda: found.append(made.run_tests("true")["a"].passed))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [True] * 3
