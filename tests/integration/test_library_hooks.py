"""Hooks around what the library acquires and releases, as around what `wt acquire` does (contract sections 14 and 17)."""

import logging
import os
import signal
import subprocess
import sys
import threading
import traceback

import pytest

from tests.support import gitrepo, hooking, tool
from tests.support.hooking import says
from tests.support.runs import is_alive, until
from tests.support.untouched import everything
from wt import HooksNotTrusted, Hypothesis, OrchestratorConfig, WorktreeOrchestrator, WorktreePool
from wt.errors import UntrustedError, WtError

git = gitrepo.git


@pytest.fixture
def trusted(repo, monkeypatch):
    """Commit hooks, and approve them for this process."""

    def commit(text):
        monkeypatch.setenv("WT_TRUST", hooking.commit(repo, text))

    return commit


def test_they_run_around_every_acquire_and_release(repo, trusted, log):
    trusted(says(log, "wt_post_acquire", "wt_pre_release", "wt_post_release"))
    with WorktreePool(repo, max_size=2) as pool:
        path = pool.acquire("a")
        assert hooking.lines(log) == [f"wt_post_acquire {path}"]
        assert pool.acquire("a") == path
        assert len(hooking.lines(log)) == 1, "that was no acquire"
        pool.release("a")
        assert hooking.lines(log)[1:] == [f"wt_pre_release {path}", f"wt_post_release {pool.pool_dir}"]
        log.write_text("")
        pool.acquire("b")
    assert len(hooking.lines(log)) == 3, "leaving the with releases"


def test_a_release_shows_hooks_what_the_test_left_and_discards_it_then(repo, trusted, log):
    trusted(f"wt_pre_release() {{ ls >>{log}; touch of-the-hook; }}\n")
    with WorktreePool(repo) as pool:
        path = pool.acquire("a")
        (path / "junk").write_text("")
        pool.release("a")
    assert hooking.lines(log) == ["README", "junk"]
    assert sorted(os.listdir(path)) == [".git", ".gitignore", hooking.NAME, "README"]


def test_fresh_is_a_worktree_that_nobody_held_yet(repo, trusted, log):
    trusted(f'wt_post_acquire() {{ echo "$WT_FRESH" >>{log}; [ -z "$FAIL" ]; }}\n')
    with WorktreePool(repo, max_size=2) as pool:
        pool.expand_pool(1)
        os.environ["FAIL"] = "1"
        with pytest.raises(WtError, match="wt_post_acquire"):
            pool.acquire("a")
        del os.environ["FAIL"]
        for _ in range(2):
            pool.acquire("a")
            pool.release("a")
        assert hooking.lines(log) == ["1", "1", "0"]
        assert pool.get_stats()["created"] == 1


def test_what_is_not_approved_is_refused_with_the_lines_that_approve_it(repo, tmp_path):
    digest = hooking.commit(repo, f"wt_post_acquire() {{ touch {tmp_path}/ran; }}\n")
    with WorktreePool(repo) as pool:
        before = everything(repo, *(one for one in pool.pool_dir.iterdir() if one.name != ".meta"))
        with pytest.raises(HooksNotTrusted) as caught:
            pool.acquire("a")
        assert everything(repo, *(one for one in pool.pool_dir.iterdir() if one.name != ".meta")) == before
        assert isinstance(caught.value, UntrustedError)
        shown = "".join(traceback.format_exception(caught.value))
        [line] = [hint for hint in shown.splitlines() if " wt trust " in hint]
        assert f"export WT_TRUST={digest}" in shown
        command = line.partition(": to approve exactly these: ")[2].replace(
            " wt ", f" {' '.join(tool.argv('wt'))} "
        )
        subprocess.run(command, shell=True, check=True, env=tool.environment(), capture_output=True)
        pool.acquire("a")
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("directory", ["odd name$", "-x"])
def test_where_no_command_finds_the_pool_the_environment_approves(repo, tmp_path, directory):
    digest = hooking.commit(repo, "wt_post_acquire() { :; }\n")
    with WorktreePool(repo, tmp_path / directory) as pool, pytest.raises(HooksNotTrusted) as caught:
        pool.acquire("a")
    assert [hint.rpartition(": ")[2] for hint in caught.value.hints[1:]] == [
        f"export WT_TRUST={digest}", "export WT_HOOKS=off",
    ]  # fmt: skip


def test_what_cannot_be_approved_says_why(repo):
    os.symlink("README", f"{repo}/{hooking.NAME}")
    git(repo, "add", hooking.NAME)
    git(repo, "commit", "-q", "-m", "link")
    with WorktreePool(repo) as pool, pytest.raises(HooksNotTrusted, match="is a symlink"):
        pool.acquire("a")


def test_off_runs_none(repo, monkeypatch, tmp_path):
    hooking.commit(repo, f"wt_post_acquire() {{ touch {tmp_path}/ran; }}\n")
    monkeypatch.setenv("WT_HOOKS", "off")
    with WorktreePool(repo) as pool:
        pool.acquire("a")
    assert not (tmp_path / "ran").exists()


