"""Running one function of a hooks file: real bash, real processes."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.support import gitrepo, hooking, tool
from tests.support.tool import ROOT, environment
from wt import hooks, trust
from wt.errors import UntrustedError
from wt.git.run import Git


def run(text, function, cwd, env=None, started=None):
    shown: list[str] = []
    policy = trust.Policy({**os.environ, **(env or {})}, shown.append, shown.append)
    found = hooks.of_content(text if isinstance(text, bytes) else text.encode(), "test")
    ran = hooks.run(found, function, str(cwd), policy, {"WT_NAME": "x y"}, str(cwd), started)
    return ran, "\n".join(shown).split("\n") if shown else []


def outcome(*args, **more):
    ran, shown = run(*args, **more)
    return ran.status, shown


def test_a_function_runs_in_its_directory_with_its_environment(tmp_path):
    text = 'f() { pwd; echo "$PWD $WT_NAME"; echo to-stderr >&2; }'
    assert outcome(text, "f", tmp_path) == (0, [str(tmp_path), f"{tmp_path} x y", "to-stderr"])


def test_an_absent_function_is_nothing(tmp_path):
    assert outcome("g() { touch made; }", "f", tmp_path) == (0, [])
    assert outcome("", "f", tmp_path) == (0, [])
    assert os.listdir(tmp_path) == ["home"]


def test_the_body_runs_under_set_e_and_the_top_level_does_not(tmp_path):
    assert outcome("false\nf() { echo a; false; echo b; }", "f", tmp_path) == (1, ["a"])


def test_an_exported_errexit_does_not_reach_the_top_level(tmp_path):
    assert outcome("false\nf() { echo a; }", "f", tmp_path, {"SHELLOPTS": "errexit"}) == (0, ["a"])


@pytest.mark.parametrize(
    "name", ["declare", "set", "printf", "cd", "read", "exit", "test", "command", "bash"]
)
def test_a_function_may_be_called_as_a_builtin_is(tmp_path, name):
    text = f"{name}() {{ return 0; }}\nWT_LAUNCHER=mine\nf() {{ echo a; false; echo b; }}"
    ran, shown = run(text, "f", tmp_path)
    assert (ran.status, ran.launcher, shown) == (1, "mine", ["a"])


def test_a_syntax_error_names_the_file_that_people_know(tmp_path):
    _status, shown = outcome("f() {\nif then\n}", "f", tmp_path)
    assert shown[0].startswith("test: line 2: syntax error")
    assert os.listdir(tmp_path) == ["home"]


@pytest.mark.parametrize(
    "text",
    ["f() { touch made; }\nif then", b"f() { touch made; }\r\nif true; then\r\n", b"\0f() { touch made; }"],
)
def test_a_syntax_error_is_an_error(tmp_path, text):
    status, shown = outcome(text, "f", tmp_path)
    assert status == 2
    assert shown
    assert not (tmp_path / "made").exists()


def test_extended_patterns_are_no_syntax_error(tmp_path):
    text = "shopt -s extglob\nf() { case ab in @(ab|cd)) echo yes;; esac; }"
    assert outcome(text, "f", tmp_path) == (0, ["yes"])


@pytest.mark.parametrize(
    "body", ["exit 3", "trap 'exit 3' EXIT", "cd() { :; }; exit 3", "return 3", "kill -9 $$"]
)
def test_what_a_hook_does_to_its_shell_stays_there(tmp_path, body):
    assert outcome(f"f() {{ {body}; }}", "f", tmp_path)[0] == (137 if "kill" in body else 3)


def test_stdin_is_empty_and_git_and_the_shell_are_not_led_elsewhere(tmp_path):
    env = {"GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere/index", "WT_DIRECTIVE": "/nowhere/directive"}
    text = 'f() { cat; echo "[${GIT_DIR-}${GIT_INDEX_FILE-}${WT_DIRECTIVE-}]$*"; }'
    assert outcome(text, "f", tmp_path, env) == (0, ["[]"])


def test_what_bash_would_be_told_by_the_environment_is_no_part_of_it(tmp_path):
    (tmp_path / "env").write_text("echo from BASH_ENV\n")
    env = {"BASH_ENV": str(tmp_path / "env"), "BASH_FUNC_cd%%": "() { echo a function; }", "CDPATH": "/"}
    assert outcome("f() { cd tmp 2>/dev/null || echo not there; }", "f", tmp_path, env) == (0, ["not there"])


def test_there_is_no_terminal_to_reach(tmp_path):
    text = "f() { if (: </dev/tty) 2>/dev/null; then echo terminal; fi; ps -o sid= -p $$; echo $$; }"
    _status, (session, leader) = outcome(text, "f", tmp_path)
    assert session.strip() == leader


def test_no_descriptor_but_the_three_is_ours(tmp_path):
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        _status, shown = outcome("f() { ls -l /dev/fd/; }", "f", tmp_path)
    finally:
        os.close(lock)
    assert shown
    assert not [line for line in shown if "lock" in line]


def test_a_daemon_that_it_leaves_is_not_waited_for_and_may_go_on_printing(tmp_path):
    text = "f() { (sleep 0.5; for n in 1 2 3; do echo $n; done; touch printed; sleep 30) & echo left; }"
    began = time.monotonic()
    groups: list[int] = []
    assert outcome(text, "f", tmp_path, started=groups.append) == (0, ["left"])
    assert time.monotonic() - began < 20
    wait_for(tmp_path / "printed")
    os.killpg(groups[0], signal.SIGKILL)


def test_a_daemon_that_prints_for_ever_is_not_waited_for(tmp_path):
    groups: list[int] = []
    status, shown = outcome("f() { yes & echo left; }", "f", tmp_path, started=groups.append)
    os.killpg(groups[0], signal.SIGKILL)
    assert status == 0
    assert "left" in shown


def test_one_that_closes_its_output_is_waited_for(tmp_path):
    text = "f() { exec >&- 2>&-; sleep 0.3; touch done; exit 4; }"
    assert outcome(text, "f", tmp_path) == (4, [])
    assert (tmp_path / "done").exists()


def test_output_without_end_is_bounded(tmp_path):
    text = "f() { head -c 3000000 /dev/zero | tr '\\0' x; echo; yes | head -c 3000000; echo end; }"
    status, shown = outcome(text, "f", tmp_path)
    assert status == 0
    assert shown[-1] == "end"
    assert max(map(len, shown)) <= 2 << 16


def test_a_stream_that_nobody_reads_ends_no_hook(pool):
    """Neither the hook nor the acquire that it belongs to."""
    hooking.approved(pool, "wt_post_acquire() { for n in 1 2 3; do echo $n; done; touch build-done; }\n")
    out, closed = os.pipe()
    os.close(out)
    argv = tool.argv("worktree-pool", "--pool", "app", "acquire", "--name", "x")
    env = environment(WORKTREE_ROOT=pool.root)
    done = subprocess.run(
        argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=closed, text=True
    )
    os.close(closed)
    assert (done.returncode, done.stdout) == (0, f"{pool.at}/x\n")
    assert os.path.exists(f"{pool.at}/x/build-done")


def test_of_a_progress_line_its_last_state_is_shown(tmp_path):
    assert outcome("f() { printf '10%%\\r50%%\\r100%%\\r\\n'; }", "f", tmp_path) == (0, ["100%"])


def test_a_silent_hook_is_said_to_run(tmp_path):
    assert outcome("f() { sleep 1.5; }", "f", tmp_path) == (0, ["f is running."])


def test_its_process_group_is_told_before_anything_of_the_file_runs(tmp_path):
    groups = []

    def started(group):
        groups.append((group, os.path.exists(tmp_path / "ran")))

    status, shown = outcome("touch ran; f() { ps -o pgid= -p $$; }", "f", tmp_path, started=started)
    assert status == 0
    assert [(int(line), False) for line in shown] == groups


def test_nothing_of_the_file_runs_if_the_group_could_not_be_told(tmp_path):
    def started(_group):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        run("touch ran; f() { :; }", "f", tmp_path, started=started)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "where", ["WT_LAUNCHER=code", "f() { WT_LAUNCHER=code; }", "f() { WT_LAUNCHER=code; exit 0; }"]
)
def test_the_file_may_set_a_launcher(tmp_path, where):
    ran, _shown = run(f"{where}\n", "f", tmp_path)
    assert (ran.status, ran.launcher) == (0, "" if "exit" in where else "code")


def wait_for(path):
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("trap", "signum"),
    [
        ("trap 'touch told; exit 9' INT", signal.SIGINT),
        ("trap '' INT TERM", signal.SIGINT),
        ("trap 'touch told' TERM", signal.SIGTERM),
    ],
)
def test_an_interrupt_reaches_the_hook_and_ends_the_call(tmp_path, trap, signum):
    text = f"f() {{ {trap}; touch ready; echo $$ >pid; while :; do sleep 0.05; done; }}"
    script = (
        "import os, sys\nfrom wt import hooks, trust\nfrom wt.cli.main import _take_interrupts\n_take_interrupts()\n"
        "policy = trust.Policy(dict(os.environ), print, print)\n"
        f"hooks.run(hooks.of_content({text.encode()!r}, ''), 'f', {str(tmp_path)!r}, policy, {{}}, {str(tmp_path)!r})\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], env=environment(), cwd=ROOT, stderr=subprocess.DEVNULL
    )
    wait_for(tmp_path / "ready")
    wait_for(tmp_path / "pid")
    child.send_signal(signum)
    assert child.wait(60) != 0
    assert (tmp_path / "told").exists() == ("told" in trap)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def hooks_of(repo):
    return hooks.at_commit(Git(repo), gitrepo.git(repo, "rev-parse", "HEAD"))


def test_the_file_is_the_commits_blob_not_the_working_copy(repo):
    assert hooks_of(repo) is None
    gitrepo.commit(repo, {".wt-hooks.sh": "f() { :; }\n"})
    gitrepo.write(repo, {".wt-hooks.sh": "changed\n"})
    assert hooks_of(repo).content == b"f() { :; }\n"


def test_a_symlink_a_directory_and_a_megabyte_cannot_be_approved(repo):
    os.symlink("/etc/passwd", os.path.join(repo, ".wt-hooks.sh"))
    gitrepo.commit(repo, {})
    with pytest.raises(UntrustedError, match="is a symlink"):
        hooks_of(repo)
    os.unlink(os.path.join(repo, ".wt-hooks.sh"))
    gitrepo.commit(repo, {".wt-hooks.sh/x": "x"})
    with pytest.raises(UntrustedError, match="no regular file"):
        hooks_of(repo)
    os.unlink(os.path.join(repo, ".wt-hooks.sh", "x"))
    os.rmdir(os.path.join(repo, ".wt-hooks.sh"))
    gitrepo.commit(repo, {".wt-hooks.sh": "#" * 1_000_001})
    with pytest.raises(UntrustedError, match="over 1 MB"):
        hooks_of(repo)


def user_file(home, text, mode=0o600):
    path = home / ".config" / "wt" / "hooks.sh"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_users_own_file_may_be_a_link_into_a_repository_of_dotfiles(home, tmp_path):
    path = user_file(home, "")
    path.unlink()
    (tmp_path / "dotfiles").write_text("mine\n")
    path.symlink_to(tmp_path / "dotfiles")
    warned: list[str] = []
    found = hooks.of_user(os.environ, warned.append)
    assert found is not None
    assert found.content == b"mine\n"
    assert warned == []


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_users_file_that_others_could_have_written_is_not_run(home, mode):
    user_file(home, "x\n", mode)
    warned: list[str] = []
    assert hooks.of_user(os.environ, warned.append) is None
    assert len(warned) == 1
    assert "others may write" in warned[0]


def test_a_users_file_of_somebody_else_is_not_run(home):
    path = user_file(home, "x\n")
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
    else:
        path.unlink()
        path.symlink_to("/etc/passwd")
    warned: list[str] = []
    assert hooks.of_user(os.environ, warned.append) is None
    assert "belongs to somebody else" in warned[0]


def test_a_users_file_that_is_a_fifo_is_not_waited_for(home):
    path = user_file(home, "")
    path.unlink()
    os.mkfifo(path, 0o600)
    warned: list[str] = []
    assert hooks.of_user(os.environ, warned.append) is None
    assert "no regular file" in warned[0]
