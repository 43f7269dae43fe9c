"""What people have in their fish, and what may stand in the way: the shell is moved all the same, and nothing is said."""

import re
import shutil
import subprocess

import pytest

from tests.support import gitrepo, tool
from tests.support.terminal import environment, init_line, script

CASES = {
    "plain": "",
    "cd": "function cd; echo HIJACKED; end",
    "rm": "function rm; echo HIJACKED; end",
    "wt": "function wt; echo HIJACKED; end",
    "alias wt": "alias wt 'echo HIJACKED'",
    "abbr": "abbr -g wt 'echo HIJACKED'; abbr -g x HIJACKED",
    "alias rm": "alias rm 'rm -i'; alias cd 'cd -P'",
    "string": "function path; echo HIJACKED; end",
    "CDPATH": "set -gx CDPATH / /tmp .",
    "IFS": "set -g IFS x",
    "no PATH": "set -gx PATH /nowhere $PATH",
    "umask": "umask 000",
    "no HOME": "set -e HOME; set -e XDG_STATE_HOME; set -gx XDG_RUNTIME_DIR $PWD/.git",
    "features": "set -U fish_features all",
    "locals": "set -g admin x; set -g lines y; set -g status_ 9; set -g name z; set -g go /tmp; set -g argv a b",
    "vi": "fish_vi_key_bindings",
}
USE = """
builtin cd "$SOURCE"
wt --pool app cd held-x
[ "$PWD" = "$POOL/held-x" ]; or echo "quick: $PWD"
wt cd --source >/dev/null
[ "$PWD" = "$SOURCE" ]; or echo "source: $PWD"
wt new other >/dev/null 2>&1
[ "$PWD" = "$POOL/other" ]; or echo "new: $PWD"
wt path held-x
if wt path nope; echo yes; else; echo "status $status"; end
"""


@pytest.fixture
def shell():
    return "fish"


@pytest.fixture
def held(pool):
    pool.acquire("held-x")
    return pool


def test_the_shell_moves(held, home, rendered):
    env = {"WORKTREE_ROOT": held.root, "SOURCE": held.source, "POOL": held.at}
    quick = f"{held.at}/held-x\n"
    found = {}
    for case, before in CASES.items():
        found[case] = script("fish", f"{before}\nsource {rendered('fish')}\n{USE}", cwd=held.source, **env)
        held.pool("release", "--name", "other")
        for place in (".local", ".config"):  # where directives and universal variables are
            shutil.rmtree(home / place, ignore_errors=True)
    assert found == dict.fromkeys(CASES, (0, f"{quick}{quick}status 1\n", ""))


def test_sourcing_thrice_is_sourcing_once(rendered, tmp_path):
    state = "functions; functions wt fish_prompt; complete -c wt; trap"
    path = rendered("fish", "--prompt")
    once = script("fish", f"source {path}; {state}", cwd=tmp_path)
    thrice = script("fish", f"source {path}; source {path}; source {path}; {state}", cwd=tmp_path)
    assert once == thrice
    assert once[2] == ""
    assert script("fish", f"source {path}", cwd=tmp_path) == (0, "", "")


def test_the_prompt_is_taken_once(pool, start):
    pool.acquire("x")
    lines = init_line("fish", "--prompt")
    sh = start(pool, rc=lines * 3, cwd=f"{pool.at}/x")
    sh.says("true")
    assert sh.segment == "app:x "
    sh.says("functions -e fish_prompt; function fish_prompt; printf 'mine <<%s:%s>> ' $status $numbered; end")
    assert sh.segment == "app:x mine "
    sh.fail(7)
    assert sh.says("echo $status") == "7"


def test_an_exit_handler_stays_and_runs(held, rendered):
    text = f"function bye --on-event fish_exit; echo bye; end; source {rendered('fish')}; wt cd held-x >/dev/null"
    assert script("fish", text, cwd=held.source, WORKTREE_ROOT=held.root) == (0, "bye\n", "")


def test_no_process_is_started(held, rendered, tmp_path):
    work = (
        f"source {rendered('fish', '--prompt')}; wt cd held-x >/dev/null; wt path held-x; wt cd - >/dev/null; __wt_segment;"
        "__wt_load_completion; __wt_candidates held; __wt_candidates keys; __wt_options new >/dev/null; wt --pool=app cd held-x >/dev/null; __wt_segment"
    )
    log = tmp_path / "strace"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=fork,vfork,clone,clone3,execve", "-o", str(log), "fish", "--no-config", "-c", work],
        env=environment(WORKTREE_ROOT=held.root), cwd=held.source, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{held.at}/held-x\nheld-x\napp\napp:held-x "
    calls = [
        line for line in log.read_text().splitlines() if re.search(r"\b(fork|vfork|clone3?|execve)\(", line)
    ]
    assert len([line for line in calls if "CLONE_THREAD" not in line]) == 1, (
        calls
    )  # fish has threads, and is one


