"""Lock files of a git that died: removed if they were recorded and nobody uses them; all others stay."""

import subprocess
import sys

import pytest

from wt.pool import gitlocks, mutex


@pytest.fixture
def held(tmp_path):
    taken = mutex.try_take(str(tmp_path / "m.lock"))
    assert taken is not None
    with taken:
        yield taken


def record(held, *paths):
    """Die in the middle, as far as the file tells."""
    gitlocks.Recorded(held, "test", [str(path) for path in paths], print).__enter__()


def test_what_was_recorded_goes_and_nothing_else(held, tmp_path):
    ours, other = tmp_path / "x.lock", tmp_path / "y.lock"
    record(held, ours)
    for path in (ours, other):
        path.touch()
    assert gitlocks.recorded(held.path) == [str(ours)]
    gitlocks.remove_dead(held.path, print)
    assert not ours.exists()
    assert other.exists()


def test_a_path_may_hold_anything(held, tmp_path):
    odd = [
        tmp_path / name
        for name in ("a\tb.lock", "a\nb.lock", 'a\\n"b.lock', "a\\tb.lock", " .lock", "\x01\x7f.lock")
    ]
    record(held, *odd)
    assert gitlocks.recorded(held.path) == [str(path) for path in odd]
    held.note("another")
    for path in odd:
        path.touch()
    gitlocks.remove_dead(held.path, print)
    assert not any(path.exists() for path in odd)


def test_what_was_there_before_is_not_recorded(held, tmp_path):
    path = tmp_path / "x.lock"
    path.touch()
    record(held, path)
    gitlocks.remove_dead(held.path, print)
    assert path.exists()


def test_a_stretch_that_ended_leaves_no_record(held, tmp_path):
    with gitlocks.Recorded(held, "test", [str(tmp_path / "x.lock")], print):
        assert gitlocks.recorded(held.path)
    assert gitlocks.recorded(held.path) == []


def test_a_lock_that_a_living_git_has_open_stays(held, tmp_path, capsys):
    path = tmp_path / "x.lock"
    record(held, path)
    # a process that psutil calls git, and that has the file open until its stdin is closed
    script = tmp_path / "git-sleeper"
    script.symlink_to(sys.executable)
    code = f"import sys; f = open({str(path)!r}, 'w'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [str(script), "-I", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as living:
        assert living.stdout is not None
        assert living.stdin is not None
        living.stdout.readline()
        gitlocks.remove_dead(held.path, print)
        assert path.exists()
        assert "in use" in capsys.readouterr().out
        # it stays on record for whoever comes later, whatever is noted meanwhile
        held.note("release")
        with gitlocks.Recorded(held, "land", [str(tmp_path / "y.lock")], print):
            held.note("release")
            assert gitlocks.recorded(held.path) == [str(path), str(tmp_path / "y.lock")]
        assert gitlocks.recorded(held.path) == [str(path)]
        taken = mutex.try_take(held.path)
        assert taken is not None, "at its end it lets the mutex go"
        gitlocks.finish_dead(taken, "recovery", print)
        assert gitlocks.recorded(held.path) == [str(path)]
        living.stdin.close()
    gitlocks.finish_dead(taken, "recovery", print)
    taken.release()
    assert not path.exists()
    assert gitlocks.recorded(held.path) == []
