"""The prompt segment: key and name, from files alone, and nobody else's status or hooks lost."""

import os
import time

import pytest

from tests.support import gitrepo, tool
from tests.support.terminal import RC, init_line


@pytest.fixture
def shell(any_shell):
    return any_shell


HOSTILE = '$(touch${IFS}pwned);`id`"%F{red}\\u'


@pytest.fixture
def prompting(start, shell):
    def start_(pool, before="", after="", **more):
        return start(pool, rc=before + init_line(shell, "--prompt") + after, **more)

    return start_


def segment(sh):
    """What stands before the test's own prompt."""
    sh.tty.sendline("true")
    sh.prompt()
    return sh.segment


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
    sh.fail(42)
    sh.tty.sendline(f"echo was {sh.last}")
    assert "was 42" in sh.prompt()[0]


def test_other_hooks_are_kept_and_see_the_status(pool, prompting, shell):
    before = {
        "bash": "PROMPT_COMMAND='other=$?;'\n",
        "zsh": "other_() { other=$? }; precmd_functions+=(other_)\n",
        "fish": "function other_ --on-event fish_prompt; set -g other $status; end\n",
    }[shell]
    after = {
        "bash": "PROMPT_COMMAND+=' late=1'\n",
        "zsh": "late_() { late=1 }; precmd_functions+=(late_)\n",
        "fish": "function late_ --on-event fish_prompt; set -g late 1; end\n",
    }[shell]
    sh = prompting(pool, before=before, after=after)
    sh.fail(42)
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


def mark_of(pool, name):
    return f"{gitrepo.git(f'{pool.at}/{name}', 'rev-parse', '--absolute-git-dir')}/worktree-pool/mark"


def later(path):
    """Make a file newer than what was written just now: clocks of file systems are coarse."""
    now = os.stat(path).st_mtime + 2
    os.utime(path, (now, now))


@pytest.fixture
def marked(pool):
    """A held slot whose mark was noted by `wt ls`."""
    pool.acquire("x")
    pool.wt("ls")
    later(mark_of(pool, "x"))
    return pool


def test_the_last_known_mark_is_shown(marked, prompting):
    sh = prompting(marked, cwd=f"{marked.at}/x", LC_ALL="C.UTF-8")
    assert segment(sh) == "app:x 🟢 "
    gitrepo.write(f"{marked.at}/x", {"new": "1\n"})
    assert segment(sh) == "app:x 🟢 "
    sh.says("wt ls")
    later(mark_of(marked, "x"))
    assert segment(sh) == "app:x 🟡 "
    sh.fail(42)
    assert sh.says(f"echo {sh.last}").splitlines()[0] == "42"


@pytest.mark.parametrize(
    "verb", [("info", "x"), ("info", "x", "--json"), ("release", "x"), ("ls", "--json")], ids=" ".join
)
def test_verbs_that_judge_note_the_mark(verb, pool):
    pool.acquire("x")
    gitrepo.write(f"{pool.at}/x", {"new": "1\n"})
    path = mark_of(pool, "x")
    assert not os.path.exists(path)
    pool.wt(*verb)
    with open(path, encoding="utf-8") as file:
        assert file.read().startswith("yellow ")


def test_words_where_the_locale_has_no_marks(marked, prompting):
    sh = prompting(marked, cwd=f"{marked.at}/x", LC_ALL="C")
    assert segment(sh) == "app:x [green] "


def test_a_mark_from_before_a_commit_is_the_last_known_one(marked, prompting):
    sh = prompting(marked, cwd=f"{marked.at}/x", LC_ALL="C")
    assert segment(sh) == "app:x [green] "
    index = os.path.join(os.path.dirname(os.path.dirname(mark_of(marked, "x"))), "index")
    gitrepo.commit(f"{marked.at}/x", {"more": "1\n"})
    os.utime(index, (os.stat(mark_of(marked, "x")).st_mtime + 2,) * 2)
    assert segment(sh) == "app:x [green] "
    other = prompting(marked, cwd=f"{marked.at}/x", LC_ALL="C")
    assert segment(other) == "app:x [green] "


def test_a_mark_of_an_earlier_holder_is_not_shown(stable, prompting):
    stable.acquire("x")
    stable.wt("ls")
    mark = mark_of(stable, "slot-0")
    stable.pool("release", "--name", "x")
    stable.acquire("y")
    later(mark)
    sh = prompting(stable, cwd=f"{stable.at}/slot-0", LC_ALL="C")
    assert segment(sh) == "app:y "
    sh.run("wt ls")
    later(mark)
    assert segment(sh) in ("app:y [green] ", "app:y [yellow] ")  # fish may have a helper of its own there


