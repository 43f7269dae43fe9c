"""wt whoami: `worktree PATH`, `source PATH` or `none`; never fails."""

from __future__ import annotations

import os

from wt.cli import args
from wt.errors import WtError
from wt.git import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "whoami",
    "say whether this directory is a slot, a source or neither",
    (),
    (args.JSON, args.POOL, args.COLOR),
)


def run(parsed: Parsed, ctx: Context) -> int:
    kind, path, name, key = _who(ctx)
    if parsed.given("--json"):
        ctx.out.json({"kind": kind, "path": path, "name": name, "pool": key})
    else:
        ctx.out.path(f"{kind} {path}" if path else kind)
    return 0


def _who(ctx: Context) -> tuple[str, str | None, str | None, str | None]:
    from wt.pool import location, survey

    place = layout.find(ctx.cwd)
    while place is not None and not layout.is_slot(place):
        above = os.path.dirname(place.top or place.git_dir)
        around = layout.find(above) if above != "/" else None
        if around is None or not layout.is_slot(around):
            break
        place = around
    if place is None:
        return "none", None, None, None
    made_for = survey.provenance(place.git_dir)
    if place.linked and made_for:
        from wt.pool import lock

        held = lock.read(place.git_dir)
        return "worktree", place.top, held.name if held else None, made_for.get("key")
    try:
        served = location.over_source(location.worktree_root(ctx.env), place.common)
    except WtError:
        served = []
    return ("source", place.top or place.git_dir, None, served[0]) if served else ("none", None, None, None)
