"""The only print: stdout is the answer, stderr is narration; colour and marks are decided once, per stream.

Text that comes from a repository may hold anything: every character that could steer a terminal is shown escaped here,
and nowhere else has to think of it.
"""

from __future__ import annotations

import os
import sys

from wt.errors import WtError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wt.ui.width import Line

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_UNBOUND = 1 << 30
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
_MARKS = {"green": "🟢", "yellow": "🟡", "red": "🔴"}


def escaped(text: str) -> str:
    r"""Show control, bidi and other unprintable characters as `\x1b`, `\u202e`; newlines stay."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as surrogateescape carries it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def wants_colour(when: str, env: Mapping[str, str], *, terminal: bool) -> bool:
    """Decide from --color, NO_COLOR, CLICOLOR_FORCE, TERM and the stream, in this order."""
    if when in ("always", "never"):
        return when == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return terminal and env.get("TERM", "dumb") != "dumb"


def speaks_utf8(env: Mapping[str, str], *, coerced: bool = False) -> bool:
    """Whether the locale says UTF-8: Python's own streams do even where the terminal does not (PEP 540).

    Where Python found the C locale, it may have set LC_CTYPE itself (`coerced`, PEP 538): that says nothing.
    """
    ctype = "" if coerced and env.get("LC_CTYPE") in _COERCED else env.get("LC_CTYPE")
    locale = env.get("LC_ALL") or ctype or env.get("LANG") or ""
    return "utf8" in locale.casefold().replace("-", "")


class Out:
    """Both streams of one run."""

    def __init__(self, env: Mapping[str, str], when: str = "auto") -> None:
        self.terminal = _isatty(1)
        self.terminal_err = _isatty(2)
        self.colour = wants_colour(when, env, terminal=self.terminal)
        self.colour_err = wants_colour(when, env, terminal=self.terminal_err)
        self.utf8 = speaks_utf8(env, coerced=bool(sys.flags.utf8_mode))
        self._alive = False
        self.pool: str | None = None  # the key that the run works on: hints name it where the place does not

    @property
    def width(self) -> int:
        """The columns of the terminal that stdout is; for a program no bound at all."""
        return _width(1)

    @property
    def room(self) -> tuple[int, int]:
        """Columns and lines of the terminal that stderr is."""
        try:
            columns, lines = os.get_terminal_size(2)
        except OSError:
            return 80, 24
        return columns or 80, lines or 24

    def redraw(self, lines: list[list[tuple[str, str]]], before: int) -> int:
        """Put lines in the place of the last `before` ones of the narration, on a terminal; returns how many they are."""
        shown = [
            "".join(paint(self._shown(text), colour, on=self.colour_err) for text, colour in line)
            for line in lines
        ]
        up = f"\x1b[{before}A\r" if before else ""
        text = "".join(f"{line.rstrip()}\x1b[K\n" for line in shown)
        _narrate(f"{up}{text}\x1b[J")
        return len(lines)

    def _shown(self, text: str) -> str:
        """What a text looks like: nothing in it steers the terminal, and signs of ours are ones that it has."""
        text = escaped(text)
        return text if self.utf8 or text.isascii() else text.replace("…", "...").replace("·", "-")

    def answer(self, text: str) -> None:
        """One line of the answer, on stdout; what the text holds is shown, not obeyed."""
        _answer(f"{self._shown(text)}\n".encode("utf-8", "replace"))

    def painted(self, parts: list[tuple[str, str]]) -> None:
        """One line of the answer made of (text, colour) pieces; an empty colour is plain."""
        line = "".join(paint(self._shown(text), colour, on=self.colour) for text, colour in parts)
        _answer(f"{line.rstrip()}\n".encode("utf-8", "replace"))

    def rows(self, lines: list[Line]) -> None:
        """Lines of the answer, each folded between words where the terminal is narrower."""
        from wt.ui.width import folded

        for line in lines:
            for row in folded(line, self.width):
                self.painted(row)

    def path(self, path: str) -> None:
        """A path as the answer: its very bytes, so that `cd "$(wt path x)"` works for any."""
        _answer(os.fsencode(path) + b"\n")

    def verbatim(self, text: str) -> None:
        """A program's text for another program, as it is."""
        _answer(os.fsencode(text))

    def json(self, value: object) -> None:
        """One line of compact JSON, in ASCII: no terminal is steered by it, and bytes that are not UTF-8 survive."""
        import json

        text = json.dumps(value, separators=(",", ":"))
        _answer(f"{text}\n".encode("utf-8", "replace"))

    def alive(self, text: str) -> None:
        """Show one line on the terminal that stderr is, in the place of the one before; an empty one takes it away."""
        width = _width(2)
        self._alive = bool(text)
        _narrate(f"\r\x1b[K{escaped(text).replace(chr(10), ' ')[: width - 1]}")

    @property
    def can_show_life(self) -> bool:
        return self.terminal_err and os.environ.get("TERM", "dumb") != "dumb"

    def _clear(self) -> None:
        if self._alive:
            self.alive("")

    def say(self, text: str) -> None:
        """Narration, on stderr."""
        self._clear()
        _narrate(f"{self._shown(masked(text))}\n")

    def say_painted(self, parts: list[tuple[str, str]]) -> None:
        self._clear()
        line = "".join(paint(self._shown(masked(text)), colour, on=self.colour_err) for text, colour in parts)
        _narrate(f"{line.rstrip()}\n")

    def say_rows(self, parts: Line) -> None:
        """The same, folded between words where the terminal is narrower: for what nobody pastes."""
        from wt.ui.width import folded

        for row in folded(parts, _width(2)):
            self.say_painted(row)

    def error(self, error: WtError) -> None:
        """The sentence, the cause chain, what git said (indented), then the hints."""
        self.say_rows([("error: ", "red"), (error.sentence, "")])
        cause = error.__cause__
        while cause is not None:
            if getattr(cause, "details", ""):
                self.say(_indented(str(cause.details)))  # type: ignore[attr-defined]  # looked at just before
            cause = cause.__cause__
        if error.details:
            self.say(_indented(error.details))
        for hint in error.hints:
            self.say_painted([("hint: ", "cyan"), (hint, "")])

    def mark(self, colour: str) -> str:
        """One of the three marks, in words where the stream cannot show it."""
        return _MARKS[colour] if self.utf8 else f"[{colour}]"


def paint(text: str, colour: str, *, on: bool) -> str:
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if on and colour and text else text


def masked(text: str) -> str:
    """Hide the user part of a URL: tokens end up in remotes, and git quotes them in its messages."""
    head, *tails = text.split("://")
    return "://".join((head, *(_without_user(tail) for tail in tails)))


def _without_user(tail: str) -> str:
    words = tail.split("/", 1)[0].split(None, 1)
    if not words or not tail.startswith(words[0]) or "@" not in words[0]:
        return tail
    return "***@" + tail[words[0].rindex("@") + 1 :]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().split("\n"))


def _width(descriptor: int) -> int:
    try:
        return os.get_terminal_size(descriptor).columns or _UNBOUND
    except OSError:
        return _UNBOUND


def _isatty(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _answer(data: bytes) -> None:
    """Write to stdout; BrokenPipeError where nobody reads it, WtError where it cannot be written."""
    try:
        _write(1, data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WtError(f"The answer could not be written to stdout: {error.strerror}.") from error


def _narrate(text: str) -> None:
    """Write to stderr. What nobody hears ends nothing: a release is a release without its words."""
    try:
        _write(2, text.encode("utf-8", "replace"))
    except OSError:
        return


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