def test_an_answer_of_files_is_the_programs_answer(pool, rendered):
    """Where the program would say no, files do not say yes."""
    one = pool.acquire("one")
    gitrepo.git(pool.source, "branch", "(id);$HOME")
    pool.pool("acquire", "--name", "(id);$HOME", "--adopt")
    ask = f"source {rendered('fish')}; set __wt_main /nowhere; wt path"
    env = {"WORKTREE_ROOT": pool.root}
    assert script("fish", f"{ask} one", cwd=pool.source, **env) == (0, f"{one}\n", "")
    assert script("fish", f"{ask} '(id);$HOME'", cwd=pool.source, **env) == (0, f"{pool.at}/(id);$HOME\n", "")
    for name in ("slot-0", "On", "../app/one", ".", "one/", "*", "o?e", "-one", "", "one two"):
        assert script("fish", f"{ask} '{name}'", cwd=pool.source, **env)[0] == 127, name
    admin = gitrepo.git(one, "rev-parse", "--absolute-git-dir")
    with open(f"{admin}/worktree-pool/lock", encoding="utf-8") as file:
        text = file.read()
    for other in (
        text.replace("state: held", "state: releasing"), text.replace("name: one", "name: two"),
        text.replace("full_sha", "sha"), text.replace("started_at: ", "started: "), "",
    ):  # fmt: skip
        with open(f"{admin}/worktree-pool/lock", "w", encoding="utf-8") as file:
            file.write(other)
        assert script("fish", f"{ask} one", cwd=pool.source, **env)[0] == 127, other


ATTACKS = {
    "symlink": 'ln -s "$BAIT" "$WT_DIRECTIVE"',
    "fifo": 'mkfifo "$WT_DIRECTIVE"',
    "directory": 'mkdir "$WT_DIRECTIVE"',
    "two lines": 'printf "%s\\n%s\\n" / /tmp >"$WT_DIRECTIVE"',
    "code": 'printf "%s" "/; touch p" >"$WT_DIRECTIVE"',
    "substitution": "printf '%s' '/(touch p)' >\"$WT_DIRECTIVE\"",
    "relative": 'printf sub >"$WT_DIRECTIVE"',
    "missing": 'printf "/no/such" >"$WT_DIRECTIVE"',
    "empty": ': >"$WT_DIRECTIVE"',
}


def test_a_directive_is_data(pool, tmp_path, rendered):
    fake, bait = tmp_path / "fake", tmp_path / "bait"
    bait.write_text("/tmp")
    text = f"""
        source {rendered("fish")}; set __wt_program /bin/sh {fake}; set __wt_python /bin/sh; set __wt_main {fake}
        wt land; set -l result $status; pwd; echo $result; ls -d p 2>/dev/null; true
    """
    found = {}
    for name, attack in ATTACKS.items():
        fake.write_text(f'mkdir -p "${{WT_DIRECTIVE%/*}}"\n{attack}\nexit 9\n')
        found[name] = script("fish", text, cwd=pool.source, WORKTREE_ROOT=pool.root, BAIT=str(bait))
    said = "error: this shell was not moved: the program left no directory to go to.\n"
    assert found == dict.fromkeys(ATTACKS, (0, f"{pool.source}\n9\n", said))
    assert bait.read_text() == "/tmp"


def test_a_program_that_is_gone(pool, rendered):
    text = f"source {rendered('fish')}; set __wt_main /gone/wt; wt ls"
    code, _, err = script("fish", text, cwd=pool.source)
    assert code == 127
    assert err == (
        "error: /gone/wt is gone: this shell function belongs to an installation that was moved or removed.\n"
        "hint: to renew it: command wt shell init fish | source\n"
    )


def test_a_program_of_another_version(pool, start):
    sh = start(pool)
    sh.says("set -g __wt_version 0.0.1")
    said = sh.says("wt ls")
    assert "this shell has the function of wt 0.0.1, the program is" in said
    assert "to renew it: exec fish" in said


def test_completion_alone(pool, start, tmp_path):
    """As a package puts it into vendor_completions.d, without the function."""
    pool.acquire("alpha")
    path = tmp_path / "wt.fish"
    path.write_text(tool.run("wt", "shell", "completion", "fish").out)
    sh = start(pool, rc=f"source {path}\n")
    assert sh.says("complete -C 'wt cd al'") == "alpha"
    assert sh.says("functions -q wt; or echo none") == "none"
