"""The benchmarks' own honesty: the same repositories every time, true pairs, and failures that are told."""

import fcntl
import json
import os
import sys

import pytest

from bench import repos
from bench.__main__ import main, numbers, sizes
from bench.mutex import LOCKS, HoldWatch
from bench.timing import BenchError, Sample, pairs, timed, timed_together
from tests.support.tool import ROOT


@pytest.fixture
def env(tmp_path):
    return repos.environment(str(tmp_path / "bench-home"), str(tmp_path / "worktrees"))


def test_a_generated_repository_is_the_same_every_time(tmp_path, env):
    one = repos.generate(str(tmp_path / "one"), 200, env)
    two = repos.generate(str(tmp_path / "two"), 200, env)
    assert (one.head, one.away) == (two.head, two.away)
    assert one.files == 200
    assert repos.git(env, one.path, "rev-list", "--count", f"{one.away}..{one.head}") == str(repos.AWAY)
    assert not repos.git(env, one.path, "status", "--porcelain")


def test_a_generated_repository_has_the_shape_of_a_real_one(tmp_path, env):
    repo = repos.generate(str(tmp_path / "repo"), 1000, env)
    directories = {os.path.dirname(name) for name in repos.git(env, repo.path, "ls-files").splitlines()}
    changed = repos.git(env, repo.path, "diff", "--name-only", repo.away, repo.head).splitlines()
    assert 40 <= len(directories) <= 60
    assert 100 <= len(changed) <= 400


def test_a_given_repository_is_only_read(tmp_path, env):
    given = repos.generate(str(tmp_path / "given"), 200, env)
    before = sorted(os.walk(given.path))
    adopted = repos.adopt(given.path, str(tmp_path / "adopted"), env)
    assert adopted[1:] == given[1:]
    assert sorted(os.walk(given.path)) == before


def test_many_refs_are_added_packed(tmp_path, env):
    repo = repos.generate(str(tmp_path / "repo"), 200, env)
    repos.add_refs(repo.path, repo.head, 300, env)
    assert len(repos.git(env, repo.path, "for-each-ref").splitlines()) == 301
    assert not os.path.exists(os.path.join(repo.path, ".git", "refs", "heads", "old"))


def test_pairs_take_turns_and_drop_the_first(monkeypatch):
    order = []
    walls = {"a": iter([99, 1, 2, 3]), "b": iter([1, 2, 2, 2])}

    def side(name):
        order.append(name)
        return Sample(next(walls[name]), 0.0, 0)

    ratio = pairs(lambda: side("a"), lambda: side("b"), 3)
    assert "".join(order) == "abababab"
    assert (ratio.low, ratio.ratio, ratio.high) == (0.5, 1.0, 1.5)
    assert (ratio.a.wall, ratio.b.wall, ratio.pairs) == (2, 2, 3)


def test_a_process_is_timed_with_its_children(tmp_path, env):
    burn = [
        sys.executable,
        "-c",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(10**6))'])",
    ]
    alone = timed([sys.executable, "-c", "pass"], env, str(tmp_path / "log"))
    both = timed(burn, env, str(tmp_path / "log"))
    assert 0 < alone.cpu < both.cpu
    assert both.wall > 0
    assert both.rss > 2**20


def test_processes_timed_together_overlap(tmp_path, env):
    """Each waits for the other through two named pipes: in turn, they would never end."""
    ping, pong = str(tmp_path / "ping"), str(tmp_path / "pong")
    os.mkfifo(ping)
    os.mkfifo(pong)
    commands = [
        ["sh", "-c", f"echo >'{ping}'; read x <'{pong}'"],
        ["sh", "-c", f"read x <'{ping}'; echo >'{pong}'"],
    ]
    assert timed_together(commands, env, str(tmp_path / "log")).wall > 0


def test_a_failing_command_is_told_with_what_it_said(tmp_path, env):
    with pytest.raises(BenchError, match=r"status 3\nno slot"):
        timed(["sh", "-c", "echo no slot >&2; exit 3"], env, str(tmp_path / "log"))
    with pytest.raises(BenchError, match="SIGKILL"):
        timed(["sh", "-c", "kill -9 $$"], env, str(tmp_path / "log"))


def test_the_holder_of_a_lock_is_seen(tmp_path):
    path = tmp_path / "lock"
    with path.open("w") as file:
        assert HoldWatch(str(path)).holder() is None or not os.path.exists(LOCKS)
        fcntl.flock(file, fcntl.LOCK_EX)
        with HoldWatch(str(path)) as watch:
            seen = watch.holder() if os.path.exists(LOCKS) else os.getpid()
    assert seen == os.getpid()


def test_arguments():
    assert sizes("200,5k,25K") == [200, 5_000, 25_000]
    assert numbers(["1,2", "6"]) == [1, 2, 6]
    assert 13 not in numbers([])
    assert 13 in numbers(["13"])
    with pytest.raises(BenchError, match="no row 99"):
        numbers(["99"])


def tool(directory, body):
    directory.mkdir()
    for name in ("wt", "worktree-pool"):
        (directory / name).write_text(f"#!{sys.executable}\n{body}\n")
        (directory / name).chmod(0o700)
    return str(directory)


def test_a_row_is_measured_and_reported(tmp_path, capsys):
    stub = tool(tmp_path / "bin", "pass")
    assert main(["1", "--size", "200", "--pairs", "1", "--tool", stub, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["what"] for row in report["rows"]] == ["wt --version", "wt help"]
    assert all(row["ratio"] > 0 and row["pairs"] == 1 for row in report["rows"])


def test_the_first_green_build_pays_the_set_up_once_in_a_slot(tmp_path, env, capsys):
    given = repos.generate(str(tmp_path / "given"), 200, env)
    body = f"import sys; sys.path.insert(0, {ROOT!r}); from wt.cli.%s import entry; entry(sys.argv[1:])"
    real = tool(tmp_path / "bin", body % "pool_main")
    words = ["--repo", given.path, "--setup", "mkdir build; sleep 2", "--build", "cp -R src build/"]
    row = ["15", *words, "--edit", "src/added/file_60.py", "--pairs", "1", "--tool", real, "--json"]
    assert main(row) == 0
    report = json.loads(capsys.readouterr().out)
    [first] = report["rows"]
    assert first["theirs"]["wall"] > 2 > first["ours"]["wall"]
    assert main(["15", "--size", "200", "--tool", real]) == 1
    assert "row 15 needs a project" in capsys.readouterr().err


def test_a_row_that_cannot_be_measured_fails_the_run(tmp_path, capsys):
    stub = tool(tmp_path / "bin", "raise SystemExit('broken')")
    assert main(["1", "--size", "200", "--pairs", "1", "--tool", stub]) == 1
    assert "broken" in capsys.readouterr().err


def test_a_missing_tool_is_said(tmp_path, capsys):
    assert main(["1", "--tool", str(tmp_path)]) == 1
    assert "is not there" in capsys.readouterr().err
