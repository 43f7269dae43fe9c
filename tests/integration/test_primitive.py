"""worktree-pool: streams, JSON and exit codes of contract sections 3 and 4."""

import os
import re
import subprocess
import time

import git as gitpython
import pytest

from tests.support import gitrepo, hostile, tool
from tests.support.tool import Pool, assert_refused
from tests.support.untouched import everything

ROW = "id state name branch group sha full_sha path layout started_at age_s".split()


def head(repo, ref="HEAD"):
    repository = gitpython.Repo(repo)
    try:
        return repository.commit(gitrepo.git(repo, "rev-parse", ref)).hexsha
    finally:
        repository.close()


def test_a_round_in_both_layouts(both):
    done = both.pool("acquire", "--name", "feature/x")
    path = done.path
    assert os.path.isabs(path)
    assert os.path.realpath(path) == path
    slot_dir = os.path.join(both.at, "slot-0")
    if both.rows()[0]["layout"] == "rename":
        assert path == os.path.join(both.at, "feature-x")
        assert not os.path.lexists(slot_dir)
    else:
        assert path == slot_dir
        assert os.readlink(os.path.join(both.at, "feature-x")) == "slot-0"
    repository = gitpython.Repo(path)
    assert gitrepo.git(path, "symbolic-ref", "--short", "HEAD") == "feature/x"
    assert not repository.is_dirty(untracked_files=True)
    repository.close()
    assert both.pool("path", "--name", "feature/x").out == f"{path}\n"
    released = both.pool("release", "--name", "feature/x")
    assert (released.code, released.out) == (0, "")
    assert both.states() == [("slot-0", "idle", None)]
    assert sorted(name for name in os.listdir(both.at) if not name.startswith(".")) == ["slot-0"]
    assert gitrepo.git(both.source, "branch", "--format=%(refname:short)") == "main"
    assert gitrepo.git(both.source, "worktree", "list", "--porcelain").count("detached") == 1


def test_ls_rows_their_keys_and_their_order(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=3)
    for name in ("a", "b"):
        pool.acquire(name)
    pool.pool("release", "--name", "a")
    done = pool.pool("ls")
    assert done.out.count("\n") == 1
    assert ", " not in done.out
    rows = done.json
    assert [list(row) for row in rows] == [ROW] * 3
    assert [(row["id"], row["state"]) for row in rows] == [
        ("slot-1", "held"),
        ("slot-0", "idle"),
        ("slot-2", "fresh"),
    ]
    held, idle, fresh = rows
    sha = head(repo)
    assert (held["name"], held["branch"], held["sha"], held["full_sha"]) == ("b", "b", sha, sha)
    assert held["path"] == os.path.join(pool.at, "b")
    assert held["age_s"] >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", held["started_at"])
    assert idle == dict.fromkeys(ROW) | {
        "id": "slot-0", "state": "idle", "sha": sha, "path": os.path.join(pool.at, "slot-0"), "layout": "rename",
    }  # fmt: skip
    assert fresh == dict.fromkeys(ROW) | {"id": "slot-2", "state": "fresh", "layout": "rename"}


def test_ls_orders_by_group_and_number_inside_each_state(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2, groups="ios,android")
    for name, group in (("a", "android"), ("b", "ios"), ("c", "android")):
        pool.acquire(name, "--group", group)
    pool.pool("release", "--name", "a")
    assert [(row["id"], row["state"], row["group"]) for row in pool.rows()] == [
        ("ios-0", "held", "ios"),
        ("android-1", "held", "android"),
        ("android-0", "idle", "android"),
        ("ios-1", "fresh", "ios"),
    ]


def test_ls_lists_the_transitional_with_the_held_and_the_broken_last(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=6)
    paths = [pool.acquire(name) for name in "abcde"]
    locks = [pool.pool("inspect", "--name", name).json["lock_path"] for name in "abcde"]
    for state, lock in (("releasing", locks[1]), ("acquiring", locks[3])):
        with open(lock, encoding="utf-8") as file:
            text = file.read()
        with open(lock, "w", encoding="utf-8") as file:
            file.write(text.replace("state: held", f"state: {state}"))
    os.unlink(f"{paths[0]}/.git")
    with HeldMutex(pool, "slot-1"), HeldMutex(pool, "slot-3"):
        pool.pool("release", "--name", "c")
        assert [(row["id"], row["state"], row["name"]) for row in pool.rows()] == [
            ("slot-1", "releasing", "b"),
            ("slot-3", "acquiring", "d"),
            ("slot-4", "held", "e"),
            ("slot-2", "idle", None),
            ("slot-5", "fresh", None),
            ("slot-0", "broken", "a"),
        ]


