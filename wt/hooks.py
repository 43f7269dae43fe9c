"""Finds hooks files and runs their functions (contract section 14); the only starter of hooks.

The bytes that were checked are the bytes that run: the repository's come from a commit's blob, never from the working
copy. A hook has a session of its own, so that it cannot reach the terminal, and none of our locks.
"""

from __future__ import annotations

import os
import select
import stat
import time

from wt import files, trust
from wt.doors import cross
from wt.errors import Interrupted, UntrustedError, WtError, again, quoted
from wt.git.run import clean_environment
from wt.model import record, replaced
from wt.resources import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wt.git.run import Git

NAME = ".wt-hooks.sh"
LIMIT = 1_000_000  # bytes of a hooks file
_REGULAR = ("100644", "100755")
_INT, _QUIT, _KILL, _PIPE, _TERM, _XFSZ = 2, 3, 9, 13, 15, 25
_DEFAULT = (_INT, _QUIT, _PIPE, _TERM, _XFSZ)  # as a hook would have them, however we were started
_TICK_MS = 20
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 16
_LAST_CHUNKS = 16
_GRACE = 2.0  # seconds that an interrupted hook has to end
_SILENCE = 1.0  # seconds after which it is said that a hook is running


@record
class HooksFile:
    """A hooks file's content and its SHA-256 in hex; `origin` says for people where it is from."""

    content: bytes
    sha256: str
    origin: str


@record
class Ran:
    """How a function ended (128 + signal, as a shell has it), and what the file set WT_LAUNCHER to."""

    status: int
    launcher: str = ""


def at_commit(git: Git, commit: str) -> HooksFile | None:
    """Return the repository's hooks file as of a commit; UntrustedError where it is none that can be approved."""
    entry = git.ask("ls-tree", "-z", "--full-tree", "-l", commit, "--", NAME).rstrip("\0")
    if not entry:
        return None
    mode, kind, sha, size = entry.split("\t", 1)[0].split()
    if kind != "blob" or mode not in _REGULAR:
        what = "is a symlink" if mode == "120000" else "is no regular file"
        raise _unapprovable(git, commit, what)
    if int(size) > LIMIT:
        raise _unapprovable(git, commit, "is over 1 MB")
    return of_content(git.start("cat-file", "blob", sha).answer(), f"{NAME} at {commit[:9]}")


def blobs(git: Git, commits: Iterable[str]) -> dict[str, str]:
    """Return what stands for the hooks file at each commit, empty where there is none: one question for all of them, and one
    more where any has none. UntrustedError where one is a submodule."""
    wanted = list(dict.fromkeys(commits))
    data = "".join(f"{commit}:{NAME}\n" for commit in wanted).encode()
    lines = git.ask("cat-file", "--batch-check=%(objectname)", data=data).split("\n")
    found = {commit: "" if " " in line else line for commit, line in zip(wanted, lines, strict=True)}
    absent = [commit for commit, blob in found.items() if not blob]
    tops = "".join(f"{commit}^{{tree}}\n" for commit in absent).encode()
    if absent and f"160000 {NAME}\0" in git.ask("cat-file", "--batch", data=tops):
        for commit in absent:  # a submodule of that name is as missing as the file would be
            at_commit(git, commit)
    return found


def _unapprovable(git: Git, commit: str, why: str) -> UntrustedError:
    return UntrustedError(
        f"{NAME} of {commit[:9]} {why}, so it cannot be approved; nothing was touched.",
        f"to look at it: git -C {quoted(git.cwd)} ls-tree -l {commit} {NAME}",
        again(
            "to go on without hooks",
            {"--no-hooks": None},
            without=("--trust-hooks",),
            otherwise="wt new feature-x --no-hooks",
        ),
    )


def of_content(content: bytes, origin: str) -> HooksFile:
    import hashlib

    return HooksFile(content, hashlib.sha256(content).hexdigest(), origin)


