"""wt go on a real terminal: contract section 15, a supervised session that is cleaned up whatever ends it."""

import hashlib
import os
import signal
import subprocess
import time

import pytest

from tests.support import gitrepo, terminal, tool
from tests.support.terminal import DEADLINE, RC
from tests.support.untouched import everything

git = gitrepo.git


@pytest.fixture
def sh(start, pool, shell, home):
    """An interactive shell; the one that go launches has the same prompt and knows wt, too."""
    warm(pool)
    (home / ".bashrc").write_text(RC["bash"] + terminal.init_line("bash"))
    return start(pool, SHELL=f"/bin/{shell}" if os.path.exists(f"/bin/{shell}") else f"/usr/bin/{shell}")


def warm(pool, name="before"):
    """A slot that is there already: one that is new is a misfire where nothing was done in it."""
    pool.acquire(name, "--no-hooks")
    assert pool.pool("release", "--name", name, "--no-hooks").code == 0


def wait_for(there):
    deadline = time.monotonic() + DEADLINE
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def idle(pool):
    return all(row["state"] in ("idle", "fresh") for row in pool.rows())


def test_a_session_in_the_users_shell_is_given_back_when_it_ends(sh, pool):
    text, status = sh.run("wt go x")
    assert status == 0
    assert "x in slot-0 (warm)" in text
    assert sh.pwd == f"{pool.at}/x"
    assert sh.says("echo $WT_GO").startswith("app:slot-0:")
    assert "x" in sh.says("wt ls --bare")
    text, status = sh.run("(exit 3); exit")
    assert ": released; slot-0 is idle and warm." in text
    assert status == 3
    assert sh.pwd == pool.source
    assert sh.says('echo "[$WT_GO]"') == "[]"
    assert idle(pool)


def test_ctrl_d_ends_it_likewise(sh, pool):
    sh.run("wt go x")
    sh.tty.send("\x04")
    text, status = sh.prompt()
    assert ": released; slot-0" in text
    assert status == 0
    assert idle(pool)


def test_work_that_would_be_lost_stays_and_is_resumed_with_a_warning(sh, pool):
    sh.run("wt go x")
    sh.says("echo mine > u")
    text, status = sh.run("exit")
    assert status == 0
    assert "; the slot stays." in text
    assert "1 untracked file" in text
    assert pool.states() == [("slot-0", "held", "x")]
    text, _status = sh.run("wt go x")
    assert "x is held by slot-0" in text
    assert "taken up again" in text
    assert "1 untracked file" in text
    assert sh.says("cat u") == "mine"
    assert "x landed on main" in sh.says("wt land --add words")
    assert sh.pwd == pool.source
    text, status = sh.run("exit")
    assert "x was given back already." in text
    assert idle(pool)


def test_a_branch_that_is_there_is_taken_up(sh, pool):
    git(pool.source, "branch", "topic")
    git(pool.source, "update-ref", "refs/remotes/origin/theirs", "main")
    git(pool.source, "remote", "add", "origin", "/nowhere")
    text, status = sh.run("wt go topic -- git symbolic-ref HEAD")
    assert (status, "refs/heads/topic" in text) == (0, True)
    assert git(pool.source, "rev-parse", "topic") == git(pool.source, "rev-parse", "main")
    text, status = sh.run("wt go theirs -- git rev-parse --abbrev-ref @{u}")
    assert (status, "origin/theirs" in text) == (0, True)
    text, status = sh.run("wt go topic --from main -- true")
    assert (status, "exists already" in text) == (1, True)
    assert idle(pool)


@pytest.mark.parametrize(
    ("command", "status"), [("true", 0), ("sh -c 'exit 7'", 7), ("sh -c 'kill -9 $$'", 137)]
)
def test_the_exit_status_is_the_commands(sh, pool, command, status):
    text, found = sh.run(f"wt go x -- {command}")
    assert found == status
    assert ": released; slot-0" in text
    assert idle(pool)


def test_a_command_that_is_not_there(sh, pool):
    text, status = sh.run("wt go x -- no-such-command")
    assert status == 1
    assert "no-such-command" in text
    assert ": released; slot-0" in text
    assert idle(pool)


def test_ctrl_c_reaches_the_command_and_the_slot_is_given_back(sh, pool):
    sh.tty.sendline("wt go x -- sh -c 'echo ready; exec sleep 100'")
    sh.tty.expect("ready\r\n")
    sh.tty.send("\x03")
    text, status = sh.prompt()
    assert status == 130
    assert ": released; slot-0" in text
    assert idle(pool)