def test_held_since_is_the_locks_mtime_where_it_cannot_be_parsed_and_never_in_the_future(pool):
    pool.acquire("a")
    lock = pool.pool("inspect", "--name", "a").json["lock_path"]
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    for started, mtime, age in (("whenever", time.time() - 3600, 3600), ("2999-01-01T00:00:00Z", None, 0)):
        with open(lock, "w", encoding="utf-8") as file:
            file.write(re.sub("started_at: .*", f"started_at: {started}", text))
        os.utime(lock, None if mtime is None else (mtime, mtime))
        row = pool.rows()[0]
        assert row["started_at"] == started
        assert age <= row["age_s"] <= age + 600
    assert pool.pool("release", "--name", "a").code == 0


def test_a_shell_reads_the_lock_line_by_line(pool):
    pool.acquire("feature/x")
    lock = pool.pool("inspect", "--name", "feature/x").json["lock_path"]
    script = 'while IFS=": " read -r key value; do printf "%s=%s\\n" "$key" "$value"; done < "$1"'
    said = subprocess.run(["sh", "-c", script, "sh", lock], capture_output=True, text=True, check=True).stdout
    assert {"name=feature/x", "slot=slot-0", "state=held", "branch=created"} <= set(said.splitlines())


def test_a_change_of_the_layout_concerns_later_acquires(tmp_path, repo, layout):
    pool = Pool(tmp_path / "root", repo, max_slots=2, layout=layout)
    path = pool.acquire("a")
    other = {"rename": "stable", "stable": "rename"}[layout]
    config = f"{pool.at}/.meta/config.yaml"
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(config, "w", encoding="utf-8") as file:
        file.write(text.replace(f"layout: {layout}", f"layout: {other}"))
    places = {"rename": f"{pool.at}/b", "stable": f"{pool.at}/slot-1"}
    assert pool.acquire("b") == places[other]
    assert [(row["name"], row["layout"]) for row in pool.rows()] == [("a", layout), ("b", other)]
    assert pool.pool("path", "--name", "a").path == path
    for name in "ab":
        assert pool.pool("release", "--name", name).code == 0
    assert sorted(name for name in os.listdir(pool.at) if name != ".meta") == ["slot-0", "slot-1"]


def test_git_status_counts_held_slots_alone(pool):
    path = pool.acquire("a")
    pool.acquire("b")
    pool.pool("release", "--name", "b")
    gitrepo.commit(path, {"new": "1"})
    gitrepo.write(path, {"README": "changed\n", "x": "", "y": "", "build/z": ""})
    rows = pool.pool("ls", "--git-status").json
    assert rows[0]["git"] == {"dirty": 1, "untracked": 2, "ahead": 1}
    assert list(rows[0]) == [*ROW, "git"]
    assert "git" not in rows[1]
    assert "git" not in pool.rows()[0]


def test_inspect_says_all_of_one_slot(pool):
    path = pool.acquire("a")
    first = gitrepo.commit(path, {"new": "1"}, "subject of one")
    second = gitrepo.commit(path, {"new": "2"}, "größe  two")
    gitrepo.write(path, {"README": "changed\n", "x y": ""})
    found = pool.pool("inspect", "--name", "a").json
    assert list(found) == [*ROW, "admin_dir", "lock_path", "status", "log"]
    assert found["sha"] == second
    assert found["admin_dir"] == gitrepo.git(path, "rev-parse", "--absolute-git-dir")
    assert os.path.isfile(found["lock_path"])
    assert found["log"] == [
        {"sha": second, "subject": "größe  two"},
        {"sha": first, "subject": "subject of one"},
    ]
    assert found["status"] == [" M README", "?? x y"]
    by_slot = pool.pool("inspect", "--slot", "slot-0").json
    assert by_slot | {"age_s": 0} == found | {"age_s": 0}


