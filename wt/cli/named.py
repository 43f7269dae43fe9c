"""Which slot a verb without NAME means: the one that the current directory is in."""

from __future__ import annotations

import os

from wt.errors import UsageError
from wt.pool import survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.context import Context
    from wt.pool.location import Pool


def name_or_here(ctx: Context, pool: Pool, given: str | None, verb: str) -> str:
    """Return the name given, else that of the slot around the current directory."""
    name = here(ctx, pool) if given is None else given
    if name is None:
        raise UsageError(
            f"{ctx.cwd} is in no held slot; `wt {verb}` needs a name here.", "to see the names: wt ls"
        )
    return name


def here(ctx: Context, pool: Pool) -> str | None:
    """Return the name of the held slot around the current directory."""
    cwd = os.path.realpath(ctx.cwd)
    for slot in survey.take(pool).slots:
        if slot.lock is not None and slot.path and f"{cwd}/".startswith(f"{os.path.realpath(slot.path)}/"):
            return slot.lock.name
    return None
