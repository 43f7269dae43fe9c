"""What lists remember, from what, and that it decides nothing."""

import os

import pytest

from tests.support import gitrepo, tool
from wt.git.landed import Ahead
from wt.model import Slot
from wt.session.memory import Memory, ahead_from_text, ahead_to_text, identity


@pytest.fixture
def slot(tmp_path):
    (tmp_path / "worktree-pool").mkdir()
    return Slot("slot-0", None, 0, "held", None, str(tmp_path))


def test_what_was_learnt_is_recalled_for_the_same_key(slot):
    memory = Memory(slot)
    memory.learn("ahead", "a,b", "2,squash")
    assert memory.recall("ahead", "a,b") == "2,squash"
    memory.store()
    again = Memory(slot)
    assert again.recall("ahead", "a,b") == "2,squash"
    assert again.recall("ahead", "a,c") is None
    assert again.recall("unhidden", "a,b") is None


@pytest.mark.parametrize("text", ["", "x", "a b c d\n", "\x00\xff", "ahead  \n"])
def test_a_damaged_file_is_nothing_known(slot, text):
    with open(f"{slot.admin}/worktree-pool/seen", "w", encoding="latin-1") as file:
        file.write(text)
    assert Memory(slot).recall("ahead", "a") is None


def test_through_no_link_and_into_no_fifo(slot, tmp_path):
    bait = tmp_path / "bait"
    bait.write_text("bait")
    path = f"{slot.admin}/worktree-pool/seen"
    for make in (lambda: os.symlink(bait, path), lambda: os.mkfifo(path), lambda: os.mkdir(path)):
        make()
        memory = Memory(slot)
        memory.learn("a", "b", "c")
        memory.store()
        assert bait.read_text() == "bait"
        (os.rmdir if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)


def test_a_file_that_is_replaced_is_another(tmp_path):
    path = tmp_path / "index"
    path.write_text("one")
    before = identity(str(path))
    assert before == identity(str(path))
    (tmp_path / "new").write_text("two")
    os.rename(tmp_path / "new", path)
    assert identity(str(path)) != before
    assert identity(str(tmp_path / "none")) is None


@pytest.mark.parametrize("ahead", [Ahead(0), Ahead(3), Ahead(2, "squash")])
def test_ahead_is_written_and_read(ahead):
    assert ahead_from_text(ahead_to_text(ahead)) == ahead


@pytest.mark.parametrize("text", ["", ",", "x,y", "-1,"])
def test_no_ahead(text):
    assert ahead_from_text(text) is None


@pytest.fixture
def pool(tmp_path, repo):
    gitrepo.commit(repo, {"a": "1\n", "b": "1\n"})
    return tool.Pool(tmp_path / "w", repo)


def reasons(pool):
    return {
        row["name"]: (row["reason"], row["evidence"]["ahead"], row["evidence"]["dirty"])
        for row in pool.wt("ls", "--json").json
    }


def test_a_list_is_as_true_the_second_time(pool):
    """Commits, hidden bits, a base that moved: each changes what the key is made of."""
    path = pool.acquire("x")
    assert reasons(pool) == reasons(pool) == {"x": ("clean", 0, 0)}
    gitrepo.git(path, "update-index", "--assume-unchanged", "a")
    gitrepo.write(path, {"a": "edited\n"})
    assert reasons(pool) == reasons(pool) == {"x": ("dirty", 0, 1)}
    gitrepo.git(path, "update-index", "--no-assume-unchanged", "a")
    gitrepo.git(path, "commit", "-qam", "edit")
    assert reasons(pool) == reasons(pool) == {"x": ("unmerged", 1, 0)}
    gitrepo.git(pool.source, "cherry-pick", "x")
    gitrepo.commit(pool.source, {"c": "1\n"})
    assert reasons(pool) == reasons(pool) == {"x": ("landed", 0, 0)}
    gitrepo.git(path, "reset", "-q", "--hard", "HEAD~")
    assert reasons(pool) == reasons(pool) == {"x": ("clean", 0, 0)}


def test_the_second_list_asks_git_less(pool, tmp_path, monkeypatch):
    path = pool.acquire("x")
    gitrepo.commit(path, {"c": "1\n"})
    calls = []
    for number in range(2):
        trace = tmp_path / f"trace{number}"
        pool.wt("ls", env={"GIT_TRACE": str(trace)})
        calls.append(sum("built-in: git" in line for line in trace.read_text().splitlines()))
    assert calls[1] <= 2 < calls[0]


def test_it_decides_nothing(pool):
    """A list that was told lies: what recycles asks git itself."""
    path = pool.acquire("x")
    gitrepo.commit(path, {"c": "1\n"})
    assert reasons(pool)["x"][0] == "unmerged"
    admin = gitrepo.git(path, "rev-parse", "--absolute-git-dir")
    seen = f"{admin}/worktree-pool/seen"
    with open(seen, encoding="utf-8") as file:
        text = file.read()
    with open(seen, "w", encoding="utf-8") as file:
        file.write(text.replace(" 1,\n", " 0,\n"))
    assert reasons(pool)["x"][0] != "unmerged"
    assert pool.wt("release", "x").code == 1
