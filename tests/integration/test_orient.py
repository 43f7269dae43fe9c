"""Where one is: orient, ls --all-pools, and which pool is meant (contract section 15, first paragraph)."""

import os

import pytest

from tests.support import gitrepo, tool
from tests.support.tool import Pool

git = gitrepo.git


def wt(*args, root=None, cwd=None, **env):
    return tool.run("wt", *args, cwd=cwd, env={"WORKTREE_ROOT": root and str(root), **env})


GUIDE = "# How we work\n\nBe kind.\n"


@pytest.mark.parametrize("name", ["AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md"])
def test_orient_prints_the_path_and_the_guide(tmp_path, name):
    source = gitrepo.make_repo(tmp_path / "source", {name: GUIDE, "deep/x": "1"})
    pool = Pool(tmp_path / "root", source, max_slots=1)
    path = pool.acquire("x")
    for top in (path, source):
        done = wt("orient", root=pool.root, cwd=f"{top}/deep")
        assert (done.code, done.out, done.err) == (0, f"{top}\n\n{GUIDE}", "")
    found = wt("orient", "--json", root=pool.root, cwd=path).json
    assert found == {
        "kind": "worktree",
        "path": path,
        "name": "x",
        "pool": "app",
        "file": f"{path}/{name}",
        "text": GUIDE,
    }


def test_orient_takes_the_first_of_them_and_a_link_among_them(tmp_path):
    source = gitrepo.make_repo(
        tmp_path / "source", {"CONTRIBUTING.md": "contributing\n", "CLAUDE.md": "claude\n"}
    )
    pool = Pool(tmp_path / "root", source, max_slots=1)
    assert wt("orient", root=pool.root, cwd=source).out == f"{source}\n\nclaude\n"
    os.symlink("CONTRIBUTING.md", f"{source}/AGENTS.md")
    assert wt("orient", root=pool.root, cwd=source).out == f"{source}\n\ncontributing\n"


def test_orient_follows_no_link_that_leads_outside_and_shows_what_would_steer_a_terminal(tmp_path):
    (tmp_path / "secret").write_text("secret\n")
    source = gitrepo.make_repo(tmp_path / "source", {"CLAUDE.md": "\x1b[2Jgone\r\n"})
    os.symlink("../secret", f"{source}/AGENTS.md")
    pool = Pool(tmp_path / "root", source, max_slots=1)
    assert wt("orient", root=pool.root, cwd=source).out == f"{source}\n\n\\x1b[2Jgone\n"


def test_orient_without_a_guide_and_outside(pool, tmp_path):
    done = wt("orient", root=pool.root, cwd=pool.source)
    assert (done.code, done.out) == (0, f"{pool.source}\n")
    assert "none of AGENTS.md" in done.err
    tool.assert_refused(wt("orient", root=pool.root, cwd=tmp_path), 1, str(tmp_path), "wt init")


@pytest.fixture
def two(tmp_path, repo):
    other = gitrepo.make_repo(tmp_path / "other")
    pools = Pool(tmp_path / "root", repo, key="one"), Pool(tmp_path / "root", other, key="two")
    paths = [pool.acquire(f"in-{pool.key}") for pool in pools]
    gitrepo.write(paths[1], {"u": "1"})
    Pool(tmp_path / "root", repo, key="empty")
    return pools


def test_ls_of_all_pools(two, tmp_path):
    root = two[0].root
    done = wt("ls", "--all-pools", root=root, cwd=tmp_path)
    assert done.code == 0, done
    lines = done.out.splitlines()
    assert lines[0] == f"empty  nothing is held, {two[0].source}"
    assert lines[1] == f"one  1 held, {two[0].source}"
    assert lines[2].startswith("in-one  🟢 clean")
    assert lines[3] == f"two  1 held, {two[1].source}"
    assert lines[4].startswith("in-two  🟡 dirty")
    rows = wt("ls", "--all-pools", "--json", root=root, cwd=tmp_path).json
    assert [(row["pool"], row["name"], row["mark"]) for row in rows] == [
        ("one", "in-one", "green"),
        ("two", "in-two", "yellow"),
    ]
    rows = wt("ls", "--all-pools", "--json", "--bare", root=root, cwd=tmp_path).json
    assert [(row["pool"], row["name"], row["mark"]) for row in rows] == [
        ("one", "in-one", None),
        ("two", "in-two", None),
    ]
    assert "in-two  slot-0  now\n" in wt("ls", "--all-pools", "--bare", root=root, cwd=tmp_path).out


def test_ls_of_all_pools_where_one_cannot_be_read(two, tmp_path):
    with open(f"{two[0].at}/.meta/config.yaml", "w", encoding="utf-8") as file:
        file.write("schema_version: 99\n")
    done = wt("ls", "--all-pools", root=two[0].root, cwd=tmp_path)
    assert done.code == 1
    assert "in-two" in done.out
    assert f"{two[0].at}/.meta/config.yaml" in done.err
    assert [
        row["pool"] for row in wt("ls", "--all-pools", "--json", root=two[0].root, cwd=tmp_path).json
    ] == ["two"]


def test_ls_of_all_pools_where_there_is_none(tmp_path):
    done = wt("ls", "--all-pools", root=tmp_path, cwd=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert f"there is no pool below {tmp_path}." in done.err
    assert "wt init" in done.err


def test_which_pool_is_meant(two, tmp_path):
    """--pool; the pool whose root the cwd is in, links resolved on both sides; the only one over the cwd's repository."""
    one, other = two
    link = tmp_path / "link"
    os.symlink(one.at, link)
    alias = tmp_path / "root-alias"
    os.symlink(one.root, alias)

    def meant(cwd, root=one.root, *args):
        rows = wt("ls", "--json", *args, root=root, cwd=cwd)
        return [row["name"] for row in rows.json] if rows.code == 0 else rows

    assert meant(other.source) == ["in-two"]
    assert meant(f"{one.at}/in-one") == ["in-one"]
    assert meant(one.at) == ["in-one"]
    assert meant(str(link)) == ["in-one"]
    assert meant(f"{alias}/one", str(alias)) == ["in-one"]
    assert meant(f"{one.at}/in-one", str(alias)) == ["in-one"]
    assert meant(f"{one.at}/in-one", one.root, "--pool", "two") == ["in-two"]
    several = meant(one.source)
    assert several.code == 2
    assert "empty, one" in several.err
    assert "--pool" in several.err
    none = meant(str(tmp_path))
    assert none.code == 2
    assert "empty, one, two" in none.err


def test_whoami_never_fails(pool, tmp_path):
    sealed = tmp_path / "sealed"
    sealed.mkdir()
    (sealed / ".git").write_text("gitdir: /nowhere\n")
    assert wt("whoami", root=pool.root, cwd=sealed).out == "none\n"
    (sealed / ".git").write_bytes(b"\xff\0")
    assert wt("whoami", root="relative", cwd=sealed).out == "none\n"
    with open(f"{pool.at}/.meta/config.yaml", "w", encoding="utf-8") as file:
        file.write("\0")
    assert wt("whoami", root=pool.root, cwd=pool.source) == tool.Result(0, "none\n", "")
