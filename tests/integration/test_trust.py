"""`wt trust`, `wt untrust`, what is recorded, and the question on a terminal (contract section 14)."""

import os
import re
import stat

import pexpect
import pytest

from tests.support import gitrepo, hooking, terminal, tool
from tests.support.asked import Asked
from tests.support.tool import assert_refused

TEXT = "# set up\nwt_post_acquire() { echo ran; }\n"
QUESTION = "What now"
DOWN, ESC, CTRL_C = "\x1b[B", "\x1b", "\x03"


def store(home):
    return home / ".local/state/wt/trusted"


@pytest.mark.parametrize("warm", [False, True])
def test_a_submodule_in_the_place_of_the_hooks_file_cannot_be_approved(pool, warm):
    """To an older git's batch its commit, which is not here, is as missing as the file would be."""
    if warm:
        pool.acquire("a")
        pool.pool("release", "--name", "a")
    tip = gitrepo.git(pool.source, "rev-parse", "HEAD")
    gitrepo.git(pool.source, "update-index", "--add", "--cacheinfo", f"160000,{tip[::-1]},{hooking.NAME}")
    gitrepo.git(pool.source, "commit", "-q", "-m", "a submodule")
    for refused in (pool.pool("acquire", "--name", "x"), pool.wt("run", "--", "true")):
        assert_refused(refused, 7, "is no regular file", "cannot be approved")
    assert [state for _slot, state, _name in pool.states()] == ["idle"]
    assert "x" not in gitrepo.git(pool.source, "branch", "--format=%(refname:short)").split()
    assert pool.pool("acquire", "--name", "x", "--no-hooks").code == 0


def test_a_directory_of_the_hooks_files_name_that_a_holder_left_is_no_hooks_file(pool):
    gitrepo.write(pool.acquire("a"), {f"{hooking.NAME}/x": "1"})
    pool.pool("release", "--name", "a")
    assert pool.pool("acquire", "--name", "b").code == 0


def test_an_approval_is_recorded_in_the_users_state_directory_for_the_user_alone(pool, home):
    digest = hooking.approved(pool, TEXT)
    assert re.fullmatch(rf"{digest} \S+Z {re.escape(pool.source)}/\.git\n", store(home).read_text())
    assert stat.S_IMODE(store(home).stat().st_mode) == 0o600
    assert stat.S_IMODE(store(home).parent.stat().st_mode) & 0o077 == 0
    assert not [name for name in os.listdir(store(home).parent) if name.startswith(".wt-tmp")]


def test_a_state_directory_of_ones_own_is_used_and_a_relative_one_is_not(pool, home, tmp_path):
    digest = hooking.commit(pool.source, TEXT)
    pool.wt("trust", "--sha256", digest, env={"XDG_STATE_HOME": str(tmp_path / "state")})
    assert (tmp_path / "state/wt/trusted").exists()
    assert pool.pool("acquire", "--name", "x").code == 7
    pool.wt("trust", "--sha256", digest, env={"XDG_STATE_HOME": "relative"})
    assert store(home).exists()


def test_another_clone_with_the_same_text_and_remote_asks_again(pool, tmp_path):
    hooking.approved(pool, TEXT)
    gitrepo.git(tmp_path, "clone", "-q", pool.source, "clone")
    other = tool.Pool(tmp_path / "root", tmp_path / "clone", key="clone")
    assert other.pool("acquire", "--name", "x").code == 7
    assert pool.pool("acquire", "--name", "x").code == 0


def test_a_list_without_approvals_says_so(pool):
    done = pool.wt("trust", "--list")
    assert (done.code, done.out, done.err) == (0, "", f"no hooks of {pool.source} are approved.\n")


def test_approvals_add_up(pool):
    first = hooking.approved(pool, TEXT)
    gitrepo.git(pool.source, "branch", "old")
    second = hooking.approved(pool, TEXT + "# more\n")
    assert pool.pool("acquire", "--name", "x", "--commit", "old").code == 0
    assert pool.pool("acquire", "--name", "y").code == 0
    listed = pool.wt("trust", "--list").out
    assert [line.split()[-1] for line in listed.splitlines()] == [first, second]


def test_untrust_withdraws_all_of_this_source_and_nothing_else(pool, home, tmp_path):
    hooking.approved(pool, TEXT)
    other = tool.Pool(tmp_path / "root", gitrepo.make_repo(tmp_path / "other"), key="other")
    hooking.approved(other, TEXT)
    pool.wt("trust", "--all")
    assert "2 approvals" in pool.wt("untrust").err
    assert pool.pool("acquire", "--name", "x").code == 7
    assert other.pool("acquire", "--name", "x").code == 0
    assert "0 approvals" in pool.wt("untrust").err
    other.wt("untrust")
    assert store(home).read_text() == ""
    assert os.listdir(store(home).parent / "approved") == []


