"""What new and acquire have in common: the request from the options, and what a person is told about the slot."""

from __future__ import annotations

from wt.cli import args, trusting
from wt.cli.freed import freed
from wt.errors import CapacityError, quoted
from wt.model import replaced
from wt.pool import acquire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.pool.acquire import Acquired
    from wt.pool.location import Pool
    from wt.trust import Policy

    T = TypeVar("T")

OPTIONS = (
    args.Option(
        "--from", "where the branch begins; else the base, or its upstream where that is ahead", "REF"
    ),
    args.Option("--group", "the group to take the slot from", "G"),
    args.Option("--adopt", "take up a branch that exists already"),
    args.Option("--wait", "how long to wait for a slot where all are in use", "SECONDS"),
    args.EXCLUDE,
    *trusting.OPTIONS,
    args.POOL,
    args.COLOR,
)


def take(parsed: Parsed, ctx: Context, pool: Pool, name: str, *, adopt: bool) -> tuple[Policy, Acquired]:
    """Acquire a name as the options ask for, and say which slot it is; returns what was said of hooks, too."""
    request = acquire.Request(
        name, parsed.value("--from"), parsed.value("--group"),
        adopt=adopt, wait=parsed.number("--wait", 0.0),
        exclude=parsed.listed("--exclude-submodule-tags"), more=freed,
    )  # fmt: skip
    hooks, taken = for_people(
        lambda: trusting.with_consent(
            ctx, pool, trusting.policy(parsed, ctx),
            lambda hooks: (hooks, acquire.acquire(pool, replaced(request, hooks=hooks), ctx.out.say)),
        ),
        ctx,
    )  # fmt: skip
    tell_taken(ctx, taken)
    return hooks, taken


def for_people(taking: Callable[[], T], ctx: Context) -> T:
    """Take a slot; where all are in use, name the releases that look at what is in them: the core's own would not."""
    try:
        return taking()
    except CapacityError as error:
        if error.oldest is not None:
            key = f" --pool {quoted(ctx.key)}" if ctx.key else ""
            error.hints[:] = [
                f"to see which of them can go: wt ls{key}",
                f"to give the oldest back: wt release {quoted(error.oldest)}{key}",
            ]
        raise


def tell_taken(ctx: Context, taken: Acquired) -> None:
    warmth = "new, its caches are cold" if taken.fresh else "warm"
    ctx.out.say_painted([(f"{taken.name}", "bold"), (f" in {taken.slot} ({warmth}) at {taken.sha[:9]}", "")])
