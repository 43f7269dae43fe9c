"""A user's own command in a slot: the terminal untouched, no variable that would lead git elsewhere."""

from __future__ import annotations

import os

from wt.errors import WtError, quoted
from wt.git.run import clean_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run_there(command: Sequence[str], path: str, env: Mapping[str, str]) -> int:
    """Run a command in a directory and return its status as a shell would: 128 + signal where one ended it."""
    import _signal  # type: ignore[import-not-found]  # `signal` without its enums, which cost 4 ms

    inherited = {**clean_environment(env), "PWD": path}
    # Ctrl-C is the command's to answer: it is in our process group, and its status says what became of it.
    before = _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    try:
        failed, not_started = os.pipe()  # both closed by exec: what comes through says that there was none
        pid = os.fork()
        if pid == 0:
            _signal.signal(_signal.SIGINT, before)
            for signum in (
                _signal.SIGPIPE,
                _signal.SIGXFSZ,
            ):  # Python ignores them, and exec would hand that on
                _signal.signal(signum, _signal.SIG_DFL)
            _become(command, path, inherited, not_started)
        os.close(not_started)
        error = os.read(failed, 16)
        os.close(failed)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        _signal.signal(_signal.SIGINT, before)
    if error:
        raise WtError(
            f"`{command[0]}` could not be started in {path}: {os.strerror(int(error))}.",
            f"to see whether it is there: command -v {quoted(command[0])}",
        )
    return status if status >= 0 else 128 - status


def _become(command: Sequence[str], path: str, env: dict[str, str], not_started: int) -> None:
    try:
        os.chdir(path)
        os.execvpe(command[0], list(command), env)
    except OSError as error:
        os.write(not_started, str(error.errno).encode())
        os._exit(127)
