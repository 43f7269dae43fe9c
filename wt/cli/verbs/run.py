"""wt run: one command at many commits, side by side in warm slots."""

from __future__ import annotations

import os

from wt.cli import args, trusting
from wt.errors import GitError, Interrupted, UsageError, again, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.cli.running import Board
    from wt.parallel.run.engine import Plan
    from wt.parallel.run.sources import Bisect, InOrder, Outcome
    from wt.parallel.run.targets import Target
    from wt.pool.hooking import Due
    from wt.pool.location import Pool

VERB = args.Verb(
    "run", "run a command at many commits, side by side in warm slots", (),
    (
        args.Option("--at", "a commit, or a range A..B; again for more (else HEAD)", "REV", many=True),
        args.Option("--patch", "a variant: each commit with this patch; again for more", "FILE", many=True),
        args.Option("--bisect", "find the first commit of --at A..B that fails, where A passes"),
        args.Option("--jobs", "how many at once (else as many as processors and slots allow)", "N", short="-j"),
        args.Option("--keep-going", "begin new ones after one that failed, too"),
        args.Option("--timeout", "end each after so many seconds", "S"),
        args.Option("--keep-free", "slots to leave to people (else 1, where the pool has more than one)", "N"),
        args.Option("--fresh", "run again what is remembered to have passed"),
        args.Option("--env", "a variable for the command, NAME=VALUE; again for more", "SETTING", many=True),
        args.Option("--group", "the group to take slots from", "G"),
        args.Option("--junit", "write the results as JUnit XML, too", "FILE"),
        *trusting.OPTIONS, args.JSON, args.POOL, args.COLOR,
    ),
    (
        ("wt run --at main..feature-x -- make test", "every commit of a branch"),
        ("wt run --bisect --at v1.0..main -- make test", "which commit broke it"),
        ("wt run --patch a.diff --patch b.diff -- make test", "which of two patches mends it"),
    ),
    "What git ignores is still in the slots; all else is as in the commit, whatever the run before left. "
    "A pass is remembered by tree, command and --env. Your own checkout is not touched.",
    command=True,
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    if not parsed.command:
        raise UsageError("`wt run` needs a command behind `--`.", "e.g.: wt run -- make test")
    from dataclasses import replace

    from wt.cli import running
    from wt.parallel import results
    from wt.parallel.run.sources import PASS, Bisect

    pool = ctx.open_pool()
    targets = _targets(parsed, ctx, pool)
    plan, source = _plan(parsed, pool, len(targets)), _source(parsed, targets)
    plan = replace(plan, hooks=_hooks(parsed, ctx, pool, targets))
    if not parsed.given("--at") and not parsed.given("--patch"):
        _tell_changes(parsed, ctx, pool)
    if (junit := parsed.value("--junit")) is not None:
        junit = _writable(os.path.join(ctx.cwd, junit))
    board = running.Board(ctx.out, targets, ctx.env.get("HOME", ""))
    ended = False
    try:
        _watch(pool, plan, source, board)
        ended = True
    finally:  # what is known is told, whatever ended the run
        first = source.first_failing if ended and isinstance(source, Bisect) else None
        outcomes = [board.outcomes[target] for target in targets if target in board.outcomes]
        _report(parsed, ctx, plan, board, outcomes, first)
        if junit is not None:
            results.write(junit, running.as_junit(plan.command, outcomes))
    if first is not None:
        _tell_first(parsed, ctx, targets, first)
        return 1 if first else 0
    return 0 if len(outcomes) == len(targets) and all(one.result == PASS for one in outcomes) else 1


def _report(
    parsed: Parsed,
    ctx: Context,
    plan: Plan,
    board: Board,
    outcomes: list[Outcome],
    first: tuple[Target, ...] | None,
) -> None:
    if parsed.given("--json"):
        from wt.cli import running

        board.clear()
        ctx.out.json(running.as_json(plan.command, outcomes, first))
    else:
        board.summary(whole=not parsed.given("--bisect"))


def _writable(path: str) -> str:
    """Return where the report goes; UsageError where that is no place for one, before anything is run."""
    directory = os.path.dirname(path)
    if os.path.isdir(path) or not os.path.isdir(directory) or not os.access(directory, os.W_OK):
        raise UsageError(f"The report {path} could not be written; nothing was run.",
                         again("e.g.", {"--junit": "junit.xml"}))  # fmt: skip
    return path


def _targets(parsed: Parsed, ctx: Context, pool: Pool) -> list[Target]:
    from wt.parallel.run import targets

    revisions, patches = parsed.values("--at"), parsed.values("--patch")
    if not parsed.given("--bisect"):
        return targets.resolve(pool, ctx.cwd, revisions, patches)
    if len(revisions) != 1 or ".." not in revisions[0] or "..." in revisions[0] or patches:
        raise UsageError("`--bisect` needs one range, and no patch: `--at A..B`, where A passes.",
                         "e.g.: wt run --bisect --at v1.0..main -- make test")  # fmt: skip
    git = targets.here(pool, ctx.cwd)
    good, _, _bad = revisions[0].partition("..")
    line = [good or "HEAD", *targets.expand(git, revisions[0], first_parent=True)]
    return targets.resolve(pool, ctx.cwd, line, ())


def _tell_changes(parsed: Parsed, ctx: Context, pool: Pool) -> None:
    """Who names no commit may think that it is the files before their eyes."""
    from wt.git import layout, status
    from wt.parallel.run import targets

    git = targets.here(pool, ctx.cwd)
    place = layout.find(git.cwd)
    try:
        if place is None or place.top is None or status.read(git, untracked="no").clean:
            return
    except GitError:  # what git cannot tell of a checkout is no business of a run
        return
    ctx.out.say(f"what is not committed in {place.top} is not tried.")
    command = " ".join(quoted(word) for word in parsed.command)
    ctx.hint(
        f"to try it: git diff --binary HEAD > /tmp/mine.diff && wt run --patch /tmp/mine.diff -- {command}"
    )


def _plan(parsed: Parsed, pool: Pool, count: int) -> Plan:
    from wt.parallel.run.engine import Plan

    slots = pool.config.max_slots
    free = _least(parsed, "--keep-free", 1 if slots > 1 else 0, 0)
    if free >= slots:
        many = "1 slot" if slots == 1 else f"{slots} slots"
        raise UsageError(f"--keep-free is {free}, and the pool has {many} in all.",
                         again("e.g.", {"--keep-free": str(slots - 1)}))  # fmt: skip
    jobs = _least(parsed, "--jobs", min(os.cpu_count() or 1, slots - free), 1)
    timeout = float(parsed.number("--timeout", 0.0))
    if parsed.given("--timeout") and timeout <= 0:
        raise UsageError("--timeout needs some seconds.", again("e.g.", {"--timeout": "60"}))
    group = parsed.value("--group") or (pool.config.groups[0] if pool.config.groups else None)
    if group is not None and group not in pool.config.groups:
        raise UsageError(f"The pool `{pool.key}` has no group `{group}`.", again("so", without=("--group",)))
    return Plan(parsed.command, _environment(parsed), min(jobs, count, slots - free), free, timeout or None,
                parsed.given("--fresh"), group)  # fmt: skip


def _hooks(parsed: Parsed, ctx: Context, pool: Pool, targets: list[Target]) -> dict[str, Due | None]:
    """Return the hooks of every commit concerned; UntrustedError where those of any are not approved."""
    from wt.pool import hooking

    commits = [target.commit for target in targets]
    wish = trusting.policy(parsed, ctx)
    return trusting.with_consent(
        ctx, pool, wish, lambda hooks: hooking.of_commits(pool, hooks, commits, "run")
    )


def _least(parsed: Parsed, name: str, default: int, least: int) -> int:
    number = parsed.count(name, default)
    if number < least:
        raise UsageError(
            f"{name} is {number}; the least is {least}.", again("e.g.", {name: str(max(default, least))})
        )
    return number


def _environment(parsed: Parsed) -> dict[str, str]:
    found = {}
    for setting in parsed.values("--env"):
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise UsageError(f"--env needs NAME=VALUE, not `{setting}`.", again("e.g.", {"--env": "CI=1"}))
        found[name] = value
    return found


def _source(parsed: Parsed, targets: list[Target]) -> InOrder | Bisect:
    from wt.parallel.run.sources import Bisect, InOrder

    if parsed.given("--bisect"):
        return Bisect(targets)
    return InOrder(targets, keep_going=parsed.given("--keep-going"))


def _watch(pool: Pool, plan: Plan, source: InOrder | Bisect, board: Board) -> None:
    """Show what happens until all is over; an interrupt stops everything, and every slot is given back."""
    from wt.git import alive
    from wt.parallel.run.engine import Engine

    alive.show_on(None)  # the table is alive enough, and would be drawn over
    engine = Engine(pool, plan, source)
    try:
        with engine:
            try:
                for event in engine.events():
                    board.show(event)
            except BaseException:
                engine.shield()
                raise
    except (KeyboardInterrupt, Interrupted):
        board.interrupted()
        raise
    finally:
        board.clear()


def _tell_first(parsed: Parsed, ctx: Context, targets: list[Target], first: tuple[Target, ...]) -> None:
    if parsed.given("--json"):
        return
    if not first:
        ctx.out.say("nothing fails: the last commit passes.")
    elif first[0] is targets[0]:
        ctx.out.answer(f"{first[0].commit[:9]}, where the range begins, fails already.")
    elif len(first) > 1:
        ctx.out.answer(f"The first failing commit is one of {', '.join(one.commit[:9] for one in first)}.")
    else:
        ctx.out.answer(f"{first[0].commit} is the first failing commit: {first[0].subject}")
