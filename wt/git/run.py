"""The only starter of git. argv in, bytes out; a cleaned environment; the caller's mutexes kept by the child.

`ask` reads (and takes no optional locks), `do` changes something (and passes a door before and after). Both see a git
that ignores what selects a repository, hooks, pagers, prompts and automatic maintenance; `plain` is the git that the
user has, for the one commit of contract section 12 step 7.

Spawns with posix_spawn: importing `subprocess` costs as much as several git processes.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` without its enums, which cost 4 ms
import os
import select
import time

from wt.doors import cross
from wt.errors import GitError, Interrupted, WtError, git_verb
from wt.git import alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# Kept because they say how to reach a remote, who commits, or which configuration files hold; all other GIT_* variables
# select a repository, an index or a configuration of one call (git sets them for the hooks it runs).
_KEPT = ("GIT_SSH", "GIT_ASKPASS", "GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM",
         "GIT_CONFIG_NOSYSTEM", "GIT_HTTP_", "GIT_SSL_", "GIT_PROXY_", "GIT_TRACE", "GIT_EXEC_PATH", "GIT_EDITOR",
         "GIT_TEMPLATE_DIR", "GIT_ALLOW_PROTOCOL")  # fmt: skip
# What the shell function tells the program (wt/shell): nothing that we start may move the user's shell.
SHELLS_OWN = ("WT_DIRECTIVE", "WT_FUNCTION", "WT_LOST", "WT_HELD")
_OVERRIDES = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.pager": "cat",
    "submodule.recurse": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
    # the user's own gc and pack-refs hold these for a while; git would give up after 0.1 and 1 s
    "core.filesRefLockTimeout": "5000",
    "core.packedRefsTimeout": "10000",
    "reftable.lockTimeout": "10000",
}
_SIGPIPE_AND_SIGXFSZ = (13, 25)  # Python ignores them; a child must not inherit that
_TO_END = (1, 2, 15)  # SIGHUP, SIGINT, SIGTERM
_FIRST_KEPT = 3  # the child's descriptors for our mutexes


def clean_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what selects a git repository (contract, first page) or moves the shell."""
    return {
        k: v
        for k, v in inherited.items()
        if (not k.startswith("GIT_") or k.startswith(_KEPT)) and k not in SHELLS_OWN
    }


def _tool_environment() -> dict[str, str]:
    env = clean_environment(os.environ)
    env.update(
        LC_ALL="C",
        GIT_TERMINAL_PROMPT="0",
        GIT_MERGE_AUTOEDIT="no",
        GIT_PROGRESS_DELAY="1",
        GIT_CONFIG_COUNT=str(len(_OVERRIDES)),
    )
    for index, (key, value) in enumerate(_OVERRIDES.items()):
        env[f"GIT_CONFIG_KEY_{index}"] = key
        env[f"GIT_CONFIG_VALUE_{index}"] = value
    return env


