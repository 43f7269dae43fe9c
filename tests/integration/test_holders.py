"""Slots that a program holds (`wt run`, the library), and what everybody else makes of them while it lives and after it died."""

import subprocess
import sys

import pytest

from tests.support import runs, tool
from tests.support.library import in_another_process, killed
from tests.support.runs import open_text, started, until, words
from tests.support.tool import Pool, assert_refused


@pytest.fixture
def pool(tmp_path, repo):
    return runs.six_commits(tmp_path, repo)


@pytest.fixture
def full(tmp_path, repo):
    """A pool of one slot."""
    return Pool(tmp_path / "root", repo, max_slots=1)


def begun(pool, *argv):
    """Start a run that takes ten minutes, and wait until its command has begun; returns it."""
    mark = f"{pool.root}/begun"
    process = started(pool, *argv, "--", "sh", "-c", f"echo debris > debris; echo $$ >> {mark}; sleep 600")
    until(lambda: words(mark))
    return process


def killed_run(pool, *argv):
    process = begun(pool, *argv)
    process.kill()
    process.communicate()
    return process


def held(pool):
    [name] = [row["name"] for row in pool.rows() if row["state"] == "held"]
    return name


def verdict_of(pool, name):
    return pool.wt("info", name, "--json").json


def standing_in(path):
    """A process that stands in a directory, as a person's shell does."""
    process = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        cwd=path,
        env=tool.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def end(process):
    process.communicate(b"\n")


# While it lives.


def test_what_a_live_program_holds_is_in_use_however_clean(tmp_path, repo):
    pool = Pool(tmp_path / "root", repo, max_slots=2)
    library = in_another_process(
        repo, f"pool = WorktreePool({str(repo)!r}, {pool.at!r}, 2)", "pool.acquire('a')"
    )
    library.stdout.readline()
    try:
        found = verdict_of(pool, "a")
        assert (found["mark"], found["reason"]) == ("yellow", "in-use")
        assert [one["pid"] for one in found["evidence"]["processes"]] == [library.pid]
        assert f"pid {library.pid} (python" in pool.wt("info", "a").out
        assert "1 kept" in pool.wt("sweep").out
        assert_refused(pool.wt("release", "a"), 1, f"pid {library.pid}", "holds it")
        assert held(pool) == "a"
    finally:
        killed(library)


def test_what_a_live_run_left_in_its_slot_is_not_proposed_for_landing(full):
    process = begun(full)
    try:
        found = verdict_of(full, held(full))
        assert found["reason"] == "dirty"
        assert found["next"] == f"ps -o pid,args -p {process.pid}"
        assert "wt land" not in full.wt("release", held(full)).err
    finally:
        process.kill()
        process.communicate()


# After it died.


def test_that_it_is_gone_is_said_and_how_to_have_the_slot_back(full):
    process = killed_run(full)
    name = held(full)
    assert verdict_of(full, name)["next"] == "wt doctor --fix"
    assert f"process {process.pid}, which held it, is gone" in full.wt("info", name).out
    checks = {check["id"]: check for check in full.wt("doctor", "--json").json["checks"]}
    assert checks["pool:app:slot-0"]["hint"] == "wt doctor --fix"
    said = full.wt("doctor", "--fix").err
    assert f"by process {process.pid}, which is gone; it is free again" in said
    assert full.states() == [("slot-0", "idle", None)]
    assert not any(runs.is_alive(pid) for pid in words(f"{full.root}/begun"))


ACQUIRES = {
    "new": ("wt", "new", "x"),
    "acquire": ("wt", "acquire", "x"),
    "primitive": ("worktree-pool", "--pool", "app", "acquire", "--name", "x"),
    "waiting": ("worktree-pool", "--pool", "app", "acquire", "--name", "x", "--wait", "60"),
}


@pytest.mark.parametrize("way", ACQUIRES)
def test_an_acquire_that_finds_the_pool_full_takes_it_back_and_nothing_is_lost(full, way):
    killed_run(full)
    name = held(full)
    command, *argv = ACQUIRES[way]
    env = {"WORKTREE_ROOT": full.root}
    done = tool.run(command, *argv, cwd=full.source, env=env, timeout=30)
    assert done.code == 0, done
    assert held(full) == "x"
    assert "is gone; it is free again" in done.err
    full.wt("release", "x")
    again = full.wt("restore", name)
    assert open_text(f"{again.path}/debris") == "debris\n"


