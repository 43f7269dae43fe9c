"""What can go wrong, as values: a kind (which picks the exit code of contract section 4), a sentence, hints.

WtError                 1   refused or failed
  UsageError            2   an option, a name that breaks the rules, a group that is not there
  ContendedError        3   try again
  CapacityError         4   release one
  SameShaError          5   another slot holds that commit
    PoolExhausted       4   the library's, and a RuntimeError
  NameHeldError         6   resume it or release it
    NameHeld            6   the library's
  UntrustedError        7   hooks not trusted
    HooksNotTrusted     7   the library's
  GitError              1   git said no: the record of one call
  SetupError            1   a hypothesis could not be set up
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@=,:")


def quoted(word: str) -> str:
    """Return a word as a shell reads it back, for hints: `shlex.quote` without the import of `re`."""
    return word if word and _SAFE.issuperset(word) else "'" + word.replace("'", "'\"'\"'") + "'"


def operand(word: str) -> str:
    """Return a word as it stands behind a verb: what begins with a dash is no option there."""
    return f"-- {quoted(word)}" if word.startswith("-") else quoted(word)


class Again(str):  # noqa: SLOT000 (one is made on the way to an error, and a string cannot have both)
    """A hint that is the caller's own command once more, changed: the edge, which knows what was typed, writes it out.

    `options` are set (None: a flag), `without` left out, `words` replaced where they stand, whatever option they belong
    to; `before` goes in front of the command. `otherwise` is the hint where the caller's verb has no such option.
    `command` is the word that `--` should stand before.
    """

    why: str
    options: dict[str, str | None]
    words: dict[str, str]
    without: tuple[str, ...]
    before: str
    otherwise: str
    command: str


def again(
    why: str,
    options: dict[str, str | None] | None = None,
    *,
    words: dict[str, str] | None = None,
    without: tuple[str, ...] = (),
    before: str = "",
    otherwise: str = "",
    command: str = "",
) -> Again:
    """Return such a hint. As plain text, for who knows no command line, it says what to change."""
    changes = [f"{name} {value}" if value is not None else name for name, value in (options or {}).items()]
    changes += [f"without {name}" for name in without] + list((words or {}).values())
    hint = Again(f"{why}: {', '.join(changes)}" if changes else f"{why}: the same command")
    hint.why, hint.options, hint.words = why, options or {}, words or {}
    hint.without, hint.before, hint.otherwise, hint.command = without, before, otherwise, command
    return hint


class WtError(Exception):
    """One sentence for a person, and hints that each end in a command that can be pasted."""

    code = 1
    slot: str | None = None  # the id of the one that could not be brought up, where one had been claimed

    def __init__(self, sentence: str, *hints: str, details: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.noted: list[str] = []
        self.hints = list(hints)
        self.details = details

    @property
    def __notes__(self) -> list[str]:
        """Show in a traceback what a command would print below the sentence, and what others note (PEP 678)."""
        return [*filter(None, [self.details]), *(f"hint: {hint}" for hint in self.hints), *self.noted]

    @__notes__.setter
    def __notes__(self, notes: list[str]) -> None:
        """tblib, which brings Dask's errors home, sets all of them."""
        self.noted += [note for note in notes if note not in self.__notes__]

    def add_note(self, note: str) -> None:
        self.noted.append(note)

    def hint(self, *hints: str) -> WtError:
        """Attach hints where the knowledge is; returns itself, to be raised."""
        self.hints.extend(hints)
        return self


def of_system(error: OSError) -> WtError:
    """Return what the operating system refused, and where, as an error of ours."""
    where = f": {error.filename}" if error.filename else ""
    return WtError(f"{error.strerror or error}{where}.")


class UsageError(WtError):
    code = 2


class ContendedError(WtError):
    code = 3


class CapacityError(WtError):
    """`oldest` is the name that is held for the longest time, for a hint of the caller's own."""

    code = 4
    oldest: str | None = None


class SameShaError(WtError):
    code = 5


class NameHeldError(WtError):
    code = 6


class UntrustedError(WtError):
    """`content` is the hooks file that is not approved, None where it is none that could be."""

    code = 7
    content: bytes | None = None


class PoolExhausted(CapacityError, RuntimeError):  # noqa: N818 (the name is the public API's)
    """The library's: every slot is held and the pool has its full size."""


class NameHeld(NameHeldError):  # noqa: N818 (the name is the public API's)
    """The library's: the id is held by another live process, or by another pool object."""


class HooksNotTrusted(UntrustedError):  # noqa: N818 (as those two)
    """The library's: the hooks of a commit are not approved; nothing was touched. A hint is the line that approves them."""


class SetupError(WtError):
    """The library's: a hypothesis could not be set up; the sentence names it."""


class ConfigError(WtError):
    """A file of ours that cannot be read; the sentence names file, key and value."""


class Interrupted(BaseException):
    """SIGINT or SIGTERM reached us; `signum` picks 130 or 143."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def git_verb(argv: Sequence[str]) -> str:
    """Return the verb of a git command line, global options skipped."""
    pairs = zip(("", *argv), argv, strict=False)
    return next(
        (word for before, word in pairs if not word.startswith("-") and before not in ("-C", "-c")), ""
    )


class GitError(WtError):
    """One failed call of git: argv, where, status and what it said.

    `returncode` is negative where a signal ended git, as in `subprocess`.
    """

    def __init__(self, argv: Sequence[str], cwd: str, returncode: int, stderr: str) -> None:
        verb = git_verb(argv)
        ended = f"was ended by signal {-returncode}" if returncode < 0 else f"ended with status {returncode}"
        super().__init__(f"git {verb} {ended} in {cwd}.", details=stderr.strip())
        self.argv = tuple(argv)
        self.cwd = cwd
        self.returncode = returncode
        self.stderr = stderr

    def __reduce__(self) -> tuple[type[GitError], tuple[tuple[str, ...], str, int, str], dict[str, object]]:
        """Travel to another process whole: a worker's failure is told where its result is waited for."""
        return type(self), (self.argv, self.cwd, self.returncode, self.stderr), self.__dict__
