"""A user's own command in a slot: the terminal untouched, no variable that would lead git elsewhere."""

from __future__ import annotations

import os
import termios

from wt.errors import WtError, quoted
from wt.git.run import clean_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

_HUP, _INT, _KILL, _PIPE, _ALRM, _TERM, _XFSZ = 1, 2, 9, 13, 14, 15, 25
_GRACE = 3.0  # seconds that a command has which was told to end


def run_there(
    command: Sequence[str], path: str, env: Mapping[str, str], more: Mapping[str, str] | None = None
) -> int:
    """Run a command in a directory and return its status as a shell would: 128 + signal where one ended it.

    Where we are told to end, the command is, and waited for; the terminal is given back as it was.
    """
    inherited = {**clean_environment(env), "PWD": path, **(more or {})}
    terminal = _Terminal()
    try:
        with _Watch() as watch:
            failed = _started(watch, command, path, inherited)
            status = os.waitstatus_to_exitcode(os.waitpid(watch.pid, 0)[1])
            watch.pid = 0
    finally:
        terminal.restore()
    error = os.read(failed, 16)
    os.close(failed)
    if error:
        raise WtError(
            f"`{command[0]}` could not be started in {path}: {os.strerror(int(error))}.",
            f"to see whether it is there: command -v {quoted(command[0])}",
        )
    return status if status >= 0 else 128 - status


def _started(watch: _Watch, command: Sequence[str], path: str, env: dict[str, str]) -> int:
    """Start the command; returns the end of a pipe that says why it could not be begun: exec closes the other one."""
    failed, not_started = os.pipe()
    pid = os.fork()
    if pid == 0:
        watch.forget()
        _become(command, path, env, not_started)
    os.close(not_started)
    watch.over(pid)
    return failed


def _become(command: Sequence[str], path: str, env: dict[str, str], not_started: int) -> None:
    try:
        os.chdir(path)
        os.execvpe(command[0], list(command), env)
    except OSError as error:
        os.write(not_started, str(error.errno).encode())
        os._exit(127)


class _Watch:
    """Hands on to a command what we are told, and more where that does not end it: a shell ignores SIGTERM.

    No handler of ours raises, so that no moment is left in which we could end without it; the wait goes on by itself.
    """

    def __init__(self) -> None:
        self.pid = 0
        self.due: list[int] = []
        self.before: dict[int, object] = {}

    def __enter__(self) -> _Watch:
        import _signal  # type: ignore[import-not-found]  # `signal` without its enums, which cost 4 ms

        # Ctrl-C is the command's to answer: it is in our process group, and its status says what became of it.
        self.before[_INT] = _signal.signal(_INT, _signal.SIG_IGN)
        for signum in (_HUP, _TERM):
            if _signal.getsignal(signum) != _signal.SIG_IGN:  # nohup
                self.before[signum] = _signal.signal(signum, self._told)
        self.before[_ALRM] = _signal.signal(_ALRM, self._urge)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        import _signal

        _signal.setitimer(_signal.ITIMER_REAL, 0)
        for signum, handler in self.before.items():
            _signal.signal(signum, handler)

    def forget(self) -> None:
        """In the child: what it is to begin with. Python ignores two signals, and exec would hand that on."""
        import _signal

        _signal.signal(_INT, self.before[_INT])
        for signum in (*(one for one in (_HUP, _TERM, _ALRM) if one in self.before), _PIPE, _XFSZ):
            _signal.signal(signum, _signal.SIG_DFL)

    def over(self, pid: int) -> None:
        """From now on there is somebody to tell; what came before is told now."""
        self.pid = pid
        self._urge()

    def _told(self, signum: int, _frame: object) -> None:
        self.due = list(dict.fromkeys((signum, _HUP, _KILL)))
        if signum == _HUP:  # who hangs up says so more than once, and nobody is there to be told any more
            import _signal

            self.before[_HUP] = _signal.SIG_IGN
        self._urge()

    def _urge(self, _signum: int = 0, _frame: object = None) -> None:
        import _signal

        if self.pid and self.due:
            try:
                os.kill(self.pid, self.due.pop(0))
            except ProcessLookupError:
                return
            _signal.setitimer(_signal.ITIMER_REAL, _GRACE)


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
