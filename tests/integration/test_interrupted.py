"""Ctrl-C before anything is begun, and while it is told why something was refused: a status, and no traceback."""

import shutil
import signal
import subprocess

import pytest

from tests.support import tool


@pytest.mark.parametrize("command", ["wt", "worktree-pool"])
@pytest.mark.parametrize("ignored", [False, True])
def test_while_the_program_loads(tmp_path, command, ignored):
    (tmp_path / "wt").mkdir()
    slow = "import os, _signal\nos.kill(os.getpid(), 2)\nprint(_signal.getsignal(2))\nos._exit(0)\n"
    (tmp_path / "wt" / "__init__.py").write_text(slow)
    before = ["env", "--ignore-signal=INT"] if ignored else []
    done = subprocess.run(
        [*before, *tool.argv(command, "--version")],
        env=tool.environment(PYTHONPATH=str(tmp_path)),
        capture_output=True,
        text=True,
    )
    if ignored:
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{signal.SIG_IGN:d}\n", "")
    else:
        assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize("told", ["INT", "TERM"])
def test_while_an_error_is_told(pool, told):
    if not shutil.which("strace"):
        pytest.skip("needs strace, which Linux has")
    at_the_write = ("strace", "-qq", "-o", "/dev/null", "-e", "trace=write", "-e",
                    f"inject=write:signal={told}:when=1")  # fmt: skip
    done = pool.wt("land", "--keep", "--next", "y", before=at_the_write)
    assert done.code == 128 + getattr(signal, f"SIG{told}")
    assert "Traceback" not in done.err
