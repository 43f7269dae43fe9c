"""A git on PATH that lets somebody else act at one chosen call of git's, once: the races that no timing could hit."""

import os
import shutil
import stat

SCRIPT = """#!/bin/sh
real={real}
case " $* " in
*{pattern}*)
    if mkdir "{mark}" 2>/dev/null; then
        {before}
        "$real" "$@"
        status=$?
        {after}
        exit $status
    fi;;
esac
exec "$real" "$@"
"""


def path(tmp_path, pattern, *, before=":", after=":"):
    """Return a PATH on which git does `before` and `after` (shell) around its first call that holds `pattern`.

    In them git is `"$real"`; `$PPID` is the program under test.
    """
    number = len([name for name in os.listdir(tmp_path) if name.startswith("meddle")])
    place = tmp_path / f"meddle{number}"
    place.mkdir()
    mark = place / "done"
    text = SCRIPT.format(
        real=shutil.which("git"), pattern=quoted(pattern), mark=mark, before=before, after=after
    )
    (place / "git").write_text(text)
    (place / "git").chmod(0o700 | stat.S_IXGRP)
    return f"{place}:{os.environ['PATH']}", mark


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"
