"""The schemas of docs/reference hold of real answers, and name no key that no answer has (contract section 3)."""

import json
import os
import subprocess

import pytest

from tests.support import gitrepo, schema, tool
from tests.support.tool import Pool

PLACE = os.path.join(tool.ROOT, "docs", "reference", "schemas")
NAMES = sorted(name.removesuffix(".json") for name in os.listdir(PLACE))


def load(name):
    with open(f"{PLACE}/{name}.json", encoding="utf-8") as file:
        return json.load(file)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Every answer in JSON, from pools with slots in every state; by the name of its schema."""
    tmp = tmp_path_factory.mktemp("answers")
    repo = gitrepo.make_repo(tmp / "source")
    pool = Pool(tmp / "root", repo, max_slots=7, groups="ios,android")
    odd = Pool(tmp / "root", repo, key="odd", max_slots=4)
    path = pool.acquire("a/b", "--group", "ios")
    gitrepo.commit(path, {"x": "1"})
    gitrepo.commit(path, {"y": "1"})
    gitrepo.write(path, {"README": "changed\n", "new": "new\n"})
    for name in ("clean", "idle", "gone", "lost", "half"):
        pool.acquire(name)
    gitrepo.git(pool.pool("path", "--name", "clean").path, "update-ref", "refs/remotes/origin/clean", "HEAD")
    _merging(odd.acquire("merging"))
    pool.pool("release", "--name", "idle")
    for name in ("gone", "lost"):
        subprocess.run(["rm", "-rf", f"{pool.at}/{name}"], check=True)
    _edit(pool, "half", "state: held", "state: releasing")
    landed = odd.acquire("landed")
    gitrepo.commit(landed, {"z": "1"})
    gitrepo.commit(repo, {"before": "1"})
    gitrepo.git(repo, "cherry-pick", "landed")
    odd.acquire("unreadable")
    _edit(odd, "unreadable", "full_sha", "none")
    return _asked(pool, odd, path, tmp)


def _merging(path):
    gitrepo.commit(path, {"README": "one\n"})
    gitrepo.git(path, "switch", "-q", "--detach", "HEAD~1")
    other = gitrepo.commit(path, {"README": "two\n"})
    gitrepo.git(path, "switch", "-q", "merging")
    subprocess.run(["git", "-C", path, "merge", "-q", other], capture_output=True)


def _edit(pool, name, old, new):
    lock = pool.pool("inspect", "--name", name).json["lock_path"]
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    with open(lock, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def _asked(pool, odd, path, tmp):
    ls = [one.pool("ls", *more) for one in (pool, odd) for more in ((), ("--git-status",))]
    inspect = [pool.pool("inspect", "--slot", row["id"]) for row in ls[0].json if row["state"] != "fresh"]
    inspect += [pool.pool("inspect", "--name", "nobody"), odd.pool("inspect", "--name", "merging")]
    standing = subprocess.Popen(["sleep", "60"], cwd=path)
    verdicts = [
        one.wt("ls", "--json", "--pool", one.key, *more) for one in (pool, odd) for more in ((), ("--bare",))
    ]
    info = [pool.wt("info", name, "--json", "--pool", "app") for name in ("a/b", "clean", "gone")]
    info += [odd.wt("info", name, "--json", "--pool", "odd") for name in ("merging", "landed")]
    standing.kill()
    standing.wait()
    whoami = [pool.wt("whoami", "--json", cwd=place) for place in (path, pool.source, "/")]
    doctor = [
        pool.wt("doctor", "--json"),
        tool.run("worktree-pool", "doctor", env={"WORKTREE_ROOT": pool.root}),
    ]
    doctor += [tool.run("worktree-pool", "doctor", env={"WORKTREE_ROOT": None})]
    unstick = [pool.pool("unstick"), _while_held(pool)]
    found = {"ls": ls, "inspect": inspect, "unstick": unstick, "doctor": doctor, "wt-ls": verdicts, "wt-info": info,
             "wt-whoami": whoami}  # fmt: skip
    return {**found, "validate-gitmodules": _gitmodules(pool, tmp), "wt-run": _runs(pool, tmp)}


def _runs(pool, tmp):
    """A pass, a failure, a time limit, what cannot be started, variants of which one does not apply, and a bisection."""
    patch, other = tmp / "a.diff", tmp / "b.diff"
    patch.write_text("--- a/README\n+++ b/README\n@@ -1 +1 @@\n-hello\n+changed\n")
    other.write_text("--- a/README\n+++ b/README\n@@ -1 +1 @@\n-nothing\n+changed\n")
    source = gitrepo.make_repo(tmp / "to run")
    gitrepo.commit(source, {"x": "1"})
    runs = Pool(tmp / "root", source, key="runs", max_slots=2)
    ways = (("--", "true"), ("--", "true"), ("--", "false"), ("--timeout", "0.2", "--", "sleep", "60"), ("--", "no-such"),
            ("--keep-going", "--patch", str(patch), "--patch", str(other), "--", "true"),
            ("--bisect", "--at", "HEAD~1..HEAD", "--", "test", "!", "-e", "x"))  # fmt: skip
    return [runs.wt("run", "--json", *words) for words in ways]


def _while_held(pool):
    import fcntl

    with open(f"{pool.at}/.meta/init/ios-0.lock", "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("pid: 4711\nverb: acquire\n")
        file.flush()
        return pool.pool("unstick")


def _gitmodules(pool, tmp):
    text = '[submodule "s"]\n\tpath = s\n\turl = ../s\n\tworktreePoolTag = editor\n\tworktreePoolTypo = x\n'
    source = gitrepo.make_repo(tmp / "with modules", {".gitmodules": text})
    return [
        pool.pool("validate-gitmodules"),
        Pool(tmp / "root", source, key="modules").pool("validate-gitmodules"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_real_answers_are_as_their_schema_says(answers, name):
    for answer in answers[name]:
        assert answer.out.count("\n") == 1, answer
        assert answer.out.isascii()
        assert ": " not in answer.out.split('"')[0]
        found = list(schema.faults(load(name), answer.json))
        assert not found, found


# What these pools do not come to, with the reason.
NEVER_THERE = {
    "wt-ls": {
        "$[].evidence.submodules[].path",
        "$[].evidence.submodules[].reason",
    },  # a source with submodules has them
    "wt-info": {"$.evidence.submodules[].path", "$.evidence.submodules[].reason", "$.group"},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_schema_is_in_a_real_answer_with_something_in_it(answers, name):
    filled = {path for answer in answers[name] for path, something in schema.seen(answer.json) if something}
    missing = set(schema.leaves(load(name))) - filled - NEVER_THERE.get(name, set())
    assert not missing


def test_the_states_and_marks_are_all_there(answers):
    states = {row["state"] for answer in answers["ls"] for row in answer.json}
    assert states >= {"held", "idle", "fresh", "releasing", "broken"}
    marks = {row["mark"] for answer in answers["wt-ls"] for row in answer.json}
    assert marks == {"green", "yellow", "red", None}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([{"checks": []}], "no object"),
        ({}, "missing"),
        ({"checks": [], "more": 1}, "not in the schema"),
        ({"checks": [{"id": "x", "level": "fine", "message": "m", "hint": None}]}, "none of"),
        ({"checks": [{"id": 1, "level": "ok", "message": "m", "hint": None}]}, "no string"),
    ],
)
def test_the_validator_finds_what_is_wrong(value, says):
    assert says in next(schema.faults(load("doctor"), value))


def test_every_schema_is_named_on_its_page():
    with open(os.path.join(tool.ROOT, "docs/reference/json.md"), encoding="utf-8") as file:
        page = file.read()
    assert all(f"(schemas/{name}.json)" in page for name in NAMES)
