"""wt's verbs, contract section 15, and what bad input is answered with: a code, one clear sentence, a hint."""

import os
import subprocess

import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool
from tests.support.untouched import everything

git = gitrepo.git


def assert_clear(result, code, *words):
    assert result.code == code, result
    assert result.out == ""
    lines = result.err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1, result
    assert errors[0].endswith("."), result
    assert any(line.startswith("hint: ") for line in lines), result
    assert "Traceback" not in result.err
    assert "bug" not in errors[0]
    for word in words:
        assert word in result.err, result


def wt(*args, root=None, cwd=None, **env):
    return tool.run("wt", *args, cwd=cwd, env={"WORKTREE_ROOT": root and str(root), **env})


VERBS = (
    ("ls",),
    ("new", "x"),
    ("path", "x"),
    ("release", "x"),
    ("land", "--name", "x"),
    ("info", "x"),
    ("cd", "x"),
    ("init",),
)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("root", [None, "", "relative/root"], ids=["unset", "empty", "relative"])
def test_without_a_usable_root_the_variable_and_the_line_are_named(repo, verb, root):
    before = everything(repo)
    assert_clear(wt(*verb, root=root, cwd=repo), 1, "WORKTREE_ROOT", "export WORKTREE_ROOT=")
    assert everything(repo) == before


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != ("init",)], ids=" ".join)
def test_a_missing_root_says_how_to_make_it(tmp_path, repo, verb):
    root = tmp_path / "not there"
    assert_clear(wt(*verb, root=root, cwd=repo), 1, f"mkdir -p '{root}'")
    assert not root.exists()


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_file_as_root_is_refused(tmp_path, repo, verb):
    root = tmp_path / "file"
    root.write_text("x")
    assert_clear(wt(*verb, root=root, cwd=repo), 1, str(root))
    assert root.read_text() == "x"


@pytest.mark.parametrize("verb", [("ls",), ("new", "x"), ("path", "x")], ids=" ".join)
def test_a_key_that_is_not_initialised_says_how(tmp_path, repo, verb):
    (tmp_path / "root").mkdir()
    assert_clear(wt(*verb, "--pool", "nope", root=tmp_path / "root", cwd=repo), 1, "nope", "init")
    done = wt(*verb, root=tmp_path / "root", cwd=repo)
    assert_clear(done, done.code, "wt init")
    assert os.listdir(tmp_path / "root") == []


def test_outside_of_any_repository(tmp_path, pool):
    assert_clear(wt("init", root=pool.root, cwd=tmp_path), 1, "git init")
    assert_clear(wt("ls", root=pool.root, cwd=tmp_path), 2, "app")


def test_two_pools_over_one_repository_are_listed(tmp_path, repo):
    Pool(tmp_path / "root", repo, key="one")
    Pool(tmp_path / "root", repo, key="two")
    assert_clear(wt("ls", root=tmp_path / "root", cwd=repo), 2, "one", "two", "--pool")
    assert wt("ls", "--pool", "two", root=tmp_path / "root", cwd=repo).code == 0
    assert wt("--pool", "two", "ls", root=tmp_path / "root", cwd=repo).code == 0


def test_a_full_pool(pool):
    pool.acquire("a")
    pool.acquire("b")
    done = pool.wt("new", "c")
    assert_clear(done, 4, "`a`", "`b`", "hint: to give the oldest back: wt release a\n")
    assert "worktree-pool" not in done.err


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("create", "x"), ("wt new",)),
        (("checkout", "x"), ("wt new",)),
        (("delete", "x"), ("wt release",)),
        (("merge",), ("wt land",)),
        (("finish",), ("wt land",)),
        (("status",), ("wt ls",)),
        (("open", "x"), ("wt cd",)),
        (("exec", "x"), ("wt new",)),
        (("prune",), ("wt sweep",)),
        (("clean",), ("wt sweep",)),
        (("add", "x"), ("wt new",)),
        (("rebase",), ("`wt rebase` is called `wt land --rebase` here",)),
        (("abort",), ("wt land --abort",)),
        (("resume", "x"), ("wt go",)),
        (("stash",), ("wt restore",)),
        (("lnad",), ("wt land",)),
        (("frobnicate",), ("wt help",)),
        (("help", "frobnicate"), ("wt help",)),
        (("new",), ("NAME", "wt new --help")),
        (("new", "a", "b"), ("`b`",)),
        (("new", "--", "x"), ("NAME",)),
        (("new", "a", "--form", "main"), ("--from",)),
        (("new", "a", "--wait"), ("--wait",)),
        (("ls", "--josn"), ("--json",)),
        (("path",), ("NAME",)),
        (("info",), ("NAME", "name")),
        (("new", "main"), ("base",)),
        (("new", "slot-1"), ("slot",)),
        (("new", "a", "--from", "nowhere"), ("nowhere",)),
        (("new", "a", "--group", "ios"), ("ios",)),
        (("ls", "--pool", ""), ("pool",)),
        (("--pool",), ("--pool",)),
        (("ls", "--color", "sometimes"), ("auto, always and never",)),
        (("--color", "sometimes", "ls"), ("auto, always and never",)),
        (("ls", "--color=sometimes"), ("sometimes",)),
        (("ls", "--pool", "../x"), ("../x",)),
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_2_and_touches_nothing(pool, call, words):
    before = everything(pool.root, pool.source)
    done = pool.wt(*call)
    assert_clear(done, 2)
    assert any(word in done.err for word in words), done
    assert everything(pool.root, pool.source) == before


