"""What is said of a slot that was looked at to be given back, and where the shell goes that stands in it."""

from __future__ import annotations

import os

from wt.errors import WtError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.context import Context
    from wt.pool.location import Pool
    from wt.session.cleanup import Outcome
    from wt.session.verdict import Verdict


def way_out(ctx: Context, pool: Pool, path: str | None) -> str | None:
    """Return where the shell goes, None if it does not stand in the slot."""
    if path is None or not f"{os.path.realpath(ctx.cwd)}/".startswith(f"{os.path.realpath(path)}/"):
        return None
    from wt.session import base

    try:
        return base.destination(pool, base.find(pool), path, ctx.cwd)
    except WtError:  # where the base is, is no matter of a release
        return pool.config.source


def tell_outcome(ctx: Context, done: Outcome) -> None:
    """Say what became of a slot by its verdict, and where it stays, what to run next."""
    if done.found is None:
        ctx.out.say(f"{done.name} stays: {done.why}")
        return
    if done.what == "recycled":
        tell_verdict(ctx, done.name, done.found, f"released; {done.slot} is idle and warm.")
        return
    tell_verdict(ctx, done.name, done.found, f"{done.why}; the slot stays.")
    ctx.hint(done.found.next)


def tell_verdict(ctx: Context, name: str, found: Verdict, text: str) -> None:
    """Say something of a slot that was judged, as `wt info` heads its page."""
    mark = f"  {ctx.out.mark(found.mark)} {found.reason}"
    ctx.out.say_rows([(name, "bold"), (mark, found.mark), (f": {text}", "")])
