"""Where the output of commands is kept: a directory for each run, those of the last twenty."""

from __future__ import annotations

import os
import time

from wt import files

_KEPT = 20


def begin(top: str, token: str) -> str:
    """Make a directory for the logs of one run; those of the oldest runs go."""
    files.ensure_directory(top)
    for old in files.list_directory(top)[:-_KEPT]:
        files.remove_tree_if_there(f"{top}/{old}")
    made = f"{top}/{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{token[:6]}"
    files.ensure_directory(made)
    return made


def add(path: str, text: str) -> None:
    """Write lines at the end of a log."""
    log = files.open_log(path)
    try:
        os.write(log, f"{text}\n".encode("utf-8", "surrogateescape"))
    finally:
        os.close(log)
