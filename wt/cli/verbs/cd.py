"""wt cd: the shell goes to a held slot, to the previous one, or to the source."""

from __future__ import annotations

import os

from wt.cli import args
from wt.cli.taking import arrive
from wt.errors import ContendedError, UsageError, WtError, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "cd", "go to a held slot, back with -, or to the source", ("[NAME]",),
    (args.Option("--source", "go to the repository that the pool serves"), args.POOL, args.COLOR),
    (("wt cd feature-x", "go to its slot"), ("wt cd -", "go back"), ("wt cd --source", "go to the source")),
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    name = parsed.word()
    if name == "-":
        arrive(ctx, _previous(ctx))
        return 0
    pool = ctx.open_pool()
    if parsed.given("--source"):
        arrive(ctx, pool.config.source)
        return 0
    if name is None:
        raise UsageError("`wt cd` needs NAME.", "to see the names: wt ls")
    from wt.session.release import require_held

    slot = require_held(pool, name, f"to begin it: wt new {quoted(name)}")
    if slot.transitional:
        raise ContendedError(
            f"`{name}` is {slot.state} in {slot.slot} at this moment.", "to see when it is done: wt ls"
        )
    if slot.path is None:
        raise WtError(f"The slot of `{name}` is broken: {slot.problem}.", "to see more: wt doctor")
    arrive(ctx, slot.path)
    return 0


def _previous(ctx: Context) -> str:
    path = ctx.env.get("OLDPWD", "")
    if not path:
        raise WtError("There is no previous directory.", "to see the names: wt ls")
    if not os.path.isdir(path):
        raise WtError(f"The previous directory is gone: {path}.", "to go to the source: wt cd --source")
    return path
