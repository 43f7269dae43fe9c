"""The shell's side: which directory it is to be in after a command, told as data (contract section 16).

The shell function names a file of its own in WT_DIRECTIVE; a raw path is written into it, and nothing that it holds is
ever evaluated.
"""

from __future__ import annotations

import os
import stat

from wt.errors import WtError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "WT_DIRECTIVE"
# The function's own words to the program: which of us rendered it, the directory that was taken from under it, and the name
# that held the slot which it went to last.
FUNCTION, LOST, HELD = "WT_FUNCTION", "WT_LOST", "WT_HELD"
PRIVATE = (VARIABLE, FUNCTION, LOST, HELD)


def is_integrated(env: Mapping[str, str]) -> bool:
    return bool(env.get(VARIABLE))


def send_to(env: Mapping[str, str], path: str) -> bool:
    """Ask the shell to go to a directory; False where no shell function is listening."""
    name = env.get(VARIABLE)
    if not name:
        return False
    if "\n" in path:
        raise WtError(f"The shell cannot be told to go to a path with a newline in it: {path!r}.")
    try:
        _check_directory(os.path.dirname(name), path)
        descriptor = os.open(
            name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600
        )
    except OSError as error:
        raise WtError(
            f"The shell cannot be told where to go: {error.strerror}: {name}.", _by_hand(path)
        ) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise WtError(
                f"The shell cannot be told where to go: {name} is not a file of this user's.", _by_hand(path)
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, os.fsencode(path))
    finally:
        os.close(descriptor)
    return True


def _check_directory(directory: str, path: str) -> None:
    """Make the directory of the directive files; WtError where others could write there, or already have."""
    if not os.path.lexists(directory):
        from wt import files

        files.make_directory(os.path.dirname(directory), 0o700)
        files.make_directory(directory, 0o700)
    found = os.lstat(directory)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise WtError(
            f"The shell cannot be told where to go: {directory} is not this user's own.", _by_hand(path)
        )


def _by_hand(path: str) -> str:
    import shlex

    return f"cd {shlex.quote(path)}"
