"""Set-aside and locks are written for power loss (contract section 9): what was synced before what, as strace saw it."""

import os
import re
import shutil
import subprocess

import pytest

from tests.support import gitrepo, tool

pytestmark = pytest.mark.skipif(
    not shutil.which("strace"), reason="reads system calls with strace, which Linux has"
)
git = gitrepo.git
CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += 0$")


def traced(pool, tmp_path, *words):
    """Run the primitive; returns what it and its gits synced (`sync`, path) and renamed or linked (`into`, path), in order."""
    log = tmp_path / "strace"
    calls = "fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat"
    subprocess.run(
        ["strace", "-f", "-y", "-s", "4096", "-e", f"trace={calls}", "-o", log,
         *tool.argv("worktree-pool", "--pool", pool.key, *words)],
        env=tool.environment(WORKTREE_ROOT=pool.root), check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    matches = map(CALL.match, log.read_text(errors="surrogateescape").splitlines())
    return [_event(match[1], match[2]) for match in matches if match is not None]


def _event(call, args):
    if "sync" in call:
        return "sync", os.path.normpath(args.partition("<")[2].rpartition(">")[0])
    paths = [os.path.normpath(path) for path in re.findall(r'"([^"]*)"', args)]
    return ("gone", paths[0]) if call.startswith("unlink") else ("into", (paths[0], paths[-1]))


def places(events, wanted):
    return [number for number, event in enumerate(events) if event == wanted]


def refs_written(events, source, ref):
    """When the file of a ref came to its place; where refs are in tables, when their list did, for any ref."""
    file = f"{source}/.git/{'reftable/tables.list' if gitrepo.has_tables(source) else ref}"
    return [n for n, (kind, what) in enumerate(events) if kind == "into" and what[1] == file]


def assert_ref_is_synced(events, made):
    """It was before it came to its place, and so was the new table."""
    place = os.path.dirname(events[made][1][1])
    tables = [what for kind, what in events[:made] if kind == "into" and what[1].endswith(".ref")]
    new = [what[0] for what in tables if os.path.dirname(what[1]) == place]
    for temp in (events[made][1][0], *new[-1:]):
        assert ("sync", temp) in events[:made]


def assert_replaced_whole(events, path):
    """Every time that a file came to a path, it had been synced, and its directory was afterwards."""
    renames = [(n, what[0]) for n, (kind, what) in enumerate(events) if kind == "into" and what[1] == path]
    assert renames
    for number, temp in renames:
        assert ("sync", temp) in events[:number]
        assert ("sync", os.path.dirname(path)) in events[number:]


def test_locks_are_synced_with_their_directory(both, tmp_path):
    events = traced(both, tmp_path, "acquire", "--name", "a")
    lock = both.pool("inspect", "--name", "a").json["lock_path"]
    assert_replaced_whole(events, lock)
    events = traced(both, tmp_path, "release", "--name", "a")
    assert_replaced_whole(events, lock)
    (gone,) = places(events, ("gone", lock))
    assert ("sync", os.path.dirname(lock)) in events[gone:]


def test_what_a_release_sets_aside_is_synced_before_the_branch_goes(both, tmp_path):
    git(both.source, "config", "core.fsync", "none")
    git(both.source, "config", "core.fsyncMethod", "writeout-only")
    path = both.acquire("a")
    gitrepo.commit(path, {"x": "1"})
    events = traced(both, tmp_path, "release", "--name", "a")
    (ref,) = git(both.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/").splitlines()
    made, *later = refs_written(events, both.source, ref)
    gone, *_ = later or places(events, ("gone", "refs/heads/a"))  # git stands in its directory
    for number in (made, *later):  # what was kept is in each new table
        assert_ref_is_synced(events, number)
    assert made < gone


def test_what_an_acquire_sets_aside_is_synced_before_the_files_are_overwritten(both, tmp_path):
    git(both.source, "config", "core.fsync", "none")
    git(both.source, "config", "core.fsyncMethod", "writeout-only")
    both.acquire("a")
    both.pool("release", "--name", "a")
    gitrepo.write(f"{both.at}/slot-0", {"README": "mine\n"})
    events = traced(both, tmp_path, "acquire", "--name", "b")
    (ref,) = git(both.source, "for-each-ref", "--format=%(refname)", "refs/wt/kept/").splitlines()
    made = refs_written(events, both.source, ref)[-1]  # where refs are in tables, the new branch was before
    assert_ref_is_synced(events, made)
    blob = git(both.source, "rev-parse", f"{ref}:README")
    stored = [
        (n, what[0])
        for n, (kind, what) in enumerate(events)
        if kind == "into" and what[1].endswith(f"/{blob[2:]}")
    ]
    assert stored
    for number, temp in stored:
        assert number < made
        assert ("sync", temp) in events[:number]
