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


def is_integrated(env: Mapping[str, str]) -> bool:
    return bool(env.get(VARIABLE))


def send_to(env: Mapping[str, str], path: str) -> bool:
    """Ask the shell to go to a directory; False where no shell function is listening."""
    name = env.get(VARIABLE)
    if not name:
        return False
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise WtError(
            f"The shell cannot be told where to go: {error.strerror}: {name}.", f"cd {path}"
        ) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise WtError(
                f"The shell cannot be told where to go: {name} is not a file of this user's.", f"cd {path}"
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, os.fsencode(path))
    finally:
        os.close(descriptor)
    return True
