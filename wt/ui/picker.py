"""Choosing one of many on a terminal; the only importer of prompt-toolkit.

Everything is drawn on stderr, on the terminal's other screen, so that nothing of it stays. The first frame is painted
by hand: prompt-toolkit takes longer to import than a person should wait for.
"""

from __future__ import annotations

import os
import signal
import sys

from wt.errors import Interrupted
from wt.ui.out import paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from prompt_toolkit.application import Application
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

    from wt.ui.board import Board

_STYLES = {"": "", "bold": "bold", "dim": "ansibrightblack", "red": "ansired", "green": "ansigreen",
           "yellow": "ansiyellow", "blue": "ansiblue", "cyan": "ansicyan"}  # fmt: skip
_MOVES = {"up": -1, "c-p": -1, "down": 1, "c-n": 1, "tab": 1, "s-tab": -1, "pageup": -10, "pagedown": 10,
          "home": -(1 << 20), "end": 1 << 20}  # fmt: skip


class Left(Exception):  # noqa: N818 (nothing went wrong)
    """Nothing was chosen: Esc or Ctrl-C."""


def pick(board: Board, begin: Callable[[Callable[[], None]], Callable[[], None]], *, colour: bool) -> int:
    """Return the row chosen; Left where there was none.

    `begin` is told what to call when cells have arrived, and returns what is called when the selection has changed.
    """
    with _OtherScreen():
        _paint_by_hand(board, colour=colour)
        return _run(board, begin, colour=colour)


class _Redraw:
    """What cells that arrive call: nothing is drawn before prompt-toolkit is there to do it."""

    now: Callable[[], None] | None = None

    def __call__(self) -> None:
        if self.now is not None:
            self.now()


class _OtherScreen:
    """The terminal as it is lent: its other screen, keys unechoed; given back as it was, whatever happens."""

    def __enter__(self) -> None:
        import termios
        import tty

        self._before = termios.tcgetattr(0)
        tty.setraw(0, termios.TCSANOW)  # keys typed from now on wait for prompt-toolkit
        _draw("\x1b[?1049h\x1b[?25l\x1b[H\x1b[J")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        import termios

        _draw("\x1b[?25h\x1b[?1049l")
        termios.tcsetattr(0, termios.TCSANOW, self._before)


def _draw(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _paint_by_hand(board: Board, *, colour: bool) -> None:
    width, height = os.get_terminal_size(2)
    lines = board.lines(width or 80, height or 24)  # of a terminal that does not say
    painted = ("".join(paint(text, name, on=colour) for text, name in line) for line in lines)
    _draw("\r\n".join(painted) + "\x1b[H")


def _run(board: Board, begin: Callable[[Callable[[], None]], Callable[[], None]], *, colour: bool) -> int:
    redraw = _Redraw()
    stirred = begin(redraw)  # git is at work while prompt-toolkit is imported
    from prompt_toolkit import application
    from prompt_toolkit.layout import FormattedTextControl, Layout, Window
    from prompt_toolkit.output.vt100 import Vt100_Output

    class Screen(Vt100_Output):
        """Both are done by _OtherScreen, once."""

        def enter_alternate_screen(self) -> None: ...
        def quit_alternate_screen(self) -> None: ...

    output = Screen.from_pty(sys.stderr, term=os.environ.get("TERM"))

    def fragments() -> StyleAndTextTuples:
        size = output.get_size()
        found: StyleAndTextTuples = []
        for line in board.lines(size.columns, size.rows):
            found += [(_STYLES[name] if colour else "", text) for text, name in line]
            found.append(("", "\n"))
        return found[:-1]

    window = Window(FormattedTextControl(fragments, show_cursor=False), always_hide_cursor=True)
    app: Application[int] = application.Application(
        Layout(window),
        key_bindings=_keys(board, stirred),
        full_screen=True,
        output=output,
        min_redraw_interval=0.03,
    )
    app.ttimeoutlen = 0.05  # how long an Esc may be the beginning of an arrow key
    redraw.now = app.invalidate
    with _Signals(app) as signals:
        return app.run(pre_run=signals.heed)


class _Signals:
    """SIGTERM and SIGHUP end the choice by way of the event loop, which would report what a handler of ours raises."""

    def __init__(self, app: Application[int]) -> None:
        self._app = app
        self._before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def __enter__(self) -> Self:
        return self

    def heed(self) -> None:
        import asyncio

        for number, handler in self._before.items():
            if callable(handler):
                asyncio.get_running_loop().add_signal_handler(number, self._end, number)

    def _end(self, number: int) -> None:
        if not self._app.is_done:
            self._app.exit(exception=Interrupted(number))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _keys(board: Board, stirred: Callable[[], None]) -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    def on(*names: str, do: Callable[[KeyPressEvent], None]) -> None:
        def handle(event: KeyPressEvent) -> None:
            do(event)
            stirred()

        for name in names:
            keys.add(name)(handle)

    def choose(event: KeyPressEvent) -> None:
        if board.selected is not None:
            event.app.exit(result=board.selected)

    for name, by in _MOVES.items():
        on(name, do=lambda _event, by=by: board.move(by))  # type: ignore[misc]  # mypy sees no default in a lambda
    on("<any>", "<bracketed-paste>", do=lambda event: board.type(event.data))
    on("backspace", "c-h", do=lambda _event: board.erase())
    on("c-w", do=lambda _event: board.erase_word())
    on("c-u", do=lambda _event: board.erase(len(board.query)))
    on("enter", "c-j", do=choose)
    on("escape", "c-c", "c-g", "c-d", "c-q", do=lambda event: event.app.exit(exception=Left))
    return keys
