"""The public library: what it exports, that it is loaded when asked for, and that type checkers see it."""

import os
import pickle
import subprocess
import sys
import traceback

import wt
from tests.support import tool
from wt.errors import CapacityError, GitError, NameHeldError, WtError

PROBE = """
import sys
import traceback
import wt
assert not [name for name in sys.modules if name.startswith("wt.")], "nothing is loaded before it is asked for"
assert set(wt.__all__) <= set(dir(wt))
for name in wt.__all__:
    assert getattr(wt, name).__name__ == name
from wt import WorktreePool, WorktreeOrchestrator, OrchestratorConfig, Hypothesis, PoolExhausted, NameHeld
from wt.git_utils import create_worktree, remove_worktree, reset_worktree, get_current_branch
"""
TYPED = """
from pathlib import Path
from wt import Hypothesis, NameHeld, OrchestratorConfig, PoolExhausted, TestResult, WorktreeOrchestrator, WorktreePool

def use(pool: WorktreePool) -> Path:
    reveal_type(pool.acquire("a"))
    with WorktreeOrchestrator(OrchestratorConfig(".")) as made:
        reveal_type(made.run_tests("true"))
    return pool.acquire(1)
"""


def test_exports_are_lazy_and_complete():
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=tool.environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_not_there_is_an_attribute_error():
    assert not hasattr(wt, "Nonsense")


def test_type_checkers_see_the_types(tmp_path):
    file = tmp_path / "use.py"
    file.write_text(TYPED)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "--no-incremental", str(file)],
        cwd=tmp_path, env=tool.environment(MYPYPATH=tool.ROOT), capture_output=True, text=True,
    )  # fmt: skip
    assert 'Revealed type is "pathlib.Path"' in done.stdout, done
    assert "TestResult" in done.stdout
    assert 'has incompatible type "int"; expected "str"' in done.stdout


def test_pool_exhausted_is_a_runtime_error_and_name_held_none():
    assert issubclass(wt.PoolExhausted, RuntimeError)
    assert issubclass(wt.PoolExhausted, CapacityError)
    assert issubclass(wt.NameHeld, NameHeldError)
    assert not issubclass(wt.NameHeld, RuntimeError)


def test_a_call_of_git_that_failed_survives_it_too():
    error = GitError(("-C", "/x", "status"), "/x", 128, "fatal: no\n")
    error.hint("git -C /x status")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.details, again.hints) == (str(error), "fatal: no", ["git -C /x status"])
    assert (again.argv, again.returncode) == (error.argv, 128)


def test_errors_survive_a_trip_to_another_process():
    error = wt.PoolExhausted("All are held.", details="slot-0")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, WtError)
    assert (again.sentence, again.details, str(again)) == ("All are held.", "slot-0", "All are held.")


def test_a_traceback_shows_what_was_said_and_what_to_do():
    error = WtError("It is so.", "to see it: wt ls", details="fatal: so")
    error.add_note("somebody's")
    lines = traceback.format_exception(error)
    assert "".join(lines) == "wt.errors.WtError: It is so.\nfatal: so\nhint: to see it: wt ls\nsomebody's\n"
    again = pickle.loads(pickle.dumps(error))
    again.__notes__ = error.__notes__  # as tblib does, which brings Dask's errors home
    assert traceback.format_exception(again) == lines
