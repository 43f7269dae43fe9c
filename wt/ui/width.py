"""How many columns a text takes on a terminal, and how it is made to fit into some.

Marks and CJK names take two, combining marks none. For lists and pickers; what is given is escaped text.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Part = tuple[str, str]
    Line = list[Part]


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
