"""wt go: a supervised session in a slot, cleaned up whatever ends it."""

from __future__ import annotations

import os

from wt import times
from wt.cli import args
from wt.cli.bare import age
from wt.cli.named import here
from wt.cli.taking import OPTIONS, take
from wt.errors import ContendedError, UsageError, WtError, operand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.session.go import Session
    from wt.session.verdict import Verdict

VERB = args.Verb(
    "go", "work in a slot under supervision: when you leave, it is given back if nothing would be lost", ("[NAME]",),
    tuple(option for option in OPTIONS if option.name != "--adopt"),
    (
        ("wt go feature-x", "a shell in its slot: a new one, or the one that is held, or for a branch that is there"),
        ("wt go fix --from v1.2 -- make test", "a command instead of a shell, and its exit status"),
    ),
    "Without a command it runs WT_LAUNCHER, else $SHELL. To just change directory: wt cd.",
    command=True,
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.session import go

    go.refuse(ctx.env, parsed.word())
    pool = ctx.open_pool()
    name = parsed.word() or here(ctx, pool)
    if name is None:
        raise UsageError("`wt go` needs NAME outside of a slot.", "to begin: wt go feature-x")
    session = _begun(parsed, ctx, pool, name)
    seconds = 0.0
    try:
        status, seconds = go.launch(pool, session, parsed.command, "", ctx.env)
    finally:
        _end(ctx, pool, session, seconds)
    return status


def _begun(parsed: Parsed, ctx: Context, pool: Pool, name: str) -> Session:
    """Resume what is held, with a warning; else acquire: a branch that is there is taken up."""
    from wt.pool import reclaim, survey
    from wt.session import go

    slot = survey.take(pool).named(name)
    if slot is not None and slot.transitional:
        reclaim.recover(pool, "go", ctx.out.say)
        slot = survey.take(pool).named(name)
    if slot is not None:
        return _resumed(parsed, ctx, pool, slot)
    wanted = parsed.value("--from")
    adopt = wanted is None and go.is_there(pool, name)
    taken = take(parsed, ctx, pool, name, adopt=adopt)
    return go.Session(_held(pool, name), taken.fresh, resumed=False)


def _held(pool: Pool, name: str) -> Slot:
    from wt.session.release import require_held

    return require_held(pool, name)


def _resumed(parsed: Parsed, ctx: Context, pool: Pool, slot: Slot) -> Session:
    from wt.session import go, verdict

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
    found = verdict.judge(pool, slot)
    ctx.out.say_painted([
        (f"{slot.name}", "bold"), (f" is held by {slot.slot} since {times.in_words(age(slot))}; it is taken up again: ", ""),
        (f"{ctx.out.mark(found.mark)} {found.reason}", found.mark), (f", {found.why}.", ""),
    ])  # fmt: skip
    return go.Session(slot, fresh=False, resumed=True)


def _end(ctx: Context, pool: Pool, session: Session, seconds: float) -> None:
    """Clean up, whoever is gone meanwhile: the terminal may be, and then nobody can be told."""
    import _signal  # type: ignore[import-not-found]  # `signal` without its enums, which cost 4 ms

    from wt.session import go

    _signal.signal(_signal.SIGHUP, _signal.SIG_IGN)
    if not go.is_still_ours(pool, session):
        _say(ctx, f"{session.name} was given back already.")
        return
    found = go.misfire(pool, session, seconds)
    if found is not None:
        _stays(ctx, session.name, found, f"wt release {operand(session.name)}")
        return
    _clean_up(ctx, pool, session)


def _clean_up(ctx: Context, pool: Pool, session: Session) -> None:
    from wt import shell
    from wt.session import base, release

    slot = session.slot
    inside = f"{os.path.realpath(ctx.cwd)}/".startswith(f"{os.path.realpath(slot.directory)}/")
    try:
        go_to = base.destination(pool, base.find(pool), slot.directory, ctx.cwd) if inside else None
        done = release.release_safely(pool, session.name, lambda text: _say(ctx, text), force=False)
    except WtError as error:
        _say(ctx, f"{session.name} stays: {error.sentence}", *error.hints[:1])
        return
    _say(ctx, f"{session.name} is released; {done.slot} is idle and warm.")
    if go_to is not None:
        shell.send_to(ctx.env, go_to)


def _stays(ctx: Context, name: str, found: Verdict, *hints: str) -> None:
    _say(ctx, f"{ctx.out.mark(found.mark)} {found.reason}: {name} stays: {found.why}.",
         f"to go on with it: {found.next}", *(f"to give it back: {hint}" for hint in hints))  # fmt: skip


def _say(ctx: Context, text: str, *hints: str) -> None:
    try:
        ctx.out.say(text)
        for hint in hints:
            ctx.hint(hint)
    except OSError:  # the terminal was hung up
        return