def test_a_release_goes_on_without_what_is_not_approved_any_more(
    repo, trusted, monkeypatch, caplog, tmp_path
):
    trusted(f"wt_pre_release() {{ touch {tmp_path}/ran; }}\n")
    with WorktreePool(repo) as pool:
        pool.acquire("a")
        monkeypatch.setenv("WT_TRUST", "")
        assert pool.release("a")
    assert "are skipped" in caplog.text
    assert not (tmp_path / "ran").exists()


def test_one_that_fails_says_what_it_said_and_the_worktree_is_free_again(repo, trusted):
    trusted("wt_post_acquire() { echo no space; false; }\n")
    with WorktreePool(repo, max_size=1) as pool:
        with pytest.raises(WtError, match="wt_post_acquire") as caught:
            pool.acquire("a")
        assert caught.value.details == "no space"
        assert "no space" in "".join(traceback.format_exception(caught.value))
        assert pool.get_stats()["available"] == 1


def test_what_they_print_goes_to_the_logger_alone(repo, trusted, caplog, capfd):
    caplog.set_level(logging.INFO, "wt")
    trusted("wt_post_acquire() { echo hello; }\n")
    with WorktreePool(repo) as pool:
        pool.acquire("a")
    assert "hello" in caplog.messages
    assert capfd.readouterr() == ("", "")


def test_the_orchestrator_asks_for_all_before_any_worktree_is_touched(repo, monkeypatch):
    monkeypatch.setenv("WT_TRUST", hooking.commit(repo, "wt_post_acquire() { :; }\n"))
    hooking.commit(repo, "wt_post_acquire() { echo other; }\n")
    hypotheses = [Hypothesis("a", ref="HEAD~1"), Hypothesis("b")]
    with WorktreeOrchestrator(OrchestratorConfig(repo)) as orchestrator:
        with pytest.raises(HooksNotTrusted, match="are not approved"):
            orchestrator.create_worktrees(hypotheses)
        assert orchestrator.get_pool_stats()["total"] == 0
        assert len(orchestrator.create_worktrees(hypotheses[:1])) == 1


def test_direct_mode_runs_none(repo, tmp_path):
    hooking.commit(repo, f"wt_post_acquire() {{ touch {tmp_path}/ran; }}\n")
    with WorktreeOrchestrator(OrchestratorConfig(repo, use_pool=False)) as orchestrator:
        assert orchestrator.create_worktrees([Hypothesis("a")])
    assert not (tmp_path / "ran").exists()


def test_a_worktree_whose_hooks_take_their_time_is_not_waited_for(repo, trusted, tmp_path):
    """The others go on, in direct mode."""
    trusted(f"wt_post_acquire() {{ while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; }}\n")
    hypotheses = [Hypothesis(name) for name in "abc"]
    with WorktreeOrchestrator(OrchestratorConfig(repo, max_size=1)) as orchestrator:
        made = threading.Thread(target=orchestrator.create_worktrees, args=(hypotheses,))
        made.start()
        until(lambda: git(repo, "worktree", "list").count("/.direct/") == 2, seconds=50)
        (tmp_path / "go").write_text("")
        made.join()
        assert orchestrator.get_pool_stats()["allocated"] == 1


def test_an_interrupt_ends_hooks_in_threads_and_gives_everything_back(repo, trusted, tmp_path):
    """As from a prompt that lives on: nothing may be held, and nothing may run, once the `with` is left."""
    trusted(f'wt_post_acquire() {{ echo $$ >>{tmp_path}/pids; [ "$WT_NAME" = quick ] || sleep 600; }}\n')
    pids = tmp_path / "pids"
    pids.write_text("")

    def interrupted():
        until(lambda: len(hooking.lines(pids)) > 1)
        os.kill(os.getpid(), signal.SIGINT)

    interrupt = threading.Thread(target=interrupted)
    interrupt.start()
    with (
        pytest.raises(KeyboardInterrupt),
        WorktreeOrchestrator(OrchestratorConfig(repo, max_size=3)) as orchestrator,
    ):
        orchestrator.create_worktrees([Hypothesis(name) for name in ("quick", "b", "c")])
    interrupt.join()
    assert not [pid for pid in hooking.lines(pids) if is_alive(pid)]
    with WorktreePool(repo, max_size=3) as pool:
        assert pool.get_stats()["allocated"] == 0
    assert git(repo, "branch", "--format=%(refname:short)") == "main"


PROGRAM = """
import sys
from wt import WorktreePool
pool = WorktreePool(sys.argv[1], max_size=1)
pool.acquire("a")
pool.release("a")
"""


@pytest.mark.parametrize("function", ["wt_post_acquire", "wt_pre_release"])
def test_killed_in_a_hook_the_next_start_ends_it_and_has_the_worktree_back(repo, trusted, tmp_path, function):
    pids = tmp_path / "pids"
    pids.write_text("")
    trusted(f'{function}() {{ echo $$ >>{pids}; [ -z "$SLOW" ] || sleep 600; }}\n')
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, repo], env=tool.environment(SLOW="1"))
    until(lambda: hooking.lines(pids))
    process.kill()
    process.wait()
    with WorktreePool(repo, max_size=1) as pool:
        pool.acquire("b")
        assert not is_alive(hooking.lines(pids)[0])
