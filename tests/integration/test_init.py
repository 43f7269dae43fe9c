"""init, contract sections 2 and 6: what a pool is made over, and that nothing is left where it fails."""

import os
import subprocess

import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool, assert_refused
from tests.support.untouched import everything


def test_init_says_nothing_on_stdout_and_writes_the_config(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=3)
    assert pool.init.out == ""
    text = (tmp_path / "root" / "app" / ".meta" / "config.yaml").read_text()
    assert f"source: {repo}\n" in text
    assert "max_slots: 3\n" in text
    assert "base: main\n" in text
    assert "layout: rename\n" in text
    assert os.stat(pool.at).st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (("--max-slots", "0"), 2, "0"),
        (("--max-slots", "-1"), 2, "-1"),
        (("--max-slots", "2.5"), 2, "2.5"),
        (("--max-slots", "many"), 2, "many"),
        (("--layout", "moving"), 2, "moving"),
        (("--groups", "ios,IOS"), 2, "case"),
        (("--groups", "slot"), 2, "slot"),
        (("--groups", "a-1"), 2, "a-1"),
        (("--base", "nowhere"), 1, "nowhere"),
        (("--default-commit", "nowhere"), 2, "nowhere"),
        (("--submodule-mirror-mode", "bare-mirror"), 2, "mirror"),
        (("--submodule-mirror-mode", "magic", "--submodule-mirror-base", "/x"), 2, "magic"),
    ],
)
def test_init_that_fails_leaves_nothing(tmp_path, repo, options, code, word):
    root = tmp_path / "root"
    root.mkdir()
    before = everything(repo)
    done = tool.run(
        "worktree-pool", "--pool", "app", "init", "--source", repo, *options, env={"WORKTREE_ROOT": str(root)}
    )
    assert_refused(done, code, word)
    assert os.listdir(root) == []
    assert everything(repo) == before


def test_init_refuses_a_key_that_is_initialised(pool, tmp_path):
    other = gitrepo.make_repo(tmp_path / "other")
    before = everything(pool.root)
    assert_refused(pool.pool("init", "--source", other), 1, pool.source)
    assert everything(pool.root) == before


@pytest.mark.parametrize("what", ["absent", "empty", "file"])
def test_init_refuses_what_is_no_repository(tmp_path, what):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    root = tmp_path / "root"
    root.mkdir()
    source = str(tmp_path / what)
    assert_refused(
        tool.run(
            "worktree-pool", "--pool", "app", "init", "--source", source, env={"WORKTREE_ROOT": str(root)}
        ),
        1,
    )
    assert os.listdir(root) == []


@pytest.mark.parametrize(
    "refspec",
    [
        "+refs/*:refs/*",
        "+refs/heads/*:refs/heads/*",
        "refs/heads/*:refs/heads/*",
        "+refs/heads/a/*:refs/heads/a/*",
    ],
)
@pytest.mark.parametrize("marked", [True, False])
def test_init_refuses_a_mirror_with_the_lines_that_convert_it(tmp_path, repo, refspec, marked):
    gitrepo.git(repo, "remote", "add", "origin", "/nowhere")
    gitrepo.git(repo, "config", "remote.origin.fetch", refspec)
    if marked:
        gitrepo.git(repo, "config", "remote.origin.mirror", "true")
    else:
        gitrepo.git(repo, "config", "--add", "remote.origin.fetch", "+refs/notes/*:refs/notes/*")
    root = tmp_path / "root"
    root.mkdir()
    done = tool.run(
        "worktree-pool", "--pool", "app", "init", "--source", repo, env={"WORKTREE_ROOT": str(root)}
    )
    assert_refused(done, 1, refspec)
    hints = [line.removeprefix("hint: ") for line in done.err.splitlines() if line.startswith("hint: ")]
    assert len(hints) == 2
    for hint in hints:
        assert subprocess.run(["bash", "-c", hint]).returncode == 0
    again = tool.run(
        "worktree-pool", "--pool", "app", "init", "--source", repo, env={"WORKTREE_ROOT": str(root)}
    )
    assert again.code == 0, again


def test_init_of_an_unborn_repository_is_refused(tmp_path):
    gitrepo.git(tmp_path, "init", "-q", "-b", "main", "unborn")
    root = tmp_path / "root"
    root.mkdir()
    done = tool.run(
        "worktree-pool",
        "--pool",
        "app",
        "init",
        "--source",
        str(tmp_path / "unborn"),
        env={"WORKTREE_ROOT": str(root)},
    )
    assert_refused(done, 1, "unborn")
    assert os.listdir(root) == []


