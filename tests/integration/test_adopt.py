"""Which commit an acquire starts from without being told, and branches that exist already (contract sections 5 and 6)."""

import os
import shlex
import subprocess

import git as gitpython
import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool, assert_refused
from tests.support.untouched import everything


def head(repo, ref="HEAD"):
    repository = gitpython.Repo(repo)
    try:
        return repository.commit(gitrepo.git(repo, "rev-parse", ref)).hexsha
    finally:
        repository.close()


def test_auto_is_the_upstream_where_it_contains_the_base(tmp_path, repo):
    clone = str(tmp_path / "clone")
    gitrepo.git(tmp_path, "clone", "-q", repo, clone)
    pool = Pool(tmp_path / "root", clone, max_slots=3)
    newer = gitrepo.commit(repo, {"new": "1"})
    gitrepo.git(clone, "fetch", "-q")
    assert head(pool.acquire("behind")) == newer
    ours = gitrepo.commit(clone, {"mine": "1"})
    done = pool.pool("acquire", "--name", "diverged")
    assert head(done.path) == ours
    assert "diverged" in done.err.replace("in `diverged`", "")
    gitrepo.git(clone, "merge", "-q", "origin/main")
    assert head(pool.acquire("ahead")) == head(clone)


@pytest.mark.parametrize("source", ["working", "bare"])
@pytest.mark.parametrize("row", ["equal", "no upstream", "upstream gone", "local upstream"])
def test_auto_is_the_base_where_its_upstream_has_nothing_more(tmp_path, repo, row, source):
    clone = str(tmp_path / "clone")
    gitrepo.git(tmp_path, "clone", "-q", repo, clone)
    if row == "no upstream":
        gitrepo.git(clone, "branch", "--unset-upstream", "main")
        gitrepo.commit(repo, {"new": "1"})
        gitrepo.git(clone, "fetch", "-q")
    elif row == "upstream gone":
        gitrepo.git(clone, "update-ref", "-d", "refs/remotes/origin/main")
    elif row == "local upstream":
        gitrepo.git(clone, "branch", "-q", "trunk")
        gitrepo.git(clone, "branch", "-q", "--set-upstream-to=trunk", "main")
    if source == "bare":
        gitrepo.git(clone, "config", "core.bare", "true")
        clone = f"{clone}/.git"
    pool = Pool(tmp_path / "root", clone)
    done = pool.pool("acquire", "--name", "a")
    assert head(done.path) == gitrepo.git(clone, "rev-parse", "main")
    assert done.err == ""


def test_auto_follows_an_upstream_that_is_a_local_branch(tmp_path, repo):
    gitrepo.git(repo, "switch", "-q", "-c", "trunk")
    newer = gitrepo.commit(repo, {"new": "1"})
    gitrepo.git(repo, "branch", "-q", "--set-upstream-to=trunk", "main")
    pool = Pool(tmp_path / "root", repo, base="main")
    assert head(pool.acquire("a")) == newer


def test_a_configured_default_commit_is_any_ref(tmp_path, repo):
    clone = str(tmp_path / "clone")
    gitrepo.git(tmp_path, "clone", "-q", repo, clone)
    pool = Pool(tmp_path / "root", clone, default_commit="refs/remotes/origin/main")
    newer = gitrepo.commit(repo, {"new": "1"})
    gitrepo.commit(clone, {"mine": "1"})
    gitrepo.git(clone, "fetch", "-q")
    assert head(pool.acquire("a")) == newer
    assert_refused(
        tool.run("worktree-pool", "--pool", "b", "init", "--source", clone, "--default-commit", "nowhere",
                 env={"WORKTREE_ROOT": pool.root}), 2, "nowhere")  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [("default_commit", "nowhere"), ("base", "nowhere")])
def test_a_config_whose_own_commit_is_none_is_1_and_names_file_key_and_value(pool, key, value):
    """No call can mend that: it is no usage error."""
    config = f"{pool.at}/.meta/config.yaml"
    with open(config, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith(f"{key}:")]
    with open(config, "w", encoding="utf-8") as file:
        file.writelines([*lines, f"{key}: {value}\n"])
    for words in (("acquire", "--name", "a"), ("validate-gitmodules",)):
        assert_refused(pool.pool(*words), 1, f"{config}: `{key}` is `{value}`, which names no commit")
    assert pool.pool("acquire", "--name", "a", "--commit", "HEAD").code == 0


