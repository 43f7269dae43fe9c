"""One question with a few answers, on a terminal; the only importer of questionary.

It is drawn on stderr, so that it never ends up in what somebody captures. Esc answers nothing, Ctrl-C interrupts.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

    from wt.ui.out import Out


def can(out: Out, env: Mapping[str, str]) -> bool:
    """Whether somebody is there to be asked: who types is on the terminal that stderr is shown on."""
    try:
        return os.isatty(0) and out.terminal_err and env.get("TERM", "dumb") != "dumb"
    except OSError:
        return False


_STYLE = [("qmark", "ansicyan"), ("question", "bold"), ("pointer", "ansicyan"), ("highlighted", "bold"),
          ("answer", "ansicyan"), ("text", "")]  # fmt: skip


def choose(out: Out, question: str, answers: Sequence[tuple[str, str]]) -> str | None:
    """Return the key of the answer chosen among (key, words) pairs; None on Esc. It looks as the picker does."""
    import questionary
    from prompt_toolkit.output import ColorDepth
    from prompt_toolkit.output.vt100 import Vt100_Output

    from wt.ui.board import PLAIN, Signs

    class Output(Vt100_Output):
        """Does not ask the terminal where its cursor is: a late answer would be typed into the shell."""

        responds_to_cpr = False

    asked = questionary.select(
        question,
        [questionary.Choice(words, key) for key, words in answers],
        instruction=" ",
        pointer=(Signs() if out.utf8 else PLAIN).here.strip(),
        style=questionary.Style(_STYLE),
        color_depth=None if out.colour_err else ColorDepth.DEPTH_1_BIT,
        output=Output.from_pty(sys.stderr, term=os.environ.get("TERM")),
    )
    keys = asked.application.key_bindings

    def leave(event: KeyPressEvent) -> None:
        event.app.exit(result=None)

    keys.add("escape", eager=True)(leave)  # type: ignore[union-attr]  # questionary made some
    asked.application.ttimeoutlen = 0.05  # how long an Esc may be the beginning of an arrow key
    answer: str | None = asked.unsafe_ask()
    return answer