def test_inspect_lists_twenty_commits_at_most(pool):
    path = pool.acquire("a")
    for number in range(23):
        gitrepo.git(path, "commit", "-q", "--allow-empty", "-m", str(number))
    log = pool.pool("inspect", "--name", "a").json["log"]
    assert [one["subject"] for one in log] == [str(number) for number in range(22, 2, -1)]


@pytest.mark.parametrize(
    "which", [("--name", "nobody"), ("--slot", "slot-7"), ("--slot", "slot-1"), ("--slot", "x")]
)
def test_inspect_of_what_is_not_there_is_null_and_1(pool, which):
    pool.acquire("a")
    done = pool.pool("inspect", *which)
    assert (done.code, done.out) == (1, "null\n")


def test_path_of_what_is_not_held_is_silent_and_1(pool):
    done = pool.pool("path", "--name", "a")
    assert (done.code, done.out, done.err) == (1, "", "")


def test_releasing_what_is_not_held_is_success(pool):
    for word in (("--name", "a"), ("--slot", "slot-0"), ("--slot", "slot-99")):
        done = pool.pool("release", *word)
        assert (done.code, done.out) == (0, "")
        assert word[1] in done.err


def test_release_by_slot_id(both):
    both.acquire("a")
    assert both.pool("release", "--slot", "slot-0").code == 0
    assert both.states() == [("slot-0", "idle", None)]
    assert both.pool("release", "--slot", "slot-0").code == 0


def test_full_pool_is_4_with_the_table_and_the_release_command(pool):
    pool.acquire("a")
    pool.acquire("b")
    before = everything(pool.root, pool.source)
    done = pool.pool("acquire", "--name", "c")
    assert_refused(done, 4, "slot-0", "`a`", "slot-1", "`b`")
    assert "worktree-pool --pool app release --name " in done.err
    assert everything(pool.root, pool.source) == before


def test_a_full_group_is_4_while_another_has_room(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1, groups="ios,android")
    pool.acquire("a", "--group", "ios")
    assert_refused(pool.pool("acquire", "--name", "b", "--group", "ios"), 4, "ios-0")
    assert pool.acquire("b", "--group", "android")


def test_held_name_is_6(both):
    both.acquire("a")
    before = everything(both.root, both.source)
    assert_refused(both.pool("acquire", "--name", "a"), 6, "`a`", "slot-0")
    assert_refused(both.pool("acquire", "--name", "a", "--adopt"), 6, "`a`", "slot-0")
    assert everything(both.root, both.source) == before


def test_unique_sha_is_5_across_groups_and_compares_what_was_recorded(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2, groups="ios,android")
    first = head(repo)
    path = pool.acquire("a", "--group", "ios")
    gitrepo.commit(path, {"x": "1"})
    done = pool.pool("acquire", "--name", "b", "--group", "android", "--unique-sha")
    assert_refused(done, 5, "ios-0", "`a`", "now")
    gitrepo.commit(repo, {"y": "1"})
    pool.acquire("c", "--group", "android", "--unique-sha")
    assert_refused(
        pool.pool("acquire", "--name", "d", "--group", "ios", "--unique-sha", "--commit", first), 5
    )
    pool.acquire("e", "--group", "android", "--commit", first)
    pool.pool("release", "--name", "a")
    pool.pool("release", "--name", "e")
    pool.acquire("f", "--group", "ios", "--commit", first, "--unique-sha")


def test_unique_sha_fails_closed_on_an_unreadable_lock(pool):
    pool.acquire("a")
    lock = pool.pool("inspect", "--name", "a").json["lock_path"]
    with open(lock, "w", encoding="utf-8") as file:
        file.write("")
    assert_refused(pool.pool("acquire", "--name", "b", "--unique-sha"), 5, "slot-0")
    rows = pool.rows()
    assert [(row["id"], row["state"], row["name"]) for row in rows] == [
        ("slot-0", "held", None),
        ("slot-1", "fresh", None),
    ]
    pool.acquire("b")
    assert_refused(pool.pool("acquire", "--name", "c"), 4)


