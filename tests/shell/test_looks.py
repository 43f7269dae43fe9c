"""Lists on a real terminal: as wide as it is, aligned, in the characters that it knows."""

import pytest

from tests.support.terminal import plain


@pytest.fixture
def busy(pool):
    for name in ("alpha", "a-very-long-name/that-somebody/gave-to-a-branch", "日本語"):
        pool.acquire(name)
    return pool


def lines(sh, command):
    return plain(sh.says(command)).splitlines()


def columns(line):
    from wt.ui.width import columns

    return columns(line)


@pytest.mark.parametrize("width", [200, 70, 65, 60, 40, 25, 10])
def test_ls_fits_the_terminal(busy, start, width):
    sh = start(busy, LC_ALL="C.UTF-8")
    rows = lines(sh, f"stty cols {width}; wt ls")
    assert len(rows) == 3
    if width >= 20:
        assert all(columns(row) <= width for row in rows)
    assert all("clean" in row for row in rows)
    assert ("slot-0" in rows[0]) == (width >= 70)
    assert ("now" in rows[0]) == (width >= 62)
    assert ("gave-to-a-branch" in rows[1]) == (width >= 57)


def test_names_of_any_script_are_aligned(busy, start):
    rows = lines(start(busy, LC_ALL="C.UTF-8"), "wt ls")
    assert len({columns(row.partition("slot-")[0]) for row in rows}) == 1


def test_a_pipe_gets_all_of_it(busy, start):
    rows = lines(start(busy, LC_ALL="C.UTF-8"), "stty cols 20; wt ls | cat")
    assert all("slot-" in row for row in rows)
    assert "gave-to-a-branch" in rows[1]
