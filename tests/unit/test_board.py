"""What the picker shows: filtering, moving, fitting into any terminal. No terminal is needed for that."""

import pytest

from wt.ui.board import PLAIN, Board
from wt.ui.width import aligned, columns, cut, fitted, length


def shown(board, width=100, height=10):
    return ["".join(text for text, _ in line).rstrip() for line in board.lines(width, height)]


def board(*names, **more):
    return Board("wt cd", list(names or ("alpha", "beta/one", "beta/two")), **more)


def test_all_are_there_and_the_first_is_selected():
    lines = shown(board(), 40)
    assert lines[0].startswith("wt cd  ▏ type to filter")
    assert lines[0].endswith("3 of 3")
    assert lines[1:4] == ["▸ alpha     …", "  beta/one  …", "  beta/two  …"]
    assert lines[-1].endswith("esc: stay")


@pytest.mark.parametrize(
    ("typed", "names"),
    [("be", ["beta/one", "beta/two"]), ("TWO be", ["beta/two"]), ("bo", ["beta/one", "beta/two"]), ("zz", []), (" ", ["alpha", "beta/one", "beta/two"])],
)  # fmt: skip
def test_typing_filters(typed, names):
    one = board()
    one.type(typed)
    assert [one.names[n] for n in one.matches] == names


def test_letters_in_order_match_where_nothing_else_does():
    one = board("feature/login", "fix/logout")
    one.type("ftl")
    assert one.matches == [0]


def test_what_is_typed_is_text():
    one = board()
    one.type("\x1b\r\x00a")
    assert one.query == "a"
    one.type("b cd")
    one.erase_word()
    assert one.query == "ab"
    one.erase()
    one.erase(0)
    assert one.query == "a"
    one.erase(len(one.query))
    assert one.selected == 0


def test_the_selection_stays_in_the_list():
    one = board()
    one.move(-5)
    assert one.selected == 0
    one.move(1 << 20)
    assert one.selected == 2
    one.type("alp")
    assert one.selected == 0
    one.type("zzz")
    assert one.selected is None
    assert "nothing is called that" in shown(one)[1]
    one.move(1)
    assert one.selected is None


def test_the_selected_row_is_always_in_view():
    one = board(*(f"name-{n}" for n in range(100)))
    for by in (50, 30, -70, 200, -3):
        one.move(by)
        for height in (3, 5, 24):
            assert any(f"▸ name-{one.selected} " in line for line in shown(one, 60, height))


def test_cells_and_previews_arrive_later():
    one = board()
    one.cells[1] = [("clean", "green")]
    one.previews[0] = [[("all about alpha", "bold")]]
    text = "\n".join(shown(one))
    assert "beta/one  clean" in text
    assert "│ all about alpha" in text
    one.move(1)
    assert "all about alpha" not in "\n".join(shown(one))


@pytest.mark.parametrize("width", [1, 5, 20, 60, 89, 90, 200])
@pytest.mark.parametrize("height", [1, 2, 3, 8, 50])
def test_it_fits_any_terminal(width, height):
    one = board("日本語の名前", "x" * 300, "é", signs=PLAIN)
    one.previews[0] = [[("y" * 500, "")]] * 100
    lines = one.lines(width, height)
    assert len(lines) <= height
    assert all(length(line) == width for line in lines)


def test_what_is_in_view_is_wanted_first():
    one = board(*(f"n{n}" for n in range(200)))
    one.move(150)
    shown(one, 60, 10)
    assert one.wanted()[0] == 150
    assert set(one.wanted()) == set(range(200))
    assert max(abs(n - 150) for n in one.wanted()[:5]) < 10


def test_widths():
    assert columns("日本 e\u0301 🟢") == 4 + 1 + 1 + 1 + 2
    assert cut("abcdef", 4) == "abc…"
    assert cut("日本語", 4) == "日…"
    assert cut("abc", 0) == ""
    assert fitted([("abc", "red"), ("def", "")], 5) == [("abc", "red"), ("d…", "")]
    assert fitted([("a", "red")], 3) == [("a", "red"), ("  ", "")]


@pytest.mark.parametrize("width", [120, 90, 89, 60, 40, 30])
def test_a_long_name_hides_nobodys_verdict(width):
    one = board("alpha", f"feature/{'long-' * 20}end", "日本語" * 20)
    for number in range(3):
        one.cells[number] = [("unmerged", "red"), ("  +3", "")]
    rows = shown(one, width, 12)[1:4]
    assert [row.count("unmerged  +3") for row in rows] == [1, 1, 1]
    assert len({columns(row.partition("unmerged")[0]) for row in rows}) == 1


def test_rows_of_any_script_are_aligned():
    rows = [[("a", "bold"), ("xx", ""), ("end", "")], [("日本語", ""), ("x", ""), ("and more", "dim")]]
    assert ["".join(text for text, _ in row) for row in aligned(rows)] == [
        "a       xx  end",
        "日本語  x   and more",
    ]
    assert aligned([]) == []