@pytest.mark.parametrize(("state", "code"), [("acquiring", 5), ("held", 5), ("releasing", 0)])
def test_unique_sha_counts_held_and_half_acquired_slots_and_none_that_is_given_back(pool, state, code):
    pool.acquire("a")
    lock = pool.pool("inspect", "--name", "a").json["lock_path"]
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    with HeldMutex(pool, "slot-0"):
        with open(lock, "w", encoding="utf-8") as file:
            file.write(text.replace("state: held", f"state: {state}"))
        done = pool.pool("acquire", "--name", "b", "--unique-sha")
    assert done.code == code, done


def test_busy_slot_is_3(pool):
    pool.acquire("a")
    with HeldMutex(pool, "slot-0"):
        before = everything(pool.root, pool.source)
        assert_refused(pool.pool("release", "--name", "a"), 3, "slot-0")
        assert everything(pool.root, pool.source) == before
    assert pool.pool("release", "--name", "a").code == 0


def test_contended_group_is_3_and_wait_gets_it(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    pool.acquire("a")
    pool.pool("release", "--name", "a")
    with HeldMutex(pool, "slot-0"):
        assert_refused(pool.pool("acquire", "--name", "b"), 3)


def test_a_slot_number_that_somebody_recovers_is_3_not_4(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    os.makedirs(f"{pool.at}/.meta/init", exist_ok=True)
    with HeldMutex(pool, "slot-0"):
        assert_refused(pool.pool("acquire", "--name", "b"), 3)


class HeldMutex:
    """A slot's mutex as another process of ours would hold it."""

    def __init__(self, pool, slot):
        self.path = f"{pool.at}/.meta/init/{slot}.lock"

    def __enter__(self):
        import fcntl

        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT)
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_):
        os.close(self.descriptor)