def test_all_approves_what_comes_and_doctor_shows_it(pool):
    hooking.commit(pool.source, TEXT)
    assert pool.wt("trust", "--all").code == 0
    for number in range(2):
        assert pool.pool("acquire", "--name", f"x{number}").code == 0
        hooking.commit(pool.source, f"{TEXT}# {number}\n")
    found = [check for check in pool.pool("doctor").json["checks"] if check["id"] == "pool:app:trust"]
    assert [check["level"] for check in found] == ["warn"]
    assert "untrust" in found[0]["hint"]
    pool.wt("untrust")
    assert "pool:app:trust" not in pool.pool("doctor").out


def test_all_does_not_approve_what_cannot_be(pool):
    os.symlink("/etc/passwd", f"{pool.source}/{hooking.NAME}")
    gitrepo.commit(pool.source, {})
    assert pool.wt("trust", "--all").code == 0
    assert_refused(pool.pool("acquire", "--name", "x"), 7, "is a symlink", "cannot be approved")
    assert_refused(pool.wt("trust"), 7, "is a symlink")
    assert_refused(pool.wt("trust", "--check"), 7, "is a symlink")
    assert pool.pool("acquire", "--name", "x", "--no-hooks").code == 0


def test_check_answers_ahead(pool):
    assert pool.wt("trust", "--check").code == 0
    digest = hooking.commit(pool.source, TEXT)
    found = pool.wt("trust", "--check")
    assert (found.code, "is not approved" in found.out) == (7, True)
    pool.wt("trust", "--sha256", digest)
    assert pool.wt("trust", "--check").code == 0
    assert pool.wt("trust", "--check", "--from", "HEAD~1").code == 0


def test_it_is_the_file_of_the_slots_head_else_of_where_a_new_slot_would_begin(pool):
    hooking.approved(pool, TEXT)
    path = pool.acquire("x")
    assert pool.wt("trust", "--check", cwd=path).code == 0
    hooking.commit(path, TEXT + "# mine\n")
    assert pool.wt("trust", "--check", cwd=path).code == 7
    assert pool.wt("trust", "--check", cwd=pool.source).code == 0


def test_without_a_terminal_plain_trust_refuses_and_prints_the_line_to_use(pool):
    digest = hooking.commit(pool.source, TEXT)
    refused = pool.wt("trust")
    assert_refused(refused, 7, "nothing was approved", f"--sha256 {digest}")
    (line,) = re.findall(r"without a terminal: (wt .*)|exactly these: (wt .*)", refused.err)
    assert tool.run(*"".join(line).split(), env={"WORKTREE_ROOT": pool.root}, cwd="/").code == 0
    assert pool.wt("trust", "--check").code == 0


@pytest.mark.parametrize(
    "options",
    [["--sha256", "x"], ["--sha256", "0" * 63], ["--check", "--all"], ["--list", "--sha256", "0" * 64]],
)
def test_calls_that_make_no_sense_are_usage_errors(pool, home, options):
    assert_refused(pool.wt("trust", *options), 2)
    assert not store(home).exists()


@pytest.mark.parametrize("mode", [0o620, 0o606])
def test_a_store_that_others_could_have_written_approves_nothing(pool, home, mode):
    hooking.approved(pool, TEXT)
    store(home).chmod(mode)
    refused = pool.pool("acquire", "--name", "x")
    assert (refused.code, "is not yours alone" in refused.err) == (7, True)


@pytest.mark.parametrize("damage", ["", "garbage\n", "zz 2026 /x\n", "\0\0\0", "* \n"])
def test_a_damaged_store_approves_nothing_and_can_be_written_again(pool, home, damage):
    digest = hooking.approved(pool, TEXT)
    store(home).write_text(damage)
    assert pool.pool("acquire", "--name", "x").code == 7
    assert pool.wt("trust", "--sha256", digest).code == 0
    assert pool.pool("acquire", "--name", "x").code == 0


def test_a_store_that_is_a_link_is_not_followed(pool, home, tmp_path):
    hooking.approved(pool, TEXT)
    store(home).rename(tmp_path / "elsewhere")
    store(home).symlink_to(tmp_path / "elsewhere")
    assert pool.pool("acquire", "--name", "x").code == 7


