"""The prompt segment: key and name, from files alone, and nobody else's status or hooks lost."""

import os

import pytest

from tests.support import gitrepo
from tests.support.terminal import RC, init_line

HOSTILE = '$(touch${IFS}pwned);`id`"%F{red}\\u'


@pytest.fixture
def prompting(start, shell):
    def start_(pool, before="", after="", **more):
        return start(pool, rc=before + init_line(shell, "--prompt") + after, **more)

    return start_


def segment(sh):
    """What stands before the test's own prompt."""
    sh.tty.sendline(":")
    return sh.prompt()[0].partition("\r\n")[2].strip("\r\n")


def test_the_segment_follows_the_directory(pool, prompting):
    sh = prompting(pool)
    assert segment(sh) == ""
    sh.tty.sendline("wt new feature/x; mkdir -p a/b; cd a/b")
    sh.prompt()
    assert segment(sh) == "app:feature/x "
    sh.tty.sendline("wt cd --source")
    sh.prompt()
    assert segment(sh) == ""


def test_a_stable_slot_shows_its_name(stable, prompting):
    stable.acquire("x")
    sh = prompting(stable, cwd=f"{stable.at}/slot-0/sub")
    assert segment(sh) == "app:x "
    stable.pool("release", "--name", "x")
    assert segment(sh) == "app:(slot-0) "


def test_the_status_is_kept(pool, prompting):
    sh = prompting(pool)
    sh.tty.sendline("(exit 42)")
    assert sh.prompt()[1] == 42
    sh.tty.sendline("echo was $?")
    assert "was 42" in sh.prompt()[0]


def test_other_hooks_are_kept_and_see_the_status(pool, prompting, shell):
    before = {
        "bash": "PROMPT_COMMAND='other=$?;'\n",
        "zsh": "other_() { other=$? }; precmd_functions+=(other_)\n",
    }[shell]
    after = {"bash": "PROMPT_COMMAND+=' late=1'\n", "zsh": "late_() { late=1 }; precmd_functions+=(late_)\n"}[
        shell
    ]
    sh = prompting(pool, before=before, after=after)
    sh.run("(exit 42)")
    assert sh.says("echo $other $late") == "42 1"


def test_an_array_of_hooks_in_bash(pool, prompting, shell):
    if shell != "bash":
        return
    sh = prompting(pool, before="PROMPT_COMMAND=('one=$?' 'two=1')\n")
    sh.run("(exit 42)")
    assert sh.says('echo "$one $two ${#PROMPT_COMMAND[@]}"') == "42 1 2"


def test_a_hostile_name_shows_as_itself(pool, prompting, shell):
    name = HOSTILE.replace("\\u", "")  # git lets no backslash through
    gitrepo.git(pool.source, "branch", name)
    path = pool.pool("acquire", "--name", name, "--adopt").path
    more = "setopt promptsubst promptbang\n" if shell == "zsh" else ""
    sh = prompting(pool, after=more, cwd=path)
    assert segment(sh) == f"app:{name} "
    assert not os.path.exists(f"{path}/pwned")


def test_it_is_there_after_sourcing_again(pool, prompting, shell):
    pool.acquire("x")
    sh = prompting(pool, after=init_line(shell, "--prompt"), cwd=f"{pool.at}/x")
    assert segment(sh) == "app:x "
    assert RC[shell]
