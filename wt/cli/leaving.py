"""Where the shell goes when the slot that it stands in is given back."""

from __future__ import annotations

import os

from wt.errors import WtError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.context import Context
    from wt.pool.location import Pool


def way_out(ctx: Context, pool: Pool, path: str | None) -> str | None:
    """Return where the shell goes, None if it does not stand in the slot."""
    if path is None or not f"{os.path.realpath(ctx.cwd)}/".startswith(f"{os.path.realpath(path)}/"):
        return None
    from wt.session import base

    try:
        return base.destination(pool, base.find(pool), path, ctx.cwd)
    except WtError:  # where the base is, is no matter of a release
        return pool.config.source
