"""What is said of a slot that was looked at to be given back, and where the shell goes that stands in it."""

from __future__ import annotations

import os

from wt.errors import WtError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.context import Context
    from wt.pool.location import Pool
    from wt.session.cleanup import Outcome


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
    mark = (f"{ctx.out.mark(done.found.mark)} {done.found.reason}", done.found.mark)
    if done.what == "recycled":
        ctx.out.say_painted([mark, (f": {done.name} is released; {done.slot} is idle and warm.", "")])
        return
    ctx.out.say_painted([mark, (f": {done.name} stays: {done.why}.", "")])
    ctx.hint(done.found.next)
