"""The library and `wt run` in a repository with submodules, three levels deep."""

import os

import pytest

from tests.support import gitrepo, submodules
from tests.support.gitrepo import git
from tests.support.submodules import Nest
from tests.support.tool import Pool
from wt import WorktreePool


@pytest.fixture
def nest(tmp_path):
    made = Nest(tmp_path, chains=2)
    made.check_out()
    return made


def clean(path):
    return [
        top for top in ("", *submodules.checked_out(path)) if git(f"{path}/{top}", "status", "--porcelain")
    ]


def test_every_submodule_is_at_its_pin_and_comes_from_the_sources_own_clone(nest):
    with WorktreePool(nest.source, max_size=1) as pool:
        for number, tag in enumerate(("one", "two", "three", "four", "two")):
            path = pool.acquire(f"h{number}", tag)
            assert submodules.checked_out(path) == submodules.wanted(nest.source, tag)
            pool.release(f"h{number}")
        assert pool.get_stats()["created"] == 1


def test_debris_in_submodules_is_discarded_too(nest):
    with WorktreePool(nest.source, max_size=1) as pool:
        path = pool.acquire("a", "two")
        for inner in submodules.checked_out(path):
            gitrepo.write(f"{path}/{inner}", {"file": "changed\n", "junk": "1\n", "build/cache": "warm\n"})
        pool.release("a")
        again = pool.acquire("b", "two")
        assert clean(again) == []
        for inner in submodules.checked_out(again):
            assert not os.path.exists(f"{again}/{inner}/junk")
            assert os.path.exists(f"{again}/{inner}/build/cache")
    assert git(nest.source, "for-each-ref", "refs/wt/kept") == ""
    assert not os.path.exists(f"{nest.source}/.git/worktree-pool/kept.git")


def test_run_brings_the_submodules_along_from_commit_to_commit(nest):
    pool = Pool(f"{nest.top}/root", nest.source, max_slots=1, submodule_mirror_mode="git-modules",
                submodule_mirror_base=nest.source)  # fmt: skip
    command = """git status --porcelain
find . -mindepth 2 -name .git | sed 's,^./,,; s,/.git$,,' | while IFS= read -r one; do
    printf '%s=%s\\n' "$one" "$(git -C "$one" rev-parse HEAD)"; git -C "$one" status --porcelain
done
find . -mindepth 2 -name .git -execdir touch junk ';'"""
    ats = [word for tag in ("one", "two", "three", "four") for word in ("--at", tag)]
    for _ in range(2):
        done = pool.wt("run", "--json", "--fresh", *ats, "--", "sh", "-c", command)
        assert done.code == 0, done
        for row in done.json["results"]:
            with open(row["log"], encoding="utf-8") as log:
                text = log.read()
            found = dict(line.rsplit("=", 1) for line in text.splitlines() if "=" in line)
            assert found == submodules.wanted(nest.source, row["commit"]), text
            assert len(text.splitlines()) == len(found), text
