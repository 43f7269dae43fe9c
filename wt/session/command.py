"""A user's own command in a slot: the terminal untouched, no variable that would lead git elsewhere."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` without its enums, which cost 4 ms
import os
import termios

from wt.errors import WtError, quoted
from wt.git.run import clean_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Any

_HUP, _INT, _KILL, _PIPE, _ALRM, _TERM, _XFSZ, _CHLD, _CONT, _TSTP = (
    1, 2, 9, 13, 14, 15, 25, int(_signal.SIGCHLD), int(_signal.SIGCONT), int(_signal.SIGTSTP),
)  # fmt: skip
_GRACE = 3.0  # seconds that a command has which was told to end


def run_there(
    command: Sequence[str],
    path: str,
    env: Mapping[str, str],
    more: Mapping[str, str] | None = None,
    *,
    cleans_up: bool = False,
) -> int:
    """Run a command in a directory and return its status as a shell would: 128 + signal where one ended it.

    Where we are told to end, the command is, and waited for; where it stops, so do we, and it goes on when we do. The
    terminal is given back as it was. `cleans_up`: what follows is not to be ended by a terminal that is hung up meanwhile.
    """
    inherited = {**clean_environment(env), "PWD": path, **(more or {})}
    terminal = _Terminal()
    try:
        with _Watch(terminal, cleans_up=cleans_up) as watch:
            pid, failed = _started(watch, command, path, inherited)
            status = watch.wait(pid)
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


def _started(watch: _Watch, command: Sequence[str], path: str, env: dict[str, str]) -> tuple[int, int]:
    """Start the command; returns its pid, and the end of a pipe that says why it could not be begun: exec closes the other one."""
    failed, not_started = os.pipe()
    pid = os.fork()
    if pid == 0:
        watch.forget()
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


class _Watch:
    """Hands on to a command what we are told, and more where that does not end it: a shell ignores SIGTERM.

    Ctrl-Z is the command's to answer, too: a shell's `suspend` and many a program stop themselves alone, and who waits for
    us would not know.

    The signals are blocked and taken out one by one: with a handler, one that comes between the last look and the wait
    would be seen when the wait is over.
    """

    def __init__(self, terminal: _Terminal, *, cleans_up: bool) -> None:
        self._terminal, self._cleans_up = terminal, cleans_up

    def __enter__(self) -> _Watch:
        self._told = {one for one in (_HUP, _TERM) if _signal.getsignal(one) != _signal.SIG_IGN}  # nohup
        self._taken = {*self._told, _ALRM, _CHLD, _CONT}
        self._mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, self._taken)
        # Ctrl-C is the command's to answer: it is in our process group, and its status says what became of it.
        self._interrupt = _signal.signal(_INT, _signal.SIG_IGN)
        for signum in (_CHLD, _CONT):
            _signal.signal(signum, lambda *_: None)  # BSD drops what is ignored by default, blocked or not
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        _signal.signal(_ALRM, _signal.SIG_IGN)  # also what is due already
        for signum in (_CHLD, _CONT):
            _signal.signal(signum, _signal.SIG_DFL)
        _signal.signal(_INT, self._interrupt)
        if self._cleans_up:  # while it is blocked still: one that is due already is dropped
            _signal.signal(_HUP, _signal.SIG_IGN)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._mask)
        _signal.signal(_ALRM, _signal.SIG_DFL)

    def forget(self) -> None:
        """In the child: what it is to begin with. Python ignores two signals, and exec would hand that on."""
        _signal.signal(_INT, self._interrupt)
        for signum in (*self._told, _CHLD, _CONT, _PIPE, _XFSZ):
            _signal.signal(signum, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._mask)

    def wait(self, pid: int) -> int:
        """Until the command has ended; its exit code, negative where a signal ended it."""
        due: list[int] = []
        while True:
            signum = _signal.sigwait(self._taken)
            if signum == _CHLD:
                changed, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
                if changed and os.WIFSTOPPED(status):
                    self._stop_along(pid)
                elif changed:
                    return os.waitstatus_to_exitcode(status)
            if signum == _CONT:
                self._terminal.note_place()
            if signum in self._told:
                due = list(dict.fromkeys((signum, _HUP, _KILL)))
            if signum == _HUP:  # who hangs up says so more than once, and nobody is there to be told any more
                _signal.signal(_HUP, _signal.SIG_IGN)
                self._taken.discard(_HUP)
            if due and signum in (*self._told, _HUP, _ALRM):
                os.kill(pid, due.pop(0))
                _signal.setitimer(_signal.ITIMER_REAL, _GRACE)

    def _stop_along(self, pid: int) -> None:
        found = self._terminal.look()
        if found is None:  # nobody waits with a shell's `fg`
            return
        if _CONT not in _signal.sigpending():  # else all of us had stopped, and go on
            self._terminal.restore()
            os.kill(os.getpid(), _TSTP)  # not heeded in a process group that nobody could let go on
            self._terminal.hand_back(found)
        os.kill(pid, _CONT)


class _Terminal:
    """The terminal as we found it: a command that was killed can neither leave its foreground nor its raw mode.

    In the background (`&`, or Ctrl-Z and `bg`) it is another's, who is left alone.
    """

    def __init__(self) -> None:
        self._first = self.look()
        self._ours = {os.getpgrp()}
        self.note_place()

    def note_place(self) -> None:
        """Look whether we are in the foreground: later on it may be the command's own job that is there."""
        self._in_front = self.is_ours()

    def hand_back(self, found: tuple[int, list[Any]]) -> None:
        """Let the command have it as it had left it, its own process group in the foreground too, where we are there."""
        if self.is_ours():
            self._ours.add(found[0])
            self.make(found)

    def look(self) -> tuple[int, list[Any]] | None:
        """Return the foreground's process group and the modes; None where standard input is no terminal, or hung up."""
        try:
            return os.tcgetpgrp(0), termios.tcgetattr(0)
        except (OSError, termios.error):
            return None

    def is_ours(self) -> bool:
        found = self.look()
        return found is not None and found[0] in self._ours

    def restore(self) -> None:
        if self._in_front or self.is_ours():
            self.make(self._first)

    def make(self, wanted: tuple[int, list[Any]] | None) -> None:
        found = self.look()
        if wanted is None or found is None:
            return
        before = _signal.signal(_signal.SIGTTOU, _signal.SIG_IGN)  # we may be in the background by now
        try:
            if found[0] != wanted[0]:
                os.tcsetpgrp(0, wanted[0])
            if found[1] != wanted[1]:
                termios.tcsetattr(0, termios.TCSADRAIN, wanted[1])
        except (OSError, termios.error):  # it was hung up, or that group is no more
            return
        finally:
            _signal.signal(_signal.SIGTTOU, before)
