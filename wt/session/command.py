"""A user's own command in a slot: the terminal untouched, no variable that would lead git elsewhere."""

from __future__ import annotations

import os
import termios
import time

from wt.errors import Interrupted, WtError, quoted
from wt.git.run import clean_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HUP, _KILL = 1, 9
_GRACE, _POLL = 3.0, 0.02  # seconds for a command that was told to end; how often it is looked at


def run_there(
    command: Sequence[str], path: str, env: Mapping[str, str], more: Mapping[str, str] | None = None
) -> int:
    """Run a command in a directory and return its status as a shell would: 128 + signal where one ended it.

    Where we are told to end, the command is, and waited for; the terminal is given back as it was.
    """
    import _signal  # type: ignore[import-not-found]  # `signal` without its enums, which cost 4 ms

    inherited = {**clean_environment(env), "PWD": path, **(more or {})}
    # Ctrl-C is the command's to answer: it is in our process group, and its status says what became of it.
    before = _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    terminal = _Terminal()
    try:
        pid, failed = _started(command, path, inherited, before)
        status = _ended(pid)
        error = os.read(failed, 16)
        os.close(failed)
    finally:
        _signal.signal(_signal.SIGINT, before)
        terminal.restore()
    if error:
        raise WtError(
            f"`{command[0]}` could not be started in {path}: {os.strerror(int(error))}.",
            f"to see whether it is there: command -v {quoted(command[0])}",
        )
    return status if status >= 0 else 128 - status


def _started(command: Sequence[str], path: str, env: dict[str, str], on_int: object) -> tuple[int, int]:
    """Return the command's pid, and the end of a pipe that says why it could not be begun: exec closes the other one."""
    import _signal

    failed, not_started = os.pipe()
    pid = os.fork()
    if pid == 0:
        _signal.signal(_signal.SIGINT, on_int)
        for signum in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores them, and exec would hand that on
            _signal.signal(signum, _signal.SIG_DFL)
        _become(command, path, env, not_started)
    os.close(not_started)
    return pid, failed


def _become(command: Sequence[str], path: str, env: dict[str, str], not_started: int) -> None:
    try:
        os.chdir(path)
        os.execvpe(command[0], list(command), env)
    except OSError as error:
        os.write(not_started, str(error.errno).encode())
        os._exit(127)


def _ended(pid: int) -> int:
    while True:
        try:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        except Interrupted as interrupted:
            if (raw := _urged(pid, interrupted.signum)) is not None:
                return os.waitstatus_to_exitcode(raw)


def _urged(pid: int, signum: int) -> int | None:
    """Hand on what we were told, and more where that does not end it (a shell ignores SIGTERM); None: not ended yet.

    Who hangs up says so more than once (the terminal, the shell that we run in), and means no hurry by it.
    """
    import _signal

    _signal.signal(_signal.SIGHUP, _signal.SIG_IGN)
    try:
        for number in dict.fromkeys((signum, _HUP, _KILL)):
            os.kill(pid, number)
            deadline = time.monotonic() + _GRACE
            while time.monotonic() < deadline:
                ended, raw = os.waitpid(pid, os.WNOHANG)
                if ended:
                    return raw
                time.sleep(_POLL)
    except Interrupted:  # somebody is in a hurry
        os.kill(pid, _KILL)
    return None


class _Terminal:
    """The terminal as we found it: a command that was killed can neither leave its foreground nor its raw mode."""

    def __init__(self) -> None:
        self.group = self.modes = None
        try:
            self.group, self.modes = os.tcgetpgrp(0), termios.tcgetattr(0)
        except (OSError, termios.error):  # standard input is none
            return

    def restore(self) -> None:
        if self.group is None or self.modes is None:
            return
        import _signal

        before = _signal.signal(_signal.SIGTTOU, _signal.SIG_IGN)  # we may be in the background by now
        try:
            if os.tcgetpgrp(0) != self.group:
                os.tcsetpgrp(0, self.group)
            if termios.tcgetattr(0) != self.modes:
                termios.tcsetattr(0, termios.TCSADRAIN, self.modes)
        except (OSError, termios.error):  # it was hung up
            return
        finally:
            _signal.signal(_signal.SIGTTOU, before)