def test_wait_resolves_the_commit_anew_and_says_what_it_waits_for(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    pool.acquire("a")
    waiting = start(pool, "acquire", "--name", "b", "--wait", "60")
    assert "waiting" in waiting.stderr.readline()
    newer = gitrepo.commit(repo, {"new": "1"})
    assert pool.pool("release", "--name", "a").code == 0
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert head(out.removesuffix("\n")) == newer


def start(pool, *args):
    return subprocess.Popen(
        tool.argv("worktree-pool", "--pool", pool.key, *args), env=tool.environment(WORKTREE_ROOT=pool.root),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_wait_polls_on_3(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=1)
    pool.acquire("a")
    pool.pool("release", "--name", "a")
    with HeldMutex(pool, "slot-0"):
        waiting = start(pool, "acquire", "--name", "b", "--wait", "60")
        assert "waiting: The pool `app` has no slot free at this moment" in waiting.stderr.readline()
    out, err = waiting.communicate(timeout=60)
    assert (waiting.returncode, out) == (0, f"{pool.at}/b\n"), err


def test_wait_polls_on_3_of_a_name_that_is_being_given_back(pool):
    pool.acquire("a")
    lock = pool.pool("inspect", "--name", "a").json["lock_path"]
    with open(lock, encoding="utf-8") as file:
        text = file.read()
    with HeldMutex(pool, "slot-0"):
        with open(lock, "w", encoding="utf-8") as file:
            file.write(text.replace("state: held", "state: releasing"))
        assert_refused(pool.pool("acquire", "--name", "a"), 3, "is being given back")
        waiting = start(pool, "acquire", "--name", "a", "--wait", "60")
        assert "waiting: `a` is being given back by slot-0" in waiting.stderr.readline()
    _out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert [row["name"] for row in pool.rows() if row["state"] == "held"] == ["a"]


@pytest.mark.parametrize("how", ["moves", "released"])
def test_wait_polls_on_5_and_resolves_the_commit_anew(pool, repo, how):
    pool.acquire("a")
    waiting = start(pool, "acquire", "--name", "b", "--unique-sha", "--wait", "60")
    assert "waiting: slot-0 holds" in waiting.stderr.readline()
    wanted = gitrepo.commit(repo, {"new": "1"}) if how == "moves" else head(repo)
    if how == "released":
        pool.pool("release", "--name", "a")
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert head(out.removesuffix("\n")) == wanted


@pytest.mark.parametrize(
    ("call", "code"), [(("--name", "a"), 6), (("--name", "main"), 2), (("--name", "b", "--commit", "no"), 2)]
)
def test_wait_is_for_3_4_and_5_alone(pool, call, code):
    pool.acquire("a")
    done = pool.pool("acquire", *call, "--wait", "600")
    assert done.code == code
    assert "waiting" not in done.err


def test_wait_ends_with_the_code_of_what_it_waited_for(pool):
    pool.acquire("a")
    assert_refused(pool.pool("acquire", "--name", "b", "--unique-sha", "--wait", "0.3"), 5, "waiting")
    pool.acquire("b")
    assert_refused(pool.pool("acquire", "--name", "c", "--wait", "0.3"), 4)


def test_the_first_group_is_the_default_and_is_said(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2, groups="ios,android")
    done = pool.pool("acquire", "--name", "a")
    assert done.path.endswith("/a")
    assert "ios" in done.err
    assert pool.rows()[0]["id"] == "ios-0"
    lock = pool.pool("inspect", "--name", "a").json["lock_path"]
    with open(lock, encoding="utf-8") as file:
        assert "group: ios\n" in file.read()


@pytest.mark.parametrize(
    "call",
    [
        ("acquire",),
        ("acquire", "--name"),
        ("acquire", "--name", "a", "--group", "ios"),
        ("acquire", "--name", "a", "--nope"),
        ("acquire", "--name", "a", "--wait", "soon"),
        ("acquire", "--name", "a", "--wait", "nan"),
        ("acquire", "--name", "a", "--wait", "1_0"),
        ("acquire", "--name", "a", "--wait", "\u0663"),
        ("acquire", "--name", "a", "--commit", "nowhere"),
        ("acquire", "--name", "a", "--commit", ""),
        ("acquire", "--name", "a", "--commit", "--output=p"),
        ("acquire", "--name", "a", "--commit", "-p"),
        ("acquire", "--name", "a", "--commit", "HEAD:README"),
        ("acquire", "--name", "a", "--commit", "HEAD^{tree}"),
        ("acquire", "--name", "a", "--commit", "treetag"),
        ("acquire", "--name", "a", "--commit", "HEAD\nHEAD"),
        ("acquire", "--name", "a", "--commit", "HEAD", "--adopt"),
        ("acquire", "a"),
        ("release",),
        ("release", "--name", "a", "--slot", "slot-0"),
        ("inspect",),
        ("path",),
        ("ls", "extra"),
        ("frobnicate",),
        ("init",),
    ],
    ids=" ".join,
)
def test_usage_is_2_and_touches_nothing(pool, call):
    gitrepo.git(pool.source, "tag", "treetag", "HEAD^{tree}")
    before = everything(pool.root, pool.source)
    assert_refused(pool.pool(*call), 2)
    assert everything(pool.root, pool.source) == before


def test_no_pool_named_is_2(pool):
    assert_refused(tool.run("worktree-pool", "ls", env={"WORKTREE_ROOT": pool.root}), 2, "--pool")


@pytest.mark.parametrize(
    "name", [name for name in hostile.NAMES if "\udcff" not in name and len(name) < 300], ids=ascii
)
def test_hostile_name_is_2_and_touches_nothing(shared, tmp_path, name):
    before = everything(shared.root, shared.source)
    done = shared.pool("acquire", f"--name={name}", cwd=tmp_path)
    assert_refused(done, 2)
    assert not {"\x1b", "\x9b", "\u202e", "\u200b", "\r"}.intersection(done.err)
    assert everything(shared.root, shared.source) == before
    assert sorted(os.listdir(tmp_path)) == ["home"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One pool for many refusals, none of which may touch it."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        from tests.support import host

        for variable, value in host.neutral_environment(home).items():
            patch.setenv(variable, value)
        top = tmp_path_factory.mktemp("shared")
        return Pool(top / "root", gitrepo.make_repo(top / "source"), max_slots=2)


def test_two_short_ids_of_commits_that_are_ambiguous_are_refused(pool):
    """Enough commits that two share four hex digits: git answers `ambiguous`, which is no object id."""
    lines = [
        f"commit refs/heads/many\ncommitter T <t@e> {1_700_000_000 + number} +0000\ndata 1\nx\n"
        for number in range(700)
    ]
    gitrepo.git(pool.source, "fast-import", "--quiet", stdin="".join(lines))
    seen: dict[str, list[str]] = {}
    for sha in gitrepo.git(pool.source, "rev-list", "many").splitlines():
        seen.setdefault(sha[:4], []).append(sha)
    short = next(prefix for prefix, shas in seen.items() if len(shas) > 1)
    assert_refused(pool.pool("acquire", "--name", "a", "--commit", short), 2)
    assert pool.states() == []


def test_surplus_slots_are_used_and_none_is_made_beside_them(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=3)
    for name in ("a", "b", "c"):
        pool.acquire(name)
    config = os.path.join(pool.at, ".meta", "config.yaml")
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(config, "w", encoding="utf-8") as file:
        file.write(text.replace("max_slots: 3", "max_slots: 1"))
    assert_refused(pool.pool("acquire", "--name", "d"), 4)
    pool.pool("release", "--name", "c")
    assert [row["state"] for row in pool.rows()] == ["held", "held", "idle"]
    assert pool.acquire("d")
    assert [row["id"] for row in pool.rows()] == ["slot-0", "slot-1", "slot-2"]
    for name in ("a", "b", "d"):
        pool.pool("release", "--name", name)
    for name in ("e", "f", "g"):
        pool.acquire(name)
    assert [row["id"] for row in pool.rows()] == ["slot-0", "slot-1", "slot-2"]


def test_two_pools_over_one_source_do_not_see_each_other(tmp_path, repo):
    one = Pool(tmp_path / "root", repo, key="one", max_slots=1)
    two = Pool(tmp_path / "root", repo, key="two", max_slots=1)
    one.acquire("a")
    path = two.acquire("b")
    assert one.states() == [("slot-0", "held", "a")]
    assert two.states() == [("slot-0", "held", "b")]
    assert path == os.path.join(two.at, "b")
    assert two.pool("release", "--name", "a").code == 0
    assert one.states() == [("slot-0", "held", "a")]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("feature", "Feature", 1),
        ("\u00e9t\u00e9", "e\u0301te\u0301", 1),
        ("feature-x", "feature/x", 1),
        ("a/b-c", "a-b/c", 1),
    ],
)
def test_names_whose_directories_would_clash_are_refused(both, first, second, code):
    both.acquire(first)
    before = everything(both.root, both.source)
    assert_refused(both.pool("acquire", "--name", second), code, first, "slot-0")
    assert everything(both.root, both.source) == before


def test_a_slot_that_somebody_renamed_is_in_the_way_and_no_hint_moves_it(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2, layout="stable")
    os.rename(pool.acquire("a"), f"{pool.at}/b")
    done = pool.pool("acquire", "--name", "b")
    assert_refused(done, 1, f"{pool.at}/b is in the way")
    assert "mv " not in done.err


def test_as_many_slots_as_one_likes_cost_an_acquire_nothing(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=10**12)
    assert pool.acquire("a") == f"{pool.at}/a"
    assert pool.acquire("b") == f"{pool.at}/b"


def test_a_directory_in_the_way_is_named(pool):
    os.mkdir(os.path.join(pool.at, "Feature-X"))
    before = everything(pool.root, pool.source)
    assert_refused(pool.pool("acquire", "--name", "feature/x"), 1, "Feature-X")
    assert everything(pool.root, pool.source) == before


def test_a_report_is_printed_also_where_git_cannot_be_asked_about_one_slot(pool):
    pool.acquire("a")
    pool.acquire("b")
    admin = pool.pool("inspect", "--name", "a").json["admin_dir"]
    with open(f"{admin}/index", "wb") as file:
        file.write(b"torn")
    done = pool.pool("ls", "--git-status")
    assert done.code == 1
    assert "error: " in done.err
    assert [(row["name"], row["git"]) for row in done.json] == [
        ("a", None),
        ("b", {"dirty": 0, "untracked": 0, "ahead": 0}),
    ]
    done = pool.pool("inspect", "--name", "a")
    assert done.code == 1
    assert (done.json["name"], done.json["status"], done.json["admin_dir"]) == ("a", None, admin)
