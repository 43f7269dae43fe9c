"""`wt` inside a hook, what reaches the terminal, and hooks that outlive their command (contract sections 9 and 14)."""

import os
import re
import signal
import subprocess
import time

import pytest

from tests.support import gitrepo, hooking, tool
from tests.support.hooking import lines, nested, work


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


def start(pool, *words, program="worktree-pool", **env):
    """Run a command in a session of its own, without waiting for it."""
    return subprocess.Popen(
        tool.argv(program, "--pool", "app", *words), env=tool.environment(WORKTREE_ROOT=pool.root, **env),
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


@pytest.mark.parametrize(
    ("function", "words"),
    [("wt_pre_land", "was not landed"), ("wt_post_land", "had landed by then, and its slot stays")],
)
def test_an_interrupted_land_says_whether_the_work_has_landed(both, log, function, words):
    hooking.approved(both, hook_at_work(log, function))
    hooking.work(both)
    child = start(both, "land", "--name", "x", program="wt")
    until(lambda: log.read_text().strip())
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=60)
    assert (child.returncode, err.decode()) == (130, f"interrupted; `x` {words}.\n")
    assert both.states() == [("slot-0", "held", "x")]


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


def hook_files(*tops):
    return [
        os.path.join(directory, name)
        for top in tops
        for directory, _names, plain in os.walk(top)
        for name in plain
        if name.endswith((".wt-hooks.sh", "-launcher")) and name != ".wt-hooks.sh"
    ]


@pytest.mark.parametrize("function", ["wt_post_acquire", "wt_pre_land", "wt_pre_release", "wt_post_release"])
def test_of_a_hook_whose_command_was_killed_the_next_command_leaves_no_file(both, log, tmp_path, function):
    """Wherever the hook stood: slot half acquired, held, half released, idle."""
    hooking.approved(both, f"{function}() {{ echo $$ >{log}; exec sleep 600; }}\n")
    if function != "wt_post_acquire":
        both.acquire("x")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    verb, *words = {
        "wt_post_acquire": ["acquire", "--name", "x"],
        "wt_pre_land": ["land", "--name", "x"],
    }.get(function, ["release", "--name", "x"])
    program = "wt" if verb == "land" else "worktree-pool"
    if verb == "land":
        gitrepo.commit(both.wt("path", "x").path, {"work": "1\n"})
    child = start(both, verb, *words, program=program, TMPDIR=str(temporary))
    until(lambda: log.read_text().strip())
    assert len(hook_files(both.root, both.source)) == 2
    child.kill()
    child.communicate()
    os.killpg(int(log.read_text()), signal.SIGKILL)
    assert both.pool("release", "--name", "nobody").code == 0
    assert hook_files(both.root, both.source, temporary) == []
    assert os.listdir(temporary) == []