@pytest.mark.parametrize(
    "call", [("release", "typo"), ("info", "typo"), ("cd", "typo"), ("land", "--name", "typo")], ids=" ".join
)
def test_a_name_that_is_not_held_is_1_with_the_nearest(pool, call):
    pool.acquire("typos")
    assert_clear(pool.wt(*call), 1, "typos")
    far = [*call[:-1], "elsewhere"]
    offered = pool.wt(*far).err
    assert_clear(pool.wt(*far), 1, "to see the names: wt ls")
    assert ("wt new elsewhere" in offered) == (call[0] == "cd")


def test_help_never_runs_the_verb(pool):
    before = everything(pool.root, pool.source)
    for call in (
        ("new", "x", "--help"),
        ("init", "-h"),
        ("release", "--help"),
        ("land", "--help"),
        ("help", "new"),
        ("help",),
        (),
    ):
        done = pool.wt(*call)
        assert (done.code, done.err) == (0, "")
        assert "wt" in done.out
    for verb in ("init", "new", "cd", "land", "ls", "info", "path", "acquire", "release", "whoami", "help"):
        assert f"wt {verb}" in pool.wt("help").out
    assert everything(pool.root, pool.source) == before


def test_help_of_help_is_the_page(pool):
    page = pool.wt("help")
    assert page.code == 0
    for words in (("help", "--help"), ("help", "help"), ("--help",), ()):
        assert pool.wt(*words) == page


def test_help_needs_nothing(tmp_path):
    done = wt("help", cwd=tmp_path, HOME=None, PATH="/nonexistent")
    assert done.code == 0
    assert wt("--version", cwd=tmp_path).out.startswith("wt ")


def test_init_takes_the_key_from_the_directory_and_tells_what_it_did(tmp_path):
    repo = gitrepo.make_repo(tmp_path / "my app")
    (tmp_path / "root").mkdir()
    assert_clear(wt("init", root=tmp_path / "root", cwd=repo), 2, "my app")
    repo = gitrepo.make_repo(tmp_path / "app", {"sub/x": "1"})
    done = wt("init", "--max-slots", "3", root=tmp_path / "root", cwd=f"{repo}/sub")
    assert (done.code, done.out) == (0, "")
    assert "pool `app`" in done.err
    assert os.listdir(tmp_path / "root") == ["app"]
    assert_clear(wt("init", root=tmp_path / "root", cwd=repo), 1, "initialised")


def test_init_refuses_inside_a_slot(both):
    path = both.acquire("x")
    assert_clear(wt("init", "--pool", "other", root=both.root, cwd=path), 1, "slot")
    assert os.listdir(both.root) == ["app"]


def test_new_prints_the_path_and_runs_a_command_there(both):
    done = both.wt("new", "feature/x")
    assert done.path == both.pool("path", "--name", "feature/x").path
    assert "feature/x" in done.err
    done = both.wt("new", "y", "--", "sh", "-c", 'pwd; echo "$PWD"; exit 7')
    path = both.pool("path", "--name", "y").path
    assert done.code == 7
    assert done.out.splitlines() == [path, path, path]
    assert both.states()[1][1:] == ("held", "y")