def settings(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of one call with some more settings, whatever characters their keys hold."""
    env = {"GIT_CONFIG_COUNT": str(len(_OVERRIDES) + len(more))}
    for number, (key, value) in enumerate(more.items(), len(_OVERRIDES)):
        env.update({f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value})
    return env


class Running:
    """A git process under way; `wait` must be called once. With a `deadline` (monotonic) it leads a session of its own."""

    __slots__ = ("_argv", "_cwd", "_deadline", "_ended", "_err", "_input", "_out", "_pid", "_stdin", "_watch",
                 "into")  # fmt: skip

    def __init__(
        self,
        argv: list[str],
        cwd: str,
        pid: int,
        pipes: tuple[int, int, int],
        data: bytes,
        deadline: float = 0,
    ) -> None:
        self._argv, self._cwd, self._pid, self._input = argv, cwd, pid, data
        self._stdin, self._out, self._err = pipes
        self._deadline = deadline
        self._watch = alive.Watch(f"git {git_verb(argv)}")
        self._ended = False
        self.into: Callable[[bytes], object] | None = None  # takes stdout as it comes, instead of the answer

    def wait(self) -> tuple[int, bytes, bytes]:
        """Return status (negative: the signal), stdout and stderr; an interrupt ends git first."""
        try:
            out, err = self._communicate()
            status = _status(os.waitpid(self._pid, 0)[1])
            self._ended = True
            return status, out, err
        except BaseException:
            self._end()
            raise
        finally:
            self._watch.end()
            self._close()

    def answer(self, *, allowed: tuple[int, ...] = (0,), never: bytes = b"") -> bytes:
        """Return stdout; any status that is not `allowed`, or a warning of what is `never` to be, raises GitError."""
        status, out, err = self.wait()
        if status not in allowed or (never and never in err):
            raise GitError(
                self._argv, self._cwd, status, alive.without_progress(err.decode("utf-8", "replace"))
            )
        return out

    def abandon(self) -> None:
        """End a reader whose answer is not wanted any more."""
        self._end()
        self._close()

    def stop(self) -> None:
        """Ask git to end, from another thread than the one that waits for it."""
        try:
            if not self._ended:
                os.kill(self._pid, 15)
        except ProcessLookupError:  # it has ended by itself
            return

    def _communicate(self) -> tuple[bytes, bytes]:
        chunks: dict[int, list[bytes]] = {self._out: [], self._err: []}
        poll = select.poll()
        for descriptor in chunks:
            poll.register(descriptor, select.POLLIN)
        if self._stdin >= 0:
            poll.register(self._stdin, select.POLLOUT)
        pending, unsent = 2, memoryview(self._input)
        while pending:
            for descriptor, _events in self._ready(poll):
                if descriptor == self._stdin:
                    unsent = self._feed(poll, unsent)
                elif data := os.read(descriptor, 1 << 18):
                    (self.into if self.into and descriptor == self._out else chunks[descriptor].append)(data)
                    if descriptor == self._err:
                        self._watch.heard(data)
                else:
                    poll.unregister(descriptor)
                    pending -= 1
        return b"".join(chunks[self._out]), b"".join(chunks[self._err])

    def _ready(self, poll: select.poll) -> list[tuple[int, int]]:
        """Wait for git, showing that it is alive; TimeoutError at the deadline."""
        patience = self._watch.patience()
        if not self._deadline:
            found = poll.poll(patience)
        else:
            left = max(0, int((self._deadline - time.monotonic()) * 1000))
            found = poll.poll(left if patience is None else min(left, patience))
            if not found and time.monotonic() >= self._deadline:
                raise TimeoutError
        if not found:
            self._watch.tick()
        return found

    def _feed(self, poll: select.poll, unsent: memoryview) -> memoryview:
        # So much a writable pipe takes at once. More, and we would stand here while git waits for us to read.
        piece = unsent[: select.PIPE_BUF]
        try:
            unsent = unsent[os.write(self._stdin, piece) :]
        except BrokenPipeError:
            unsent = unsent[:0]
        if not unsent:
            poll.unregister(self._stdin)
            os.close(self._stdin)
            self._stdin = -1
        return unsent

    def _end(self) -> None:
        try:
            os.kill(-self._pid if self._deadline else self._pid, 15)
            os.waitpid(self._pid, 0)
            self._ended = True
        except (ProcessLookupError, ChildProcessError):
            return

    def _close(self) -> None:
        for descriptor in (self._stdin, self._out, self._err):
            if descriptor >= 0:
                os.close(descriptor)


def _status(raw: int) -> int:
    return os.waitstatus_to_exitcode(raw)


class Git:
    """git, run at one place: `cwd` is a worktree or a repository, `keep` the descriptors that its children hold on to.

    A mutex whose descriptor a child holds outlives its killed parent for as long as that child still writes (contract
    section 9); so `keep` is for local git only, and not for `plain`. `more` is environment of every call but `plain`.
    """

    __slots__ = ("cwd", "keep", "more")
    _environment: dict[str, str] | None = None

    def __init__(self, cwd: str, keep: tuple[int, ...] = (), more: Mapping[str, str] | None = None) -> None:
        self.cwd = cwd
        self.keep = keep
        self.more = more or {}

    def ask(self, *args: str, data: bytes = b"", allowed: tuple[int, ...] = (0,)) -> str:
        """Return what git answers, trailing newline stripped; reads only, takes no optional lock."""
        return (
            self.start(*args, data=data)
            .answer(allowed=allowed)
            .decode("utf-8", "surrogateescape")
            .rstrip("\n")
        )

    def ask_ok(self, *args: str) -> bool:
        """Return whether git ended with 0; 1 is no, anything else raises GitError."""
        running = self.start(*args)
        status, _out, err = running.wait()
        if status not in (0, 1):
            raise GitError(args, self.cwd, status, err.decode("utf-8", "replace"))
        return status == 0

    def ask_fields(self, *args: str, data: bytes = b"") -> list[str]:
        """Return the NUL-terminated fields of an answer (`-z`)."""
        out = self.start(*args, data=data).answer().decode("utf-8", "surrogateescape")
        return out.split("\0")[:-1]

    def do(
        self,
        *args: str,
        data: bytes = b"",
        env: Mapping[str, str] | None = None,
        watch: Callable[[Running], None] | None = None,
    ) -> str:
        """Change something; a status that is not 0 raises GitError. Returns stdout.

        `watch` is called with the process once it runs, so that somebody else can stop it.
        """
        cross(f"git {' '.join(args)}")
        running = self._spawn(
            ["git", "-C", self.cwd, *args], data, {**self._base(), **self.more, **(env or {})}
        )
        if watch is not None:
            watch(running)
        out = running.answer().decode("utf-8", "surrogateescape").rstrip("\n")
        cross(f"done git {' '.join(args)}")
        return out

    def start(self, *args: str, data: bytes = b"") -> Running:
        """Start a reader without waiting for it, so that two can run side by side."""
        return self._spawn(
            ["git", "--no-optional-locks", "-C", self.cwd, *args],
            data,
            {**self._base(), **self.more} if self.more else self._base(),
        )

    def start_refresh(self, *args: str) -> Running:
        """Start a reader that may write a refreshed index: for slots whose mutex the caller holds."""
        return self._spawn(["git", "-C", self.cwd, *args], b"", self._base())

    def plain(self, *args: str) -> int:
        """Run git as the user would, terminal and all, its stdout sent to stderr; returns its status.

        It runs the user's own hooks and agents, whose daemons would keep our mutexes: it gets none of them.
        """
        env = clean_environment(os.environ)
        cross(f"git {' '.join(args)}")
        # nobody would end a git that we do not know of yet
        mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _TO_END)
        try:
            pid = _spawn(["git", "-C", self.cwd, *args], env, [(os.POSIX_SPAWN_DUP2, 2, 1)], mask=mask)
        except BaseException:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
            raise
        status = _status(_wait(pid, mask))
        cross(f"done git {' '.join(args)}")
        return status

    def distant(self, *args: str, seconds: float) -> int | None:
        """Run git where it may talk to a remote, asking nobody anything; returns its status, None where time was up.

        Credential daemons would keep our mutexes: it gets none of them. Its session has no terminal to ask on.
        """
        env = {**self._base(), "GIT_ASKPASS": "false", "SSH_ASKPASS": "false", "SSH_ASKPASS_REQUIRE": "never",
               "GCM_INTERACTIVE": "never"}  # fmt: skip
        cross(f"git {' '.join(args)}")
        if self.keep:
            raise ValueError("a git that may talk to the network keeps no mutex")
        running = self._spawn(["git", "-C", self.cwd, *args], b"", env, seconds)
        try:
            status, _out, _err = running.wait()
        except TimeoutError:
            return None
        cross(f"done git {' '.join(args)}")
        return status

    @classmethod
    def _base(cls) -> dict[str, str]:
        found = cls._environment
        if found is None:
            cls._environment = found = _tool_environment()
        return found

    @classmethod
    def look_again(cls) -> None:
        """Forget the environment that was seen first: a program that lives long may change its own."""
        cls._environment = None

    def _kept_actions(self) -> list[tuple[int, int, int]]:
        return [(os.POSIX_SPAWN_DUP2, held, _FIRST_KEPT + n) for n, held in enumerate(self.keep)]

    def _spawn(self, argv: list[str], data: bytes, env: dict[str, str], seconds: float = 0) -> Running:
        out, child_out = os.pipe()
        err, child_err = os.pipe()
        child_in, stdin = os.pipe() if data else (os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC), -1)
        actions = [
            (os.POSIX_SPAWN_DUP2, child_in, 0),
            (os.POSIX_SPAWN_DUP2, child_out, 1),
            (os.POSIX_SPAWN_DUP2, child_err, 2),
            *self._kept_actions(),
        ]
        try:
            pid = _spawn(argv, env, actions, alone=bool(seconds))
        except BaseException:
            for descriptor in (out, err, stdin):
                if descriptor >= 0:
                    os.close(descriptor)
            raise
        finally:
            for descriptor in (child_in, child_out, child_err):
                os.close(descriptor)
        deadline = time.monotonic() + seconds if seconds else 0
        return Running(argv[1:], self.cwd, pid, (stdin, out, err), data, deadline)


def _spawn(
    argv: list[str],
    env: dict[str, str],
    actions: list[tuple[int, int, int]],
    *,
    alone: bool = False,
    mask: Iterable[int] = (),
) -> int:
    try:
        return os.posix_spawnp(
            argv[0],
            argv,
            env,
            file_actions=actions,
            setsigdef=_SIGPIPE_AND_SIGXFSZ,
            setsigmask=mask,
            setsid=alone,
        )
    except FileNotFoundError as error:
        raise WtError(
            "git was not found on PATH.", "install git 2.38 or newer, then: git --version"
        ) from error


def _wait(pid: int, mask: set[int]) -> int:
    """Wait through an interrupt: the child (which has Ctrl-C too, for that goes to the whole group) must end first.

    One that was held back until now comes with the `mask` as it was.
    """
    try:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
        return os.waitpid(pid, 0)[1]
    except Interrupted as interrupted:
        _end(pid, interrupted.signum)
        raise
    except KeyboardInterrupt:
        _end(pid)
        raise


def _end(pid: int, signum: int = 0) -> None:
    try:
        os.kill(pid, signum)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):  # it had ended by then
        return