def test_ctrl_z_stops_it_and_fg_goes_on(sh, pool):
    sh.tty.sendline(
        "wt go x -- sh -c 'trap \"echo woken\" CONT; echo ready; until read line; do :; done; echo got $line'"
    )
    sh.tty.expect("ready\r\n")
    sh.tty.send("\x1a")
    _text, status = sh.prompt()
    assert status in (146, 148)  # 128 + SIGTSTP, 18 or 20
    assert pool.states() == [("slot-0", "held", "x")]
    sh.tty.sendline("fg")
    sh.tty.expect("woken")
    sh.tty.sendline("words")
    sh.tty.expect("got words")
    text, status = sh.prompt()
    assert (status, ": released; slot-0" in text) == (0, True)


def test_what_stops_itself_gives_the_terminal_back_and_goes_on_with_fg(sh, pool):
    """As programs do that take Ctrl-Z for a key: no signal of the terminal's stops the whole group."""
    sh.tty.sendline("wt go x -- sh -c 'kill -STOP $$; echo wo''ken; read line; echo got $line'")
    _text, status = sh.prompt()
    assert status in (145, 146, 147, 148)
    assert "words" in sh.run("echo words")[0]
    assert pool.states() == [("slot-0", "held", "x")]
    sh.tty.sendline("fg")
    sh.tty.expect("woken\r\n")
    sh.tty.sendline("words")
    sh.tty.expect("got words")
    text, status = sh.prompt()
    assert (status, ": released; slot-0" in text) == (0, True)


def test_an_inner_shell_that_is_stopped_has_the_terminal_again_and_gives_it_back_at_last(sh, pool):
    sh.run("wt go x")
    sh.tty.sendline("kill -STOP $$")
    sh.prompt()
    assert "outside" in sh.run("echo outside$WT_GO")[0].split()
    sh.tty.sendline("fg")
    sh.tty.sendline("echo in''side; kill -KILL $$")
    sh.tty.expect("inside\r\n")
    text, _status = sh.prompt()  # zsh goes on behind a function that was stopped as if it had succeeded
    assert ": released; slot-0" in text
    assert "words" in sh.run("read line <<<words; echo $line")[0]
    assert idle(pool)


def test_in_the_background_it_leaves_the_terminal_to_whoever_has_it(sh, pool, tmp_path):
    os.mkfifo(tmp_path / "end")
    sh.tty.sendline(f"wt go x -- sh -c 'echo $PPID >{tmp_path}/pid; echo ready; cat {tmp_path}/end'")
    sh.tty.expect("ready\r\n")
    sh.tty.send("\x1a")
    sh.prompt()
    sh.run("bg")
    ended = f"echo >{tmp_path}/end; while kill -0 $(cat {tmp_path}/pid) 2>/dev/null; do sleep 0.1; done"
    text, status = sh.run(f"sh -c 'stty -icanon; {ended}; stty -a; stty icanon; echo fi\"\"nished'")
    assert (status, "finished" in text, " -icanon" in text) == (0, True, True), text
    assert idle(pool)


def test_an_inner_shell_can_be_suspended(sh, pool):
    sh.run("wt go x")
    sh.tty.sendline("suspend")
    sh.prompt()
    assert "outside" in sh.run("echo outside$WT_GO")[0].split()
    sh.tty.sendline("fg")
    sh.prompt()
    assert "x" in os.path.basename(sh.pwd)
    sh.tty.sendline("exit")
    text, _status = sh.prompt()
    assert ": released; slot-0" in text
    assert idle(pool)


def test_the_terminal_is_given_back_as_it_was(sh, pool):
    before = sh.says("stty -g")
    _text, status = sh.run("wt go x -- sh -c 'stty raw -echo; kill -9 $$'")
    assert status == 137
    assert sh.says("stty -g") == before


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_launcher_first_and_then_the_slot_is_given_back(sh, pool, tmp_path, signum):
    sh.tty.sendline(f"wt go x -- sh -c 'echo $PPID $$ > {tmp_path}/pids; exec sleep 100'")
    wait_for(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith("\n"))
    ours, theirs = map(int, (tmp_path / "pids").read_text().split())
    os.kill(ours, signum)
    text, status = sh.prompt()
    assert status == 128 + signum
    assert ": released; slot-0" in text
    with pytest.raises(ProcessLookupError):
        os.kill(theirs, 0)
    assert idle(pool)