def test_a_command_that_is_not_there_is_said_and_the_slot_is_held(pool):
    done = pool.wt("new", "x", "--", "no-such-command")
    assert done.code in (1, 127)
    assert "no-such-command" in done.err
    assert pool.states() == [("slot-0", "held", "x")]


def test_new_from(pool):
    first = git(pool.source, "rev-parse", "HEAD")
    gitrepo.commit(pool.source, {"x": "1"})
    assert git(pool.wt("new", "a", "--from", "HEAD~1").path, "rev-parse", "HEAD") == first
    assert_clear(pool.wt("new", "a"), 6, "wt cd a")


def test_acquire_and_path(both):
    done = both.wt("acquire", "x")
    assert both.wt("path", "x").path == done.path
    missing = both.wt("path", "y")
    assert (missing.code, missing.out, missing.err) == (1, "", "")


def test_the_pool_is_found_from_everywhere_in_it(both, tmp_path):
    path = both.acquire("x")
    gitrepo.write(path, {"deep/er/x": "1"})
    link = str(tmp_path / "link")
    os.symlink(path, link)
    gitrepo.make_repo(f"{path}/deep/nested")
    for cwd in (path, f"{path}/deep/er", link, both.at, f"{path}/deep/nested", both.source):
        assert wt("path", "x", root=both.root, cwd=cwd).path == path
    for cwd in (path, f"{path}/deep/er", link):
        assert wt("info", "--json", root=both.root, cwd=cwd).json["name"] == "x"


def test_cd_prints_where_to_go_or_tells_the_shell(both, tmp_path):
    path = both.acquire("x")
    assert both.wt("cd", "x").path == path
    assert both.wt("cd", "--source", cwd=path).path == both.source
    assert both.wt("cd", "-", env={"OLDPWD": both.at}).path == both.at
    assert_clear(both.wt("cd", "-", env={"OLDPWD": None}), 1)
    directive = tmp_path / "directive"
    directive.write_text("old content that is longer than any path could ever be" * 9)
    done = both.wt("cd", "x", env={"WT_DIRECTIVE": str(directive)})
    assert done.code == 0
    assert directive.read_text() == path


def test_ls_as_a_table(both):
    assert "no slot" in both.wt("ls").err
    path = both.acquire("feature/x")
    gitrepo.commit(path, {"a": "1"})
    gitrepo.write(path, {"README": "changed\n", "new": ""})
    both.acquire("y")
    table = both.wt("ls").out.splitlines()
    assert table[0].split() == ["feature/x", "🔴", "unmerged", "+1", "~1", "?1", "slot-0", "now"]
    assert table[1].split() == ["y", "🟢", "clean", "slot-1", "now"]
    assert "[red] unmerged" in both.wt("ls", env={"LC_ALL": "C"}).out
    assert "\x1b[" not in both.wt("ls").out
    assert "\x1b[31m" in both.wt("ls", "--color", "always").out
    bare = both.wt("ls", "--bare").out.splitlines()
    assert [line.split() for line in bare] == [["feature/x", "slot-0", "now"], ["y", "slot-1", "now"]]
    assert both.wt("list", "--bare").out == both.wt("ls", "--bare").out


def test_ls_json_of_nothing_is_an_empty_list(pool):
    done = pool.wt("ls", "--json")
    assert (done.code, done.out, done.err) == (0, "[]\n", "")


def test_info_shows_the_verdict_first_and_the_commits(both):
    path = both.acquire("x")
    sha = gitrepo.commit(path, {"a": "1"}, "subject of it")
    gitrepo.write(path, {"new file": ""})
    lines = both.wt("info", "x").out.splitlines()
    assert lines[0].startswith("x  🔴 unmerged: 1 commit")
    text = "\n".join(lines)
    for word in ("new file", "next: ", "wt land --name x", "slot-0", path, "main", sha[:9], "subject of it"):
        assert word in text
    assert both.wt("why", "x").out.splitlines()[0] == lines[0]


def test_whoami_never_fails(both, tmp_path):
    path = both.acquire("x")
    os.makedirs(f"{path}/deep")
    assert wt("whoami", root=both.root, cwd=f"{path}/deep").out == f"worktree {path}\n"
    assert wt("whoami", root=both.root, cwd=both.source).out == f"source {both.source}\n"
    assert wt("whoami", root=both.root, cwd=tmp_path).out == "none\n"
    assert wt("whoami", root=None, cwd=both.source).out == "none\n"
    assert wt("whoami", "--json", root=both.root, cwd=path).json == {
        "kind": "worktree", "path": path, "name": "x", "pool": "app",
    }  # fmt: skip
    assert wt("whoami", "--json", root=both.root, cwd=tmp_path).json["kind"] == "none"


