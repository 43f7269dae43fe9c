"""How many columns a text takes on a terminal, and how it is made to fit into some.

Marks and CJK names take two, combining marks none. For lists and pickers; what is given is escaped text.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Part = tuple[str, str]
    Line = list[Part]

_BELOW = 6  # columns by which what is folded below the rest stands in


def columns(text: str) -> int:
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int, more: str = "…") -> str:
    """Return a text that takes at most `width` columns; what was cut off is told by `more`."""
    if columns(text) <= width:
        return text
    if width < columns(more):
        return ""
    kept = ""
    for character in text:
        if columns(kept + character + more) > width:
            break
        kept += character
    return kept + more


def fitted(line: Line, width: int, more: str = "…") -> Line:
    """Return the pieces of a line cut to a width, and padded to it with a plain piece."""
    found: Line = []
    left = width
    for text, colour in line:
        shown = cut(text, left, more)
        found.append((shown, colour))
        left -= columns(shown)
        if shown != text:
            break
    return [*found, (" " * left, "")] if left > 0 else found


def length(line: Line) -> int:
    return sum(columns(text) for text, _ in line)


def aligned(rows: list[Line]) -> list[Line]:
    """Return rows of as many pieces each, every piece but the last padded to the widest in its column and two blanks."""
    widths = [max(columns(text) for text, _ in column) + 2 for column in zip(*rows, strict=True)]
    return [
        [
            *(
                (text + " " * (width - columns(text)), colour)
                for (text, colour), width in zip(row[:-1], widths, strict=False)
            ),
            row[-1],
        ]
        for row in rows
    ]


def folded(line: Line, width: int) -> list[Line]:
    """Return a line as lines no wider than a terminal: its last piece folded beneath itself, or below the rest."""
    if not line or length(line) <= width:
        return [line]
    head, (text, colour) = line[:-1], line[-1]
    indent = length(head)
    lines: list[Line] = []
    if indent > width // 2:
        lines, head, indent = [head], [(" " * _BELOW, "")], _BELOW
    first, *others = _filled(text, max(width - indent, 1))
    return [*lines, [*head, (first, colour)], *([(" " * indent, ""), (row, colour)] for row in others)]


def _filled(text: str, width: int) -> list[str]:
    """Break at blanks, but for those in brackets: `[--name NAME]` is one word."""
    words: list[str] = []
    for word in text.split(" "):
        if words and words[-1].count("[") > words[-1].count("]"):
            words[-1] += f" {word}"
        else:
            words.append(word)
    rows = [""]
    for word in words:
        if rows[-1] and columns(rows[-1]) + 1 + columns(word) > width:
            rows.append(word)
        else:
            rows[-1] += f" {word}" if rows[-1] else word
    return rows