def test_sigterm_ends_an_interactive_shell_too(sh, pool):
    sh.run("wt go x")
    os.kill(int(sh.says("echo $WT_GO").split(":")[2]), signal.SIGTERM)
    text, status = sh.prompt()
    assert ": released; slot-0" in text
    assert status in (129, 143, 0, 1)
    assert idle(pool)


@pytest.mark.parametrize("inner", ["shell", "command"])
def test_a_terminal_that_is_closed_leaves_nothing_held(sh, pool, tmp_path, inner):
    if inner == "shell":
        sh.run("wt go x")
    else:
        sh.tty.sendline("wt go x -- sh -c 'echo ready; exec sleep 100'")
        sh.tty.expect("ready\r\n")
    assert pool.states() == [("slot-0", "held", "x")]
    sh.close()
    wait_for(lambda: idle(pool))
    assert pool.wt("doctor").code == 0


def test_a_misfire_stays_with_the_two_ways_on(sh, pool):
    sh.run("wt new held")
    text, status = sh.run("wt go x -- false")  # slot-1 is new
    assert status == 1
    assert "misfire: what was launched was gone after" in text
    assert "hint: to try again: wt go x" in text
    assert "hint: to give it back: wt release x" in text
    assert ("slot-1", "held", "x") in pool.states()
    text, status = sh.run("wt go x -- true")
    assert ": released; slot-1" in text


def test_a_quick_command_that_did_something_is_no_misfire(sh, pool):
    sh.run("wt new held; wt cd --source")
    text, _status = sh.run("wt go x -- sh -c 'echo 1 > u; git add u; git commit -q -m u'")
    assert "misfire" not in text
    assert "1 commit that the base does not have" in text


def test_sessions_do_not_nest(sh, pool):
    sh.run("wt go x")
    text, status = sh.run("wt go y")
    assert status == 2
    assert "inside a `wt go` of slot-0 in the pool `app` already" in text
    assert pool.states() == [("slot-0", "held", "x")]
    _text, status = sh.run("unset WT_GO; WT_GO=app:slot-0:1 wt go y -- true")  # pid 1 is everybody's ancestor
    assert status == 2
    _text, status = sh.run(
        "WT_GO=app:slot-0:999999 wt go y -- true"
    )  # left over in a multiplexer that was begun inside
    assert status == 0
    sh.run("exit")


def test_from_inside_its_own_slot_the_shell_is_taken_out_when_it_is_given_back(sh, pool):
    sh.run("wt new x; cd sub")
    text, status = sh.run("wt go -- pwd")
    assert status == 0
    assert f"{pool.at}/x\r\n" in text or f"{pool.at}/x\n" in text
    assert ": released; slot-0" in text
    assert sh.pwd == f"{pool.source}/sub"


def test_a_background_process_that_stays_in_the_slot_keeps_it(sh, pool):
    text, _status = sh.run("wt go x -- sh -c 'sleep 100 & echo $!'")
    pid = int(text.splitlines()[1])
    try:
        assert "is in it" in text
        assert pool.states() == [("slot-0", "held", "x")]
    finally:
        os.kill(pid, signal.SIGKILL)


def test_wt_launcher_of_the_environment(sh, pool):
    text, status = sh.run("WT_LAUNCHER='echo \"launched in $PWD\"; exit 4' wt go x")
    assert f"launched in {pool.at}/x" in text
    assert status == 4


# Without a terminal.


def test_without_a_terminal_it_refuses(pool):
    warm(pool)
    done = pool.wt("go", "x", "--", "true")
    tool.assert_refused(done, 2, "needs a terminal", "wt new x -- make test")
    assert idle(pool)
    done = pool.wt("go", "x", "--", "sh", "-c", "exit 5", env={"WT_GO_ALLOW_NOTTY": "1"})
    assert done.code == 5, done
    assert ": released; slot-0" in done.err


def test_what_goes_wrong_is_said_before_anything_is_touched(pool):
    env = {"WT_GO_ALLOW_NOTTY": "1"}
    tool.assert_refused(pool.wt("go", env=env), 2, "needs NAME", "wt go feature-x")
    pool.acquire("x")
    tool.assert_refused(
        pool.wt("go", "x", "--from", "main", "--", "true", env=env), 2, "held already", "wt go x"
    )
    tool.assert_refused(pool.wt("go", "slot-3", "--", "true", env=env), 2)
    assert pool.states() == [("slot-0", "held", "x")]


