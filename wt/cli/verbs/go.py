"""wt go: a supervised session in a slot, cleaned up whatever ends it."""

from __future__ import annotations

from wt import times
from wt.cli import args, trusting
from wt.cli.bare import age
from wt.cli.named import here
from wt.cli.taking import OPTIONS, take
from wt.errors import ContendedError, UsageError, WtError, operand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.session.go import Session
    from wt.session.verdict import Verdict

VERB = args.Verb(
    "go", "work in a slot that is given back when you leave", ("[NAME]",),
    tuple(option for option in OPTIONS if option.name != "--adopt"),
    (
        ("wt go feature-x", "a shell in its slot: a new one, or the one that is held, or for a branch that is there"),
        ("wt go fix --from v1.2 -- make test", "a command instead of a shell, and its exit status"),
    ),
    "Without a command it runs WT_LAUNCHER, else $SHELL. To just change directory: wt cd.",
    command=True,
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.pool import hooking
    from wt.session import go

    go.refuse(ctx.env, parsed.word())
    pool = ctx.open_pool()
    name = parsed.word() or here(ctx, pool)
    if name is None:
        raise UsageError("`wt go` needs NAME outside of a slot.", "to begin: wt go feature-x")
    hooking.refuse_inside(pool, ctx.env, "go", name)
    session = _begun(parsed, ctx, pool, name)
    seconds: float | None = None
    try:
        launcher = go.prepare(pool, session)
        status, seconds = go.launch(pool, session, parsed.command, launcher, ctx.env)
    finally:
        _end(ctx, pool, session, seconds)
    return status


def _begun(parsed: Parsed, ctx: Context, pool: Pool, name: str) -> Session:
    """Resume what is held, with a warning; else acquire: a branch that is there is taken up."""
    from wt.pool import reclaim, survey
    from wt.session import go, release

    slot = survey.take(pool).named(name)
    if slot is not None and slot.transitional:
        reclaim.recover(pool, "go", ctx.out.say)
        slot = survey.take(pool).named(name)
    if slot is not None:
        return _resumed(parsed, ctx, pool, slot)
    adopt = not parsed.given("--from") and go.is_there(pool, name)
    hooks, taken = take(parsed, ctx, pool, name, adopt=adopt)
    return go.Session(release.require_held(pool, name), taken.fresh, resumed=False, hooks=hooks)


def _resumed(parsed: Parsed, ctx: Context, pool: Pool, slot: Slot) -> Session:
    from wt.session import go, verdict

    _refuse_unusable(parsed, slot)
    hooks = trusting.with_consent(
        ctx, pool, trusting.policy(parsed, ctx), lambda policy: go.approved(pool, slot, policy)
    )
    found = verdict.judge(pool, slot)
    ctx.out.say_painted([
        (f"{slot.name}", "bold"), (f" is held by {slot.slot} since {times.in_words(age(slot))}; it is taken up again: ", ""),
        (f"{ctx.out.mark(found.mark)} {found.reason}", found.mark), (f", {found.why}.", ""),
    ])  # fmt: skip
    return go.Session(slot, fresh=False, resumed=True, hooks=hooks)


def _refuse_unusable(parsed: Parsed, slot: Slot) -> None:
    if slot.transitional:
        raise ContendedError(
            f"`{slot.name}` is {slot.state} in {slot.slot} at this moment.", "to see when it is done: wt ls"
        )
    if slot.path is None or slot.state == "broken":
        raise WtError(f"The slot of `{slot.name}` is broken: {slot.problem}.", "to see more: wt doctor")
    for option in ("--from", "--group"):
        if parsed.given(option):
            raise UsageError(
                f"`{slot.name}` is held already, so {option} would be ignored; nothing was done.",
                f"to take it up again: wt go {operand(slot.held.name)}",
            )


def _end(ctx: Context, pool: Pool, session: Session, seconds: float | None) -> None:
    """Clean up. The terminal may have been hung up: then nobody can be told."""
    import _signal  # type: ignore[import-not-found]  # `signal` without its enums, which cost 4 ms

    from wt.session import go

    _signal.signal(_signal.SIGHUP, _signal.SIG_IGN)
    if not go.is_still_ours(pool, session):
        _aloud(lambda: ctx.out.say(f"{session.name} was given back already."))
        return
    found = go.misfire(pool, session, seconds)
    if found is not None:
        _aloud(lambda: _tell_misfire(ctx, session.name, found))
        return
    _clean_up(ctx, pool, session)


def _clean_up(ctx: Context, pool: Pool, session: Session) -> None:
    from wt import shell
    from wt.cli.leaving import tell_outcome, way_out
    from wt.session import cleanup

    way = way_out(ctx, pool, session.slot.path)
    done = cleanup.clean_up(pool, session.name, lambda text: _aloud(lambda: ctx.out.say(text)), session.hooks)
    _aloud(lambda: tell_outcome(ctx, done))
    if done.what == "recycled" and way is not None:
        shell.send_to(ctx.env, way)


def _tell_misfire(ctx: Context, name: str, found: Verdict) -> None:
    from wt.cli.leaving import tell_verdict

    tell_verdict(ctx, name, found, f"{found.why}; the slot stays.")
    ctx.hint(f"to try again: {found.next}")
    ctx.hint(f"to give it back: wt release {operand(name)}")


def _aloud(say: Callable[[], None]) -> None:
    try:
        say()
    except OSError:  # the terminal was hung up
        return