def question(asked):
    shown = asked.until(QUESTION)
    asked.until("without hooks")  # the last line of the menu
    return shown


def test_the_first_use_on_a_terminal_shows_the_file_and_asks(pool):
    hooking.commit(pool.source, TEXT)
    asked = Asked(pool, "new", "x")
    shown = question(asked)
    assert "# set up" in shown
    assert "wt_post_acquire() { echo ran; }" in shown
    status, out, after = asked.answer(f"{DOWN}\r")
    assert (status, out, "ran" in after) == (0, f"{pool.at}/x\n", True)
    assert pool.pool("acquire", "--name", "y").code == 0


def test_the_second_time_it_shows_what_has_changed(pool):
    hooking.approved(pool, TEXT)
    hooking.commit(pool.source, TEXT.replace("echo ran", "echo changed"))
    asked = Asked(pool, "new", "x")
    shown = question(asked)
    assert re.search(r"^\s+-wt_post_acquire\(\) \{ echo ran; \}\s*$", shown, re.MULTILINE)
    assert re.search(r"^\s+\+wt_post_acquire\(\) \{ echo changed; \}\s*$", shown, re.MULTILINE)
    assert asked.answer(f"{DOWN}\r")[0] == 0


@pytest.mark.parametrize(("keys", "status"), [("\r", 7), (ESC, 7), (CTRL_C, 130)])
def test_whoever_does_not_approve_leaves_and_nothing_was_touched(pool, keys, status):
    hooking.commit(pool.source, TEXT)
    asked = Asked(pool, "new", "x")
    question(asked)
    assert asked.answer(keys)[:2] == (status, "")
    assert pool.states() == []
    assert pool.wt("trust", "--check").code == 7


def test_one_can_go_on_without_hooks_this_time(pool):
    hooking.commit(pool.source, TEXT)
    asked = Asked(pool, "new", "x")
    question(asked)
    status, _out, after = asked.answer(f"{DOWN}{DOWN}\r")
    assert (status, "ran" in after) == (0, False)
    assert pool.wt("trust", "--check").code == 7


def test_escapes_in_a_hooks_file_are_shown_and_not_obeyed(pool):
    hooking.commit(pool.source, "# \x1b]0;harmless\x07\x1b[2K\u202e\n" + TEXT)
    asked = Asked(pool, "new", "x")
    asked.until("harmless")
    assert "\\x1b]0;" in terminal.plain(str(asked.tty.before))
    asked.until("without hooks")
    asked.answer(ESC)


def test_what_changes_between_the_question_and_the_run_is_asked_about_again(pool):
    """The approved bytes run, and no others."""
    hooking.commit(pool.source, TEXT)
    asked = Asked(pool, "new", "x")
    question(asked)
    hooking.commit(pool.source, TEXT.replace("echo ran", "echo another"))
    asked.tty.send(f"{DOWN}\r")
    asked.until("changed since")
    question(asked)
    status, out, after = asked.answer("\r")
    assert (status, out, "another" in after.split("error")[0]) == (7, "", False)


def test_land_asks_before_anything_is_touched(pool):
    path = pool.acquire("x")
    gitrepo.commit(path, {"work": "w\n"})
    hooking.commit(pool.source, "wt_pre_land() { echo gate; }\n")
    asked = Asked(pool, "land", "--name", "x")
    question(asked)
    assert gitrepo.git(path, "log", "--format=%s", "-1") == "a change"
    status, _out, after = asked.answer(f"{DOWN}\r")
    assert (status, "gate" in after) == (0, True)


def test_wt_trust_asks_on_a_terminal(pool):
    hooking.commit(pool.source, TEXT)
    for keys, status in (("\r", 7), (ESC, 7), (CTRL_C, 130), (f"{DOWN}\r", 0)):
        asked = Asked(pool, "trust")
        assert "# set up" in asked.until("May these hooks")
        asked.until("approve exactly")
        assert asked.answer(keys)[0] == status
        assert pool.wt("trust", "--check").code == (0 if status == 0 else 7)
    assert "is approved" in pool.wt("trust").out


def test_the_primitive_never_asks(pool):
    hooking.commit(pool.source, TEXT)
    script = (
        " ".join(tool.argv("worktree-pool", "--pool", "app", "acquire", "--name", "x")) + "; echo STATUS $?."
    )
    tty = pexpect.spawn(
        "bash",
        ["-c", script],
        env=terminal.environment(WORKTREE_ROOT=pool.root),
        encoding="utf-8",
        timeout=60,
    )
    tty.expect(r"STATUS \d+\.")
    assert tty.after == "STATUS 7."
