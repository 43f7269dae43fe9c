"""argv to verb; the one error boundary; exit codes of contract section 4.

Everything that a verb does not need stays unimported: `wt --version` is measured against the bare interpreter.
"""

from __future__ import annotations

import os

from wt.errors import Interrupted, UsageError, WtError, of_system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NoReturn

    from wt.ui.out import Out

BUG = 70
_SIGPIPE = 13


def entry(argv: list[str]) -> NoReturn:
    """The command `wt`: never returns, and does not pay for the interpreter's shutdown."""
    hurry()
    leave(main(argv))


def leave(code: int) -> NoReturn:
    os._exit(code)


def hurry() -> None:
    """A process that lives for milliseconds has no garbage worth looking for: the looking would cost one of them."""
    import gc

    gc.disable()


def main(argv: list[str]) -> int:
    """Run one command line; returns the exit status."""
    return guarded(run, argv)


def guarded(
    run_: Callable[[list[str], Out, Mapping[str, str]], int], argv: list[str], program: str = "wt"
) -> int:
    """Turn whatever happens into an exit status and, where it must be, one clear sentence on stderr."""
    from wt.ui.out import Out

    _sane_process()
    _forget_repositories()
    env = dict(os.environ)
    out = Out(env, _colour_word(argv))
    try:
        _take_interrupts()
        return run_(argv, out, env)
    except BaseException as error:  # the one boundary: what is not ours is re-raised or reported below
        try:
            return _told(error, argv, program, out, env)
        except (KeyboardInterrupt, Interrupted) as interrupted:  # while it was told
            return _status_of(interrupted)


def _told(error: BaseException, argv: list[str], program: str, out: Out, env: Mapping[str, str]) -> int:
    try:
        if isinstance(error, WtError):
            from wt.cli.hints import placed

            error.hints[:] = placed(error.hints, argv, program, env, out.pool)
            out.error(error)
            return error.code
        if isinstance(error, (KeyboardInterrupt, Interrupted)):
            return _status_of(error)
        if isinstance(error, BrokenPipeError):  # nobody reads the answer: silent, as git and ls are
            return 128 + _SIGPIPE
        if isinstance(error, OSError):
            out.error(of_system(error))
            return 1
        from wt.cli import crash

        return crash.report(error, argv, out, env)
    except OSError:  # stderr itself is gone: the status has to say it all
        return BUG if not isinstance(error, WtError) else error.code


def _status_of(interrupted: BaseException) -> int:
    return 128 + getattr(interrupted, "signum", 2)


def _sane_process() -> None:
    """Repair what a caller may have left us with: closed standard streams, an ignored SIGCHLD."""
    import _signal  # type: ignore[import-not-found]  # `signal` without its enums, which cost 4 ms

    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open("/dev/null", os.O_RDWR)
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)


def _take_interrupts() -> None:
    """What ends us is raised as an exception, unless the caller ignores it."""
    import _signal  # `signal` without its enums, which cost 4 ms

    if _signal.getsignal(_signal.SIGINT) == _signal.SIG_DFL:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    for signum in (_signal.SIGTERM, _signal.SIGHUP):
        if _signal.getsignal(signum) == _signal.SIG_DFL:
            _signal.signal(signum, _interrupted)


def _forget_repositories() -> None:
    """Drop what selects a git repository (a hook of git's has it), also for what reads it where we cannot say otherwise."""
    selecting = [name for name in os.environ if name.startswith("GIT_")]
    if selecting:
        from wt.git.run import clean_environment

        for name in set(selecting).difference(clean_environment(os.environ)):
            del os.environ[name]


def _interrupted(signum: int, _frame: object) -> None:
    raise Interrupted(signum)


def _colour_word(argv: list[str]) -> str:
    for index, word in enumerate(argv):
        if word == "--":
            break
        if word.startswith("--color="):
            return word[8:]
        if word == "--color" and index + 1 < len(argv):
            return argv[index + 1]
    return "auto"


def run(argv: list[str], out: Out, env: Mapping[str, str]) -> int:
    """Find the verb and run it."""
    key, rest = _leading_options(argv)
    if not rest:
        return _help([], out)
    word, rest = rest[0], rest[1:]
    if word in ("--version", "-V"):
        from wt.version import VERSION

        out.answer(f"wt {VERSION}")
        return 0
    if word in ("help", "--help", "-h"):
        return _help(rest, out)
    return _verb(word, rest, key, out, env)


def _leading_options(argv: list[str]) -> tuple[str | None, list[str]]:
    """Accept `wt --pool KEY verb`, and colours, before the verb, too."""
    key, rest = None, list(argv)
    while rest:
        name, equals, value = rest[0].partition("=")
        if name not in ("--pool", "--color"):
            break
        rest.pop(0)
        if not equals:
            value = rest.pop(0) if rest else ""
        if not value:
            raise UsageError(f"{name} needs a value.", "to see all: wt help")
        if name == "--color":
            from wt.cli.args import COLOR, check_choice

            check_choice(COLOR, value)
        key = value if name == "--pool" else key
    return key, rest


def _help(argv: list[str], out: Out) -> int:
    from wt.cli.help import show

    return show(argv, out)


def _verb(word: str, argv: list[str], key: str | None, out: Out, env: Mapping[str, str]) -> int:
    from wt.cli.registry import ALIASES, VERBS

    name = ALIASES.get(word, word)
    if name not in VERBS:
        from wt.cli.help import unknown

        raise unknown(word)
    module = __import__(f"wt.cli.verbs.{name}", fromlist=["VERB", "run"])
    if _asks_for_help(argv):
        return _help([name], out)
    from wt.cli import args
    from wt.cli.context import Context

    parsed = args.parse(module.VERB, argv)
    cwd = _cwd(env)
    if env.get("WT_FUNCTION"):
        from wt.cli.function import answer

        cwd = answer(env, cwd, out)
    context = Context(env, cwd, out, key if (named := parsed.value("--pool")) is None else named)
    code: int = module.run(parsed, context)
    return code


def _asks_for_help(argv: list[str]) -> bool:
    before = argv[: argv.index("--")] if "--" in argv else argv
    return "--help" in before or "-h" in before


def _cwd(env: Mapping[str, str]) -> str:
    """Return the current directory; where it was deleted under us, the nearest one above that is there."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        path = env.get("PWD", "/")
        while not os.path.isdir(path):
            path = os.path.dirname(path)
        return path