def test_restore_takes_it_back_too(full):
    path = full.acquire("x")
    with open(f"{path}/new", "w", encoding="utf-8") as file:
        file.write("mine\n")
    full.wt("release", "x", "--force")
    killed_run(full)
    again = full.wt("restore", "x")
    assert open_text(f"{again.path}/new") == "mine\n"


def test_where_somebody_stands_in_it_it_stays(full):
    killed_run(full)
    name = held(full)
    person = standing_in(full.rows()[0]["path"])
    try:
        done = full.wt("new", "x")
        assert_refused(done, 4, f"pid {person.pid}", "is in it")
        assert held(full) == name
    finally:
        end(person)
    assert full.wt("new", "x").code == 0


def test_where_the_command_is_given_in_it_it_stays(full):
    killed_run(full)
    name = held(full)
    assert_refused(full.wt("new", "x", cwd=full.rows()[0]["path"]), 4, "this command was given in it")
    assert held(full) == name


def test_what_a_dead_run_leaves_is_set_aside_whatever_the_pool_is(full):
    """A person may have made it `stable` and `clean`, as the library makes its own."""
    config = f"{full.at}/.meta/config.yaml"
    text = (
        open_text(config)
        .replace("recycle: keep", "recycle: clean")
        .replace("layout: rename", "layout: stable")
    )
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    killed_run(full)
    name = held(full)
    assert full.wt("run", "--", "true").code == 0
    assert name in full.wt("restore").out


def test_a_slot_that_is_not_needed_is_left(pool):
    killed_run(pool)
    name = held(pool)
    pool.acquire("x")
    assert {row["name"] for row in pool.rows() if row["state"] == "held"} == {name, "x"}


def test_a_run_that_waits_has_the_slots_of_one_that_is_killed_meanwhile(full):
    first = begun(full)
    second = started(full, "--fresh", "--", "true")
    until(lambda: "waiting for a slot" in second.stderr.readline())
    first.kill()
    first.communicate()
    out, err = second.communicate(timeout=60)
    assert second.returncode == 0, (out, err)


# A run within a run.


def test_a_run_in_a_run_that_could_only_wait_for_ever_is_refused(full):
    [row] = full.wt("run", "--json", "--timeout", "60", "--", *tool.argv("wt", "run", "--", "true")).json[
        "results"
    ]
    assert row["result"] == "fail"
    log = open_text(row["log"])
    assert "The program that started this run holds slot-0 (process" in log
    assert "Traceback" not in log


def test_a_run_in_a_run_takes_what_is_free_and_is_told_of_keep_free(pool):
    inner = tool.argv("wt", "run", "--keep-free", "2", "--", "true")
    [row] = pool.wt("run", "--json", "--timeout", "60", "--", *inner).json["results"]
    assert "to leave fewer to people: wt run --keep-free 0" in open_text(row["log"])
    inner = tool.argv("wt", "run", "--", "true")
    [row] = pool.wt("run", "--json", "--timeout", "60", "--", *inner).json["results"]
    assert row["result"] == "pass", open_text(row["log"])


# What nobody can find: another session, and nothing of ours in its environment.


def test_a_daemon_that_hides_is_told_of_and_its_slot_is_in_use(full):
    pid = f"{full.root}/pid"
    done = full.wt(
        "run", "--", "sh", "-c", f"env -i setsid sh -c 'echo $$ > {pid}; exec sleep 600' & sleep 0.3"
    )
    [daemon] = words(pid)
    try:
        assert f"pid {daemon} (sleep) stands in slot-0, which is released." in done.err
        full.acquire("x")
        assert verdict_of(full, "x")["reason"] == "in-use"
        assert_refused(full.wt("release", "x"), 1, f"pid {daemon} (sleep) is in it")
    finally:
        subprocess.run(["kill", daemon], check=True)


def test_the_library_tells_of_it_too(repo, caplog):
    from wt import WorktreePool

    with WorktreePool(repo) as pool:
        person = standing_in(pool.acquire("a"))
        pool.release("a")
        end(person)
    assert f"pid {person.pid}" in caplog.text
    assert "stands in slot-0" in caplog.text
