"""Zero forks, counted by strace: `wt cd NAME`, `wt path NAME`, completion of names, the prompt, sourcing."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.support import terminal

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("strace"),
    reason="strace counts the forks, and is Linux's own",
)
WORK = {
    "sourcing": ":",
    "cd": "wt cd one >/dev/null; wt cd two >/dev/null; wt cd - >/dev/null; [ $PWD = $POOL/one ]",
    "cd from a slot": "cd $POOL/one; wt cd two >/dev/null; [ $PWD = $POOL/two ]",
    "cd by key": "cd /; wt --pool app cd two >/dev/null; [ $PWD = $POOL/two ]",
    "path": "wt path one",
    "path by key": "cd /; wt path two --pool=app",
    "prompt": "cd $POOL/one/sub; __wt_prompt; [ \"${__wt_segment-}${psvar-}\" != '' ]",
    "names": "__wt_load_completion; __wt_found=() __wt_key=; __wt_candidates held; [ ${#__wt_found[@]} = 2 ]",
    "keys": "__wt_load_completion; __wt_found=() __wt_key=; __wt_candidates keys; [ ${#__wt_found[@]} = 1 ]",
}
TAB = {"bash": "COMP_LINE='wt cd o' COMP_POINT=7; __wt_complete; [ \"${COMPREPLY[*]}\" = one ]"}


def forks(shell, text, tmp_path, **env):
    """How many processes a script starts, the shell itself aside."""
    log = tmp_path / "strace"
    argv = {"bash": ["bash", "--norc", "-c"], "zsh": ["zsh", "-f", "-c"]}[shell]
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=fork,vfork,clone,clone3,execve", "-o", str(log), *argv, text],
        env=terminal.environment(**env), cwd=env["SOURCE"], capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    calls = re.findall(r"\b(fork|vfork|clone3?|execve)\(", log.read_text())
    return len(calls) - 1


@pytest.fixture
def two(pool):
    pool.acquire("one")
    pool.acquire("two")
    return {"WORKTREE_ROOT": pool.root, "POOL": pool.at, "SOURCE": pool.source}


def test_no_process_is_started(shell, two, tmp_path, rendered):
    begin = f". {rendered(shell, '--prompt')}"
    every = {**WORK, "tab": TAB.get(shell, ":")}
    started = {work: forks(shell, f"{begin}; {text}", tmp_path, **two) for work, text in every.items()}
    assert started == dict.fromkeys(every, 0)


def test_the_counter_counts(shell, two, tmp_path, rendered):
    assert forks(shell, f". {rendered(shell)}; (:); :", tmp_path, **two) == 1
    assert forks(shell, f". {rendered(shell)}; wt path nope || :", tmp_path, **two) >= 2


def test_an_answer_of_files_is_the_programs_answer(shell, pool, rendered):
    """Where the program would say no, files do not say yes: copies, foreign pools, unfinished business."""
    import os
    import shutil as sh

    one = pool.acquire("one")
    sh.copytree(one, f"{pool.at}/copy", symlinks=True)
    lock = next(
        os.path.join(top, "lock")
        for top, _, names in os.walk(f"{pool.source}/.git/worktrees")
        if top.endswith("worktree-pool") and "lock" in names
    )
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    ask = f". {rendered(shell)}; __wt_main=/nowhere; wt path"  # only files can answer
    env = {"WORKTREE_ROOT": pool.root}
    answer = (0, f"{one}\n", "")
    assert terminal.script(shell, f"{ask} one", cwd=pool.source, **env) == answer
    for name in ("copy", "slot-0", "On", "../app/one", ".", "one/", "*", "o?e", "-one"):
        assert terminal.script(shell, f"{ask} '{name}'", cwd=pool.source, **env)[0] == 127, name
    for other in (
        text.replace("state: held", "state: releasing"), text.replace("name: one", "name: two"),
        text.replace("full_sha", "sha"), text.replace("started_at: ", "started: "), "",
    ):  # fmt: skip
        with open(lock, "w", encoding="utf-8") as file:
            file.write(other)
        assert terminal.script(shell, f"{ask} one", cwd=pool.source, **env)[0] == 127, other
    with open(lock, "w", encoding="utf-8", newline="") as file:
        file.write("# a comment\n\n" + text.replace("\n", "\r\n") + "future: key\r\n")
    assert terminal.script(shell, f"{ask} one", cwd=pool.source, **env) == answer
    os.rename(lock, lock + "x")
    os.symlink(lock + "x", lock)
    assert terminal.script(shell, f"{ask} one", cwd=pool.source, **env)[0] == 127
