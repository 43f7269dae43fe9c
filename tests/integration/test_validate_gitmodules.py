"""`worktree-pool validate-gitmodules` (contract section 3): tags, keys that are not ours, from default_commit."""

import pytest

from tests.support import gitrepo
from tests.support.gitrepo import git
from tests.support.tool import Pool

TEXT = """\
[submodule "a b"]
	path = a
	url = ../a
	worktreePoolTag = editor
	WORKTREEPOOLTAG = big
[submodule "plain"]
	path = plain
	url = ../plain
	branch = main
"""


@pytest.fixture(params=["clone", "bare"])
def source(request, tmp_path):
    """A source whose base has TEXT, its checkout (where there is one) something else by now."""
    made = gitrepo.make_repo(tmp_path / "made", {"README": "r\n", ".gitmodules": TEXT})
    gitrepo.write(made, {".gitmodules": "broken [\n"})
    if request.param == "clone":
        return made
    git(tmp_path, "clone", "-q", "--bare", "made", "bare.git")
    return str(tmp_path / "bare.git")


def test_tags_by_submodule_name_read_from_default_commit_also_in_a_bare_source(source, tmp_path):
    pool = Pool(tmp_path / "root", source)
    done = pool.pool("validate-gitmodules")
    assert (done.code, done.err) == (0, "")
    head = git(source, "rev-parse", "main")
    assert done.json == {"gitmodules": head, "tags": {"a b": ["editor", "big"]}, "unknown_keys": []}
    assert done.out.count("\n") == 1


def test_without_the_file_gitmodules_is_null(repo, tmp_path):
    done = Pool(tmp_path / "root", repo).pool("validate-gitmodules")
    assert (done.code, done.json) == (0, {"gitmodules": None, "tags": {}, "unknown_keys": []})


def test_keys_that_begin_with_worktreepool_and_are_not_ours_end_1_and_the_report_is_printed(repo, tmp_path):
    head = gitrepo.commit(repo, {".gitmodules": TEXT + "\tworktreePoolTags = editor\n\tworktreePool = x\n"})
    done = Pool(tmp_path / "root", repo).pool("validate-gitmodules")
    assert done.code == 1
    assert done.json["gitmodules"] == head
    assert done.json["unknown_keys"] == ["submodule.plain.worktreepooltags", "submodule.plain.worktreepool"]


def test_a_file_that_git_cannot_read_is_an_error(repo, tmp_path):
    gitrepo.commit(repo, {".gitmodules": "[submodule\n"})
    done = Pool(tmp_path / "root", repo).pool("validate-gitmodules")
    assert (done.code, done.out) == (1, "")
    assert "bad config line 1" in done.err