@pytest.mark.parametrize(
    ("file", "layout"), [("Cargo.toml", "stable"), ("go.mod", "stable"), ("src/main.c", "rename")]
)
def test_init_picks_the_layout_and_says_why(tmp_path, file, layout):
    repo = gitrepo.make_repo(tmp_path / "source", {file: "x\n"})
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    assert pool.rows()[0]["layout"] == layout
    assert (file in pool.init.err) == (layout == "stable")
    assert Pool(tmp_path / "root2", repo, max_slots=1, layout="rename").rows()[0]["layout"] == "rename"


@pytest.mark.parametrize("where", ["bare", "detached", "linked", "separate"])
def test_sources_of_every_kind(tmp_path, repo, where):
    source = repo
    if where == "bare":
        source = str(tmp_path / "bare.git")
        gitrepo.git(tmp_path, "clone", "-q", "--bare", repo, source)
    elif where == "detached":
        gitrepo.git(repo, "switch", "-q", "--detach")
    elif where == "linked":
        source = str(tmp_path / "linked")
        gitrepo.git(repo, "worktree", "add", "-q", source, "-b", "side")
    else:
        source = str(tmp_path / "top")
        gitrepo.git(tmp_path, "clone", "-q", "--separate-git-dir", str(tmp_path / "elsewhere"), repo, source)
    pool = Pool(tmp_path / "root", source, max_slots=1)
    path = pool.acquire("a")
    assert gitrepo.git(path, "rev-parse", "--abbrev-ref", "HEAD") == "a"
    gitrepo.commit(path, {"x": "1"})
    assert pool.pool("release", "--name", "a").code == 0
    assert pool.acquire("b")


def test_a_worktree_root_that_is_not_there_is_not_made(tmp_path, repo):
    env = {"WORKTREE_ROOT": str(tmp_path / "nowhere")}
    done = tool.run("wt", "init", cwd=repo, env=env)
    assert done.code == 1
    assert "does not exist" in done.err
    assert not (tmp_path / "nowhere").exists()
    hint = done.err.split("hint: to create it: ")[1].strip()
    assert subprocess.run(["sh", "-c", hint]).returncode == 0
    assert tool.run("wt", "init", cwd=repo, env=env).code == 0


ROOTS = {
    "unset": (None, "is not set"),
    "empty": ("", "is empty"),
    "relative": ("root", "is relative"),
    "file": ("{}/file", "not a directory"),
    "everybody's": ("{}/world", "anybody may put"),
    "sticky": ("{}/sticky", "anybody may put"),
}
if os.geteuid() == 0:  # nobody else can give a directory away
    ROOTS["somebody else's"] = ("{}/other", "belongs to user id 1234")


@pytest.mark.parametrize("kind", ROOTS)
def test_a_worktree_root_that_will_not_do_is_refused_by_each_verb(tmp_path, repo, kind):
    value, words = ROOTS[kind]
    (tmp_path / "file").write_text("x")
    for name, mode in (("world", 0o777), ("sticky", 0o1777), ("other", 0o755)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    if kind == "somebody else's":
        os.chown(tmp_path / "other", 1234, 1234)
    before = everything(str(tmp_path))
    env = {"WORKTREE_ROOT": None if value is None else value.format(tmp_path)}
    for verb in (("init",), ("new", "x"), ("ls",)):
        done = tool.run("wt", *verb, cwd=repo, env=env)
        assert_refused(done, 1, "WORKTREE_ROOT", words)
    assert everything(str(tmp_path)) == before


def test_a_reftable_that_this_git_cannot_read_is_refused_with_what_helps(tmp_path, repo):
    gitrepo.of_another_time(repo)
    (tmp_path / "root").mkdir()
    before = everything(tmp_path / "root")
    done = tool.run(
        "worktree-pool",
        "--pool",
        "app",
        "init",
        "--source",
        repo,
        "--max-slots",
        "2",
        env={"WORKTREE_ROOT": tmp_path / "root"},
    )
    assert_refused(
        done, 1, f"{repo}/.git keeps its refs as a reftable", "install git 2.45 or newer", "ofanothertime"
    )
    assert everything(tmp_path / "root") == before