def of_user(env: Mapping[str, str], warn: Callable[[str], None]) -> HooksFile | None:
    """Return the user's own hooks file; it must be the user's, and not writable by others."""
    path = trust.user_file(env)
    if not os.path.lexists(path):
        return None
    try:
        descriptor = os.open(os.path.realpath(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        warn(f"{path} is not run: {error.strerror}.")
        return None
    try:
        found = os.fstat(descriptor)
        why = _not_the_users(found)
        if why:
            warn(f"{path} is not run: {why}.")
            return None
        return of_content(_read(descriptor, found.st_size), path)
    finally:
        os.close(descriptor)


def _not_the_users(found: os.stat_result) -> str:
    if not stat.S_ISREG(found.st_mode):
        return "it is no regular file"
    if found.st_uid != os.geteuid():
        return "it belongs to somebody else"
    if found.st_mode & 0o022:
        return "others may write to it"
    return "it is over 1 MB" if found.st_size > LIMIT else ""


def _read(descriptor: int, size: int) -> bytes:
    chunks = []
    while size > 0 and (data := os.read(descriptor, size)):
        chunks.append(data)
        size -= len(data)
    return b"".join(chunks)


def run(
    hooks: HooksFile, function: str, cwd: str, policy: trust.Policy, variables: Mapping[str, str], scratch: str,
    started: Callable[[int], None] | None = None,
) -> Ran:  # fmt: skip
    """Run one function of a hooks file in a directory; nothing is done where there is no such function.

    `scratch` is a directory for two temp files, from which recovery takes those that a dead process left. `started` is
    told the process group before anything of the file runs.
    """
    path, report = files.temp_path(scratch, NAME), files.temp_path(scratch, "launcher")
    _clear(path, report)
    try:
        files.write_scratch(path, hooks.content)
        argv = ["bash", "-p", find("hooks", "run.bash"), cwd, function, path, report]
        env = {**clean_environment(policy.env), **variables, "PWD": cwd}
        shown = replaced(policy, show=lambda text: policy.show(text.replace(path, hooks.origin)))
        cross(f"hook {function}")
        running = _Running(argv, env, function, shown)
        status = running.follow(started)
        cross(f"done hook {function}")
        return Ran(status, files.read_text(report, 1 << 12) or "")
    finally:
        _clear(path, report)


def _clear(*paths: str) -> None:
    for path in paths:
        if os.path.lexists(path):
            files.unlink(path)


class _Running:
    """One hook under way: its process, what it prints, and the line that lets it begin."""

    def __init__(self, argv: list[str], env: dict[str, str], function: str, policy: trust.Policy) -> None:
        self.function, self.policy = function, policy
        self.out, child_out = os.pipe()
        child_in, self.gate = os.pipe()
        self.rest, self.at_end, self.unheard = b"", False, False
        try:
            self.pid = _spawn(argv, env, child_in, child_out)
        except BaseException:
            os.close(self.out)
            os.close(self.gate)
            raise
        finally:
            os.close(child_in)
            os.close(child_out)

    def follow(self, started: Callable[[int], None] | None) -> int:
        """Show output until the hook's own process ends; what a daemon that it left prints is not waited for."""
        try:
            if started is not None:
                started(self.pid)
            self._let_go()
            return self._until_it_ends()
        except BaseException as error:
            self._end(getattr(error, "signum", _INT))
            raise
        finally:
            for descriptor in (self.out, self.gate):
                if descriptor >= 0:
                    os.close(descriptor)

    def _let_go(self) -> None:
        try:
            os.write(self.gate, b"\n")
        except BrokenPipeError:
            return  # it has ended already, and its status says why
        finally:
            os.close(self.gate)
            self.gate = -1

    def _until_it_ends(self) -> int:
        os.set_blocking(self.out, False)
        poll = select.poll()
        poll.register(self.out, select.POLLIN)
        silent_since: float | None = time.monotonic()
        while True:
            ended, raw = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                break
            if self.policy.stopped():
                raise Interrupted(_TERM)
            if self.at_end:  # it may have closed what it prints to, and go on
                time.sleep(_TICK_MS / 1000)
            elif poll.poll(_TICK_MS):
                self._show_some()
                silent_since = None
            elif silent_since is not None and time.monotonic() - silent_since > _SILENCE:
                self.policy.warn(f"{self.function} is running.")
                silent_since = None
        self._show_last(poll)
        status = os.waitstatus_to_exitcode(raw)
        return status if status >= 0 else 128 - status

    def _show_some(self) -> None:
        """Show the whole lines of what has come and keep the beginning of the next, bounded whatever is printed."""
        data = os.read(self.out, _CHUNK)
        lines, newline, rest = (self.rest + data).rpartition(b"\n")
        if newline:
            self._show(lines)
        self.rest, self.at_end = rest[:_LONGEST_LINE], not data

    def _show(self, lines: bytes) -> None:
        """A stream that nobody reads any more is no reason to end a hook."""
        if self.unheard:
            return
        text = lines.decode("utf-8", "surrogateescape")
        try:
            self.policy.show("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")))
        except OSError:
            self.unheard = True

    def _show_last(self, poll: select.poll) -> None:
        """Show what was printed before the end, and no more: a daemon may go on printing for ever."""
        for _chunk in range(_LAST_CHUNKS):
            if self.at_end or not poll.poll(0):
                break
            self._show_some()
        if self.rest:
            self._show(self.rest)
        if not self.at_end:
            _drain(self.out)

    def _end(self, signum: int) -> None:
        """Ctrl-C ends the whole command: the hook's group gets it too, and more if it does not end by that."""
        try:
            for number in (signum, _TERM, _KILL):
                os.killpg(self.pid, number)
                if self._ends_within(_GRACE):
                    os.killpg(self.pid, _TERM)  # what it had started in the background
                    return
        except (ProcessLookupError, PermissionError, ChildProcessError):
            return
        except BaseException:  # somebody is in a hurry
            os.killpg(self.pid, _KILL)
            raise

    def _ends_within(self, seconds: float) -> bool:
        """Also show its last words, for it may have to say them before it can end."""
        deadline = time.monotonic() + seconds
        os.set_blocking(self.out, False)
        poll = select.poll()
        poll.register(self.out, select.POLLIN)
        ended = False
        while time.monotonic() < deadline:
            ended = ended or bool(os.waitpid(self.pid, os.WNOHANG)[0])
            if not self.at_end and poll.poll(0 if ended else _TICK_MS):
                self._show_some()
            elif ended:
                break
            elif self.at_end:
                time.sleep(_TICK_MS / 1000)
        return ended


def _spawn(argv: list[str], env: dict[str, str], stdin: int, out: int) -> int:
    actions = [
        (os.POSIX_SPAWN_DUP2, stdin, 0),
        (os.POSIX_SPAWN_DUP2, out, 1),
        (os.POSIX_SPAWN_DUP2, out, 2),
    ]
    try:
        return os.posix_spawnp(
            argv[0], argv, env, file_actions=actions, setsid=True, setsigdef=_DEFAULT, setsigmask=()
        )
    except FileNotFoundError as error:
        raise WtError(
            "bash was not found on PATH, and hooks are its functions.", "install bash, then: bash --version"
        ) from error


def _drain(out: int) -> None:
    """Let a daemon that the hook left go on printing, into nothing: it would die of a pipe that nobody reads."""
    actions = [
        (os.POSIX_SPAWN_DUP2, out, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    os.set_blocking(out, True)
    argv = ["sh", "-c", "cd / && exec cat"]
    os.posix_spawnp(
        argv[0], argv, {"PATH": os.defpath}, file_actions=actions, setsid=True, setsigdef=_DEFAULT
    )
