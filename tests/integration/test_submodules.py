"""Submodules (contract section 10, and what sections 2, 6, 8, 9 and 13 say of them): real ones, three levels deep."""

import os

import pytest

from tests.support import gitrepo, submodules
from tests.support.gitrepo import git
from tests.support.submodules import Nest
from tests.support.tool import Pool, assert_refused


@pytest.fixture
def nest(tmp_path):
    """Two chains of three, checked out in the source."""
    made = Nest(tmp_path, chains=2)
    made.check_out()
    return made


def pool_over(nest, *, mirror="git-modules", **init):
    base = nest.source if mirror == "git-modules" else nest.bare_mirrors()
    return Pool(f"{nest.top}/root", nest.source, submodule_mirror_mode=mirror, submodule_mirror_base=base,
                **{"max_slots": 2, **init})  # fmt: skip


def admin_of(path):
    return git(path, "rev-parse", "--absolute-git-dir")


def held_well(path, nest, name, commit):
    assert submodules.checked_out(path) == submodules.wanted(nest.source, commit)
    assert submodules.findings(path, admin_of(path), name) == []


@pytest.mark.parametrize("mirror", ["git-modules", "bare-mirror"])
def test_every_submodule_is_checked_out_at_its_pin_on_a_branch_of_the_slots_name(nest, layout, mirror):
    pool = pool_over(nest, mirror=mirror, layout=layout)
    path = pool.acquire("feature/x", "--commit", "two")
    held_well(path, nest, "feature/x", "two")
    assert len(submodules.checked_out(path)) == 6


def test_released_the_branch_is_gone_and_the_clone_stays_warm(nest, layout):
    pool = pool_over(nest, layout=layout)
    admin = admin_of(pool.acquire("x", "--commit", "two"))
    before = {store: os.stat(store).st_ino for store in submodules.stores(admin)}
    assert len(before) == 6
    assert pool.pool("release", "--name", "x").code == 0
    (row,) = [row for row in pool.rows() if row["state"] == "idle"]
    assert submodules.findings(row["path"], admin, None) == []
    path = pool.acquire("y", "--commit", "one")
    held_well(path, nest, "y", "one")
    assert {store: os.stat(store).st_ino for store in submodules.stores(admin)} == before