def test_a_mark_that_is_none(marked, prompting):
    path = mark_of(marked, "x")
    with open(path, encoding="utf-8") as file:
        nonce = file.read().split()[1]
    sh = prompting(marked, cwd=f"{marked.at}/x", LC_ALL="C")
    for text in ("green", f"\x1b[31m$(touch p) {nonce}", "", f"blue {nonce}", "fifo", "directory"):
        os.unlink(path)
        if text == "fifo":
            os.mkfifo(path)
        elif text == "directory":
            os.mkdir(path)
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        later(path)
        assert segment(sh) == "app:x ", text
    assert marked.wt("ls").code == 0


def test_the_segment_of_a_slot_that_was_given_back_and_taken_again(stable, prompting):
    """With a mark that is known, the lock is not read each time; it is looked at all the same."""
    stable.acquire("x")
    stable.wt("ls")
    later(mark_of(stable, "slot-0"))
    sh = prompting(stable, cwd=f"{stable.at}/slot-0", LC_ALL="C")
    assert segment(sh) == "app:x [green] "
    stable.pool("release", "--name", "x")
    assert segment(sh) == "app:(slot-0) "
    stable.acquire("y")
    later(os.path.join(os.path.dirname(mark_of(stable, "slot-0")), "lock"))
    assert segment(sh) == "app:y "


def test_a_slot_given_back_elsewhere_is_left_at_the_next_prompt(pool, prompting):
    """Whoever took the shell there; the status of the last command stays, and what cannot be left is said once."""
    sh = prompting(pool, before="alias wt='echo HIJACKED'\n", cwd=pool.acquire("by-hand"))
    pool.pool("release", "--name", "by-hand")
    sh.fail(42)
    assert f"{pool.at}/by-hand was given back; this shell goes to {pool.source}." in sh.before
    assert (sh.segment, sh.pwd) == ("", pool.source)
    sh.says("wt new x; mkdir -p sub/d; cd sub/d; rm -r ../d")
    assert "was given back" not in sh.before
    assert (sh.segment.strip(), sh.pwd) == ("app:x", f"{pool.at}/x/sub")
    pool.pool("release", "--name", "x")
    os.rename(f"{pool.at}/.meta/config.yaml", f"{pool.at}/.meta/away")
    sh.run("true")
    sh.run("true")
    assert "given back" not in sh.run("true")[0] + sh.before


def test_a_stable_slot_given_to_another_is_left_at_the_next_prompt(stable, prompting):
    sh = prompting(stable)
    sh.says("wt new x")
    stable.pool("release", "--name", "x")
    stable.acquire("y")
    sh.run("true")
    assert "this shell goes to" in sh.before
    assert (sh.segment, sh.pwd) == ("", stable.source)


def test_refreshing_in_the_background(pool, start, shell):
    pool.acquire("x")
    mark = mark_of(pool, "x")
    sh = start(pool, rc=init_line(shell, "--prompt", "--refresh"), cwd=f"{pool.at}/x", LC_ALL="C")
    sh.says("true")
    deadline = time.monotonic() + 60
    while not (os.path.exists(mark) and os.path.getsize(mark)):
        assert time.monotonic() < deadline
    later(mark)
    assert segment(sh) in ("app:x [green] ", "app:x [yellow] ")
    sh.fail(42)
    assert sh.says(f"echo {sh.last}").splitlines()[0] == "42"
    assert "info" not in sh.run("jobs")[0]


def test_refreshing_looks_again_once_the_index_has_changed(marked, start, shell):
    """Five seconds are long enough between two looks then, not thirty: the last one was eight seconds ago."""
    mark = mark_of(marked, "x")
    index = f"{os.path.dirname(os.path.dirname(mark))}/index"
    for path, age in ((f"{os.path.dirname(mark)}/lock", 60), (index, 40), (mark, 8)):
        os.utime(path, (time.time() - age,) * 2)
    noted = os.stat(mark).st_mtime
    last = "" if shell == "fish" else "__wt_refreshed=-8\n"  # fish asks how old the mark is
    sh = start(marked, rc=init_line(shell, "--prompt", "--refresh") + last, cwd=f"{marked.at}/x", LC_ALL="C")
    sh.says("true")
    window = time.monotonic() + 1
    while time.monotonic() < window:
        assert os.stat(mark).st_mtime == noted
    os.utime(index)
    sh.says("true")
    deadline = time.monotonic() + 60
    while os.stat(mark).st_mtime == noted:
        assert time.monotonic() < deadline


def test_refreshing_is_of_the_prompt():
    done = tool.run("wt", "shell", "init", "zsh", "--refresh")
    assert (done.code, done.out) == (2, "")
    assert "wt shell init zsh --prompt --refresh" in done.err
