"""What the picker shows, as lines of (text, colour): a list that is filtered as one types, and a preview beside it.

It knows no terminal and no git: the same lines are the first frame, painted before prompt-toolkit is there, and all others.
"""

from __future__ import annotations

from wt.model import record
from wt.ui.width import columns, cut, fitted, length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.ui.width import Line

SIDE_BY_SIDE = 90  # columns from which on the preview stands beside the list
_CHROME = 2  # the line one types in, and the keys
_GAP = 2  # between a name and its cells
_CELLS = 14  # what is kept free for cells that have not arrived
_NAME = 12  # what a name is never cut below
_NONE: Line = [("  nothing is called that", "dim")]


@record
class Signs:
    """The few characters beyond ASCII, and what stands for them where the terminal cannot show them."""

    here: str = "▸ "
    bar: str = " │ "
    rule: str = "─"
    more: str = "…"
    caret: str = "▏"


PLAIN = Signs("> ", " | ", "-", "..", "_")


class Board:
    """`names` are what is chosen from and matched; cells and previews arrive later, one by one, from other threads."""

    def __init__(self, title: str, names: list[str], start: int = 0, signs: Signs | None = None) -> None:
        self.title, self.names, self.signs = title, names, signs or Signs()
        self.cells: dict[int, Line] = {}
        self.previews: dict[int, list[Line]] = {}
        self.query = ""
        self._all = list(range(len(names)))
        self._widest = max(map(columns, names), default=0)
        self._cursor = start
        self._top = 0

    @property
    def matches(self) -> list[int]:
        """The rows that hold every word typed; where none does, those that hold its letters in order."""
        words = self.query.casefold().split()
        lowered = [name.casefold() for name in self.names]
        found = [n for n in self._all if all(word in lowered[n] for word in words)]
        return found or [n for n in self._all if all(_in_order(word, lowered[n]) for word in words)]

    @property
    def selected(self) -> int | None:
        matches = self.matches
        return matches[min(self._cursor, len(matches) - 1)] if matches else None

    def wanted(self) -> list[int]:
        """Every row, in the order in which its cells are wanted: the selected one, what is in view, the others."""
        matches, first = self.matches, self.selected
        view = matches[self._top : self._top + 60]
        return list(dict.fromkeys([*([] if first is None else [first]), *view, *matches, *self._all]))

    def type(self, text: str) -> None:
        self.query += "".join(character for character in text if character.isprintable())
        self._cursor = self._top = 0

    def erase(self, count: int = 1) -> None:
        self.query = self.query[:-count] if count else self.query
        self._cursor = self._top = 0

    def erase_word(self) -> None:
        self.query = self.query.rstrip().rpartition(" ")[0]
        self._cursor = self._top = 0

    def move(self, by: int) -> None:
        self._cursor = max(0, min(self._cursor + by, len(self.matches) - 1))

    def lines(self, width: int, height: int) -> list[Line]:
        """Return a whole screen: at most `height` lines, none wider than `width`."""
        room = max(height - _CHROME, 1)
        body = self._beside(width, room) if width >= SIDE_BY_SIDE else self._above(width, room)
        found = [self._head(width), *body, self._foot(width)]
        return [fitted(line, width, self.signs.more) for line in found[:height]]

    def _head(self, width: int) -> Line:
        count = f"{len(self.matches)} of {len(self.names)}"
        left: Line = [
            (self.title, "bold"), ("  ", ""), (self.query, "cyan"), (self.signs.caret, "cyan"),
            *([] if self.query else [(" type to filter", "dim")]),
        ]  # fmt: skip
        gap = width - length(left) - len(count)
        return [*left, (" " * gap, ""), (count, "dim")] if gap > 0 else left

    def _foot(self, width: int) -> Line:
        keys = "up, down: move   enter: go there   esc: stay here"
        return [(keys if width > len(keys) else "enter: go   esc: stay", "dim")]

    def _beside(self, width: int, room: int) -> list[Line]:
        sign, cells = len(self.signs.here), self._cells_width()
        wide = min(max(sign + self._widest + _GAP + cells, length(_NONE)), width // 2)
        rows = self._rows(room, wide)
        right = self._preview(width - wide - len(self.signs.bar), room)
        rows += [[(" " * wide, "")]] * (room - len(rows))
        return [[*row, (self.signs.bar, "dim"), *line] for row, line in zip(rows, right, strict=True)]

    def _above(self, width: int, room: int) -> list[Line]:
        below = room // 2 if room > 6 else 0
        upper = min(room - below, max(len(self.matches), 1))
        rule: list[Line] = [[(self.signs.rule * width, "dim")]] if below else []
        return [*self._rows(upper, width), *rule, *self._preview(width, room - upper - len(rule))]

    def _rows(self, room: int, width: int) -> list[Line]:
        matches = self.matches
        rows: list[Line] = [_NONE]
        if matches:
            at = min(self._cursor, len(matches) - 1)
            self._top = max(min(self._top, at), at - room + 1, 0)
            names = min(self._widest, max(width - len(self.signs.here) - _GAP - self._cells_width(), _NAME))
            rows = [self._row(n, names) for n in matches[self._top : self._top + room]]
        return [fitted(row, width, self.signs.more) for row in rows]

    def _cells_width(self) -> int:
        return max([_CELLS, *map(length, list(self.cells.values()))])

    def _row(self, number: int, name_width: int) -> Line:
        """One slot; a long name is cut before the verdict of any is."""
        here = number == self.selected
        name = cut(self.names[number], name_width, self.signs.more)
        padding = " " * (name_width - columns(name) + _GAP)
        sign = self.signs.here if here else " " * len(self.signs.here)
        cells = self.cells.get(number, [(self.signs.more, "dim")])
        return [(sign, "cyan"), (name, "bold" if here else ""), (padding, ""), *cells]

    def _preview(self, width: int, room: int) -> list[Line]:
        number = self.selected
        shown = [] if number is None else self.previews.get(number, [[(self.signs.more, "dim")]])
        shown = shown[:room]
        return [fitted(line, width, self.signs.more) for line in [*shown, *([[]] * (room - len(shown)))]]


def _in_order(word: str, name: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in word)