def test_new_with_a_command_ends_with_its_status(pool):
    done = pool.wt("new", "x", "--", "sh", "-c", "pwd; exit 9")
    assert done.code == 9
    assert f"{pool.at}/x\n" in done.out
    assert pool.states() == [("slot-0", "held", "x")]


def test_a_command_is_ended_whenever_its_wt_is_told_to_end(pool, tmp_path):
    """Told by the command itself, the moment that it runs: its parent may not even have come out of the fork."""
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\nkill -TERM $PPID\necho $$ > {tmp_path}/pid\nexec sleep 100\n")
    script.chmod(0o755)
    for number in range(5):
        done = pool.wt("new", f"x{number}", "--", str(script))
        assert done.code == 143, done
        if (tmp_path / "pid").exists():
            with pytest.raises(ProcessLookupError):
                os.kill(int((tmp_path / "pid").read_text()), 0)
            os.unlink(tmp_path / "pid")
        assert pool.wt("release", f"x{number}").code == 0


def test_a_command_of_new_ends_with_it(pool, tmp_path):
    process = subprocess.Popen(
        tool.argv("wt", "new", "x", "--", "sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 100"),
        cwd=pool.source, env=tool.environment(WORKTREE_ROOT=pool.root), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
    process.terminate()
    assert process.wait(timeout=DEADLINE) == 143
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


# With hooks (their own tests are in integration/test_hooks.py).

HOOKS = """
wt_pre_go() {
    echo "pre_go $WT_NAME fresh=$WT_FRESH resumed=$WT_RESUMED in $PWD"
    [ ! -e stop ]
}
WT_LAUNCHER='echo "launched with $WT_GO"; exit 6'
"""


@pytest.fixture
def hooked(tmp_path, repo):
    gitrepo.commit(repo, {".wt-hooks.sh": HOOKS})
    pool = tool.Pool(tmp_path / "w", repo)
    warm(pool)
    return pool


def go(pool, *args, trust=True):
    trusted = {"WT_TRUST": hashlib.sha256(HOOKS.encode()).hexdigest()} if trust else {}
    return pool.wt("go", *args, env={"WT_GO_ALLOW_NOTTY": "1", **trusted})


def test_pre_go_runs_before_the_launcher_that_the_hooks_file_sets(hooked):
    done = go(hooked, "x")
    assert done.code == 6, done
    assert f"pre_go x fresh=0 resumed=0 in {hooked.at}/x" in done.err
    assert done.out.startswith("launched with app:slot-0:")
    assert ": released; slot-0" in done.err
    done = go(hooked, "x", "--", "true")
    assert (done.code, done.out) == (0, "")
    hooked.pool("acquire", "--name", "x", "--no-hooks")
    assert "pre_go x fresh=0 resumed=1" in go(hooked, "x", "--", "true").err


def test_pre_go_that_fails_stops_the_launch_and_cleanup_follows(hooked):
    path = hooked.pool("acquire", "--name", "x", "--no-hooks").path
    gitrepo.commit(path, {"stop": "1"})
    done = go(hooked, "x", "--", "echo", "launched")
    assert (done.code, done.out) == (1, "")
    assert "wt_pre_go" in done.err
    assert "nothing was launched" in done.err
    assert "; the slot stays." in done.err
    assert hooked.wt("release", "x", "--force", "--no-hooks").code == 0
    gitrepo.commit(hooked.source, {"stop": "1"})
    done = go(hooked, "z", "--", "echo", "launched")
    assert (done.code, done.out) == (1, "")
    assert ": released; slot-0" in done.err
    assert idle(hooked)


def test_hooks_that_are_not_approved_are_7_and_nothing_is_touched(hooked):
    before = everything(hooked.root, hooked.source)
    done = go(hooked, "x", "--", "true", trust=False)
    tool.assert_refused(done, 7, "not approved", "wt trust")
    assert everything(hooked.root, hooked.source) == before
    hooked.pool("acquire", "--name", "x", "--no-hooks")
    before = everything(hooked.root, hooked.source)
    tool.assert_refused(go(hooked, "x", "--", "true", trust=False), 7, "not approved")
    assert everything(hooked.root, hooked.source) == before
    done = go(hooked, "x", "--no-hooks", "--", "true", trust=False)
    assert done.code == 0, done
    assert "pre_go" not in done.err
