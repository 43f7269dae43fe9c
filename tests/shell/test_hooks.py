"""Hooks seen from an interactive shell: Ctrl-C ends them, the prompt returns, the shell is untouched (contract section 14)."""

import os

import pytest

from tests.support import hooking, terminal
from tests.support.tool import Pool

pytestmark = pytest.mark.shell
HOSTILE = """
wt_post_acquire() {
    trap 'echo trapped' EXIT INT
    cd() { :; }
    export PS1=mine WT_DIRECTIVE=/nowhere
    printf '\\033]0;title\\a'
    stty -echo </dev/tty 2>/dev/null || :
    echo begun
    while :; do sleep 0.05; done
}
"""


@pytest.fixture(params=["bash", "zsh"])
def shell(request, tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2)
    sh = Shell(request.param, tmp_path / "rc", cwd=repo, WORKTREE_ROOT=pool.root)
    sh.pool = pool
    yield sh
    sh.close()


class Shell(terminal.Shell):
    """One that stands in the source of a pool."""

    pool: Pool


def test_ctrl_c_ends_a_hook_that_never_ends_and_the_shell_is_as_it_was(shell):
    hooking.approved(shell.pool, HOSTILE)
    shell.tty.sendline("wt new x")
    shell.tty.expect("begun")
    shell.tty.sendintr()
    text, status = shell.prompt()
    assert status == 130
    assert "trapped" in text
    assert shell.pwd == shell.pool.source
    assert shell.says("echo still here") == "still here"  # and typed text is echoed, for `says` cuts it off
    assert shell.pool.states() == [("slot-0", "idle", None)]


def test_a_hook_that_ends_leaves_the_shell_in_the_slot(shell):
    hooking.approved(shell.pool, HOSTILE.replace("while :; do sleep 0.05; done", "exit 0"))
    said = shell.says("wt new x")
    assert "begun" in said
    assert "\x1b]0" not in said
    assert shell.pwd == f"{shell.pool.at}/x"
    assert shell.says("cd / && pwd") == "/"


def test_the_first_use_asks_through_the_shell_function(shell):
    hooking.commit(shell.pool.source, "wt_post_acquire() { echo ran; }\n")
    shell.tty.sendline("wt new x")
    shell.tty.expect("without hooks")
    shell.tty.send("\x1b[B\r")
    text, status = shell.prompt()
    assert (status, "ran" in text) == (0, True)
    assert shell.pwd == f"{shell.pool.at}/x"


def test_esc_leaves_the_shell_where_it_was(shell):
    hooking.commit(shell.pool.source, "wt_post_acquire() { echo ran; }\n")
    shell.tty.sendline("wt new x")
    shell.tty.expect("without hooks")
    shell.tty.send("\x1b")
    text, status = shell.prompt()
    assert (status, "ran" in text) == (7, False)
    assert shell.pwd == shell.pool.source
    assert not os.path.exists(f"{shell.pool.at}/x")