def test_release_of_the_slot_around_us_sends_the_shell_away(both, tmp_path):
    path = both.acquire("x")
    directive = tmp_path / "directive"
    directive.write_text("")
    done = both.wt("release", cwd=path, env={"WT_DIRECTIVE": str(directive)})
    assert done.code == 0, done
    assert directive.read_text() == both.source
    assert both.states() == [("slot-0", "idle", None)]
    assert both.wt("rm", "x").code == 1


def test_a_config_that_is_broken_is_named_by_every_verb(pool):
    pool.acquire("x")
    config = f"{pool.at}/.meta/config.yaml"
    with open(config, "a", encoding="utf-8") as file:
        file.write("max_slots: 3\n")
    for verb in ("ls", "new", "path", "release", "info"):
        assert_clear(pool.wt(verb, *(["x"] if verb != "ls" else []), "--pool", "app"), 1, config, "max_slots")
    assert_clear(pool.pool("ls"), 1, config, "max_slots")


def test_a_source_that_went_away_is_named(pool, tmp_path):
    pool.acquire("x")
    os.rename(pool.source, tmp_path / "moved")
    assert_clear(pool.pool("ls"), 1, pool.source)
    assert_clear(wt("ls", "--pool", "app", root=pool.root, cwd=tmp_path), 1, pool.source)


def test_new_ends_with_the_commands_own_127(pool):
    done = pool.wt("new", "x", "--", "sh", "-c", "exit 127")
    assert (done.code, "could not be started" in done.err) == (127, False), done


def left_acquiring(pool, name):
    """A slot as an acquire leaves it that was killed behind its checkout."""
    path = pool.acquire(name)
    lock = pool.pool("inspect", "--name", name).json["lock_path"]
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    with open(lock, "w", encoding="utf-8") as file:
        file.write(text.replace("state: held", "state: acquiring"))
    return path


def test_release_of_what_a_dead_acquire_left_recovers_it_first(both):
    path = left_acquiring(both, "x")
    gitrepo.write(path, {"README": "torn"})
    done = both.wt("release", "x")
    assert "goes back to idle" in done.err
    assert both.states() == [("slot-0", "idle", None)]


def test_cd_does_not_enter_a_slot_that_changes_hands(pool):
    left_acquiring(pool, "x")
    done = pool.wt("cd", "x")
    assert (done.code, done.out) == (3, ""), done


def test_a_broken_slot_is_not_offered_a_force_that_would_refuse(pool):
    pool.acquire("x")
    admin = pool.pool("inspect", "--name", "x").json["admin_dir"]
    gitrepo.write(admin, {"HEAD": "torn"})
    for words in ((), ("--force",)):
        done = pool.wt("release", "x", *words)
        assert done.code == 1
        assert "--force" not in done.err


def test_next_commands_can_be_pasted_anywhere(pool):
    path = pool.acquire("x")
    gitrepo.write(path, {"new": "1"})
    assert pool.wt("info", "x", "--json").json["next"] == 'wt land --name x --add "message"'
    gitrepo.commit(path, {"committed": "1"})
    gitrepo.write(path, {"newer": "1"})
    refused = pool.wt("release", "x").err
    assert "1 commit that the base does not have, and 1 untracked file." in refused
    assert 'wt land --name x --add "message"\n' in refused
    git(path, "bisect", "start", "HEAD")
    assert pool.wt("info", "x", "--json").json["next"] == f"git -C {path} status"
    git(path, "bisect", "reset")
    assert pool.wt("land", "--name", "x", "--add", "message").code == 0


@pytest.mark.parametrize(("command", "proceed"), [(("rebase", "main"), "git rebase --continue"),
                                                  (("cherry-pick", "main"), "git cherry-pick --continue")])  # fmt: skip
def test_land_names_the_way_on_of_the_operation_in_progress(pool, command, proceed):
    path = pool.acquire("x")
    gitrepo.commit(path, {"README": "mine\n"})
    gitrepo.commit(pool.source, {"README": "theirs\n"})
    subprocess.run(["git", "-C", path, *command], capture_output=True)
    done = pool.wt("land", cwd=path)
    assert done.code == 1
    assert f"{proceed} && wt land" in done.err