def test_auto_is_a_word_of_the_config_and_no_commit(pool):
    assert_refused(pool.pool("acquire", "--name", "a", "--commit", "auto"), 2, "`auto` names no commit")
    gitrepo.git(pool.source, "branch", "auto")
    assert pool.pool("acquire", "--name", "a", "--commit", "auto").code == 0


def test_adopt_takes_a_branch_up_where_it_is_and_leaves_it(both):
    gitrepo.git(both.source, "branch", "old")
    gitrepo.commit(both.source, {"new": "1"})
    before = head(both.source, "old")
    path = both.acquire("old", "--adopt")
    assert head(path) == before
    tip = gitrepo.commit(path, {"x": "1"})
    assert both.pool("release", "--name", "old").code == 0
    assert head(both.source, "old") == tip
    assert both.acquire("old", "--adopt")


def test_adopt_creates_a_branch_of_one_remote_with_its_upstream_and_owns_it(tmp_path, repo):
    clone = str(tmp_path / "clone")
    gitrepo.git(repo, "branch", "feature/far")
    gitrepo.git(tmp_path, "clone", "-q", repo, clone)
    far = head(clone, "origin/feature/far")
    gitrepo.commit(clone, {"new": "1"})
    pool = Pool(tmp_path / "root", clone, max_slots=1)
    path = pool.acquire("feature/far", "--adopt")
    assert head(path) == far
    assert gitrepo.git(path, "rev-parse", "--abbrev-ref", "@{upstream}") == "origin/feature/far"
    assert pool.pool("release", "--name", "feature/far").code == 0
    assert gitrepo.git(clone, "for-each-ref", "refs/heads/feature") == ""
    assert "feature/far" not in gitrepo.git(clone, "config", "--list")


def test_adopt_of_a_branch_that_two_remotes_have_is_refused(tmp_path, repo):
    clone = str(tmp_path / "clone")
    gitrepo.git(repo, "branch", "far")
    gitrepo.git(tmp_path, "clone", "-q", repo, clone)
    gitrepo.git(clone, "remote", "add", "second", repo)
    gitrepo.git(clone, "fetch", "-q", "second")
    pool = Pool(tmp_path / "root", clone, max_slots=1)
    before = everything(pool.root, clone)
    assert_refused(pool.pool("acquire", "--name", "far", "--adopt"), 1, "origin", "second")
    assert everything(pool.root, clone) == before


@pytest.mark.parametrize("how", ["absent", "in the source", "elsewhere", "rebasing", "bisecting"])
def test_adopt_refuses_what_it_cannot_have(pool, tmp_path, how):
    gitrepo.commit(pool.source, {"more": "1"})
    gitrepo.git(pool.source, "branch", "old")
    other = str(tmp_path / "other")
    if how == "in the source":
        gitrepo.git(pool.source, "switch", "-q", "old")
    elif how != "absent":
        gitrepo.git(pool.source, "worktree", "add", "-q", other, "old")
    if how == "rebasing":
        gitrepo.git(other, "-c", "sequence.editor=sed -i s/pick/edit/", "rebase", "-q", "-i", "HEAD~1")
        assert gitrepo.git(other, "rev-parse", "--abbrev-ref", "HEAD") == "HEAD"
    elif how == "bisecting":
        gitrepo.git(other, "bisect", "start")
        gitrepo.git(other, "switch", "-q", "--detach")
    name = "nowhere" if how == "absent" else "old"
    before = everything(pool.root, pool.source)
    words = () if how == "absent" else (pool.source if how == "in the source" else other,)
    assert_refused(pool.pool("acquire", "--name", name, "--adopt"), 1, *words)
    assert everything(pool.root, pool.source) == before
    if how != "absent":
        assert _freed_by_the_hints(pool) == (2 if how in ("rebasing", "bisecting") else 1)


def _freed_by_the_hints(pool):
    """Do what each refusal says until there is none; returns how often that was."""
    count = 0
    while (done := pool.pool("acquire", "--name", "old", "--adopt")).code:
        command = done.err.rpartition("hint: ")[2].partition(": ")[2]
        assert subprocess.run(["sh", "-c", command], capture_output=True).returncode == 0, done
        count += 1
    return count


