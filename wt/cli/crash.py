"""A bug in the tool: a report file that can be pasted into an issue, and exit status 70."""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wt.ui.out import Out

BUG = 70


def report(error: BaseException, argv: list[str], out: Out, env: Mapping[str, str]) -> int:
    """Write the report and name it; where even that fails, the traceback goes to stderr."""
    from wt.errors import WtError, quoted
    from wt.ui.out import masked
    from wt.version import VERSION

    text = masked("".join(traceback.format_exception(error)))
    body = f"wt {VERSION}\npython {sys.version}\n{platform.platform()}\nargv: {argv!r}\n\n{text}"
    sentence = f"This is a bug in wt: {type(error).__name__}: {error}."
    try:
        path = _write(body, env)
        out.error(WtError(sentence, f"to see the report: cat {quoted(path)}"))
    except OSError:
        out.say(body)
    return BUG


def _write(body: str, env: Mapping[str, str]) -> str:
    from wt import files

    state = env.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    directory = f"{state}/wt"
    files.make_directory(directory, 0o700)
    path = f"{directory}/crash-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.txt"
    files.write_exclusive(path, body, 0o600)
    return path