def test_adopt_refuses_a_branch_that_somebody_checks_out_at_that_moment(both, tmp_path):
    """The last look is behind the attaching, so that of two that are as quick at most one has it."""
    git = gitrepo.git
    gitrepo.commit(both.source, {".gitattributes": "*.slow filter=slow\n", "x.slow": "x\n"})
    git(both.source, "branch", "old")
    fifo, go_on = str(tmp_path / "fifo"), tmp_path / "go on"
    os.mkfifo(fifo)
    slow = f"test -e '{go_on}' || {{ echo there > '{fifo}'; until test -e '{go_on}'; do sleep 0.02; done; }}; cat"
    git(both.source, "config", "filter.slow.smudge", slow)
    adopting = subprocess.Popen(
        tool.argv("worktree-pool", "--pool", both.key, "acquire", "--name", "old", "--adopt"),
        env=tool.environment(WORKTREE_ROOT=both.root), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with open(fifo, encoding="utf-8") as file:
        assert file.read() == "there\n"
    other = str(tmp_path / "other")
    git(both.source, "worktree", "add", "-q", "--no-checkout", other, "old")
    go_on.write_text("")
    out, err = adopting.communicate(timeout=60)
    assert (adopting.returncode, out) == (1, "")
    assert f"The branch `old` is checked out in {other}" in err
    assert both.states() == [("slot-0", "idle", None)]
    assert git(other, "symbolic-ref", "HEAD") == "refs/heads/old"
    assert git(both.source, "worktree", "list", "--porcelain").count("branch refs/heads/old\n") == 1


def test_adopt_refuses_a_branch_that_stands_for_one_that_is_checked_out(pool):
    """Else a commit in the slot would move the base, with the source's files left behind."""
    gitrepo.git(pool.source, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    before = everything(pool.root, pool.source)
    assert_refused(
        pool.pool("acquire", "--name", "alias", "--adopt"), 1, f"`main` is checked out in {pool.source}"
    )
    assert everything(pool.root, pool.source) == before


def test_adopt_of_a_branch_that_a_worktree_on_a_volume_that_is_away_has_proposes_no_removal(pool, tmp_path):
    gitrepo.git(pool.source, "worktree", "add", "-q", "-b", "far", tmp_path / "volume")
    os.rename(tmp_path / "volume", tmp_path / "away")
    done = pool.pool("acquire", "--name", "far", "--adopt")
    assert_refused(done, 1, f"{tmp_path}/volume", "worktree list")
    assert "remove" not in done.err


@pytest.mark.parametrize("branch", ["slot-7", "wt!x", "slot-0"])
def test_adopt_refuses_a_branch_whose_directory_would_be_ours(both, branch):
    gitrepo.git(both.source, "branch", branch)
    done = both.pool("acquire", "--name", branch, "--adopt")
    assert done.code in (1, 2), done
    assert both.states() == []


@pytest.mark.parametrize(
    "branch", ["-x", "$(touch${IFS}p)", "`id`", "a;b", "é\u202ex", "%F{red}x%n", "a'b\"c", "x\u009by"]
)
def test_adopt_of_an_odd_branch_works_and_shows_it_escaped(both, tmp_path, branch):
    gitrepo.git(both.source, "update-ref", f"refs/heads/{branch}", "HEAD")
    done = both.pool("acquire", f"--name={branch}", "--adopt", cwd=tmp_path)
    assert done.code == 0, done
    assert both.rows()[0]["name"] == branch
    again = both.pool("acquire", f"--name={branch}", "--adopt", cwd=tmp_path)
    assert again.code == 6
    assert not {"\u202e", "\x9b"}.intersection(again.err)
    for line in again.err.splitlines():
        if "give it back: " in line:
            words = shlex.split(line.split(": ", 2)[2])
            assert words[-1] == branch or not branch.isprintable()
    table = both.wt("ls", "--bare")
    assert not {"\u202e", "\x9b"}.intersection(table.out)
    assert both.pool("release", f"--name={branch}").code == 0
    assert gitrepo.git(both.source, "show-ref", "--verify", f"refs/heads/{branch}")
    assert sorted(os.listdir(tmp_path)) == ["home", "root", "source"]
