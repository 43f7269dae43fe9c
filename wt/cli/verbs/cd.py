"""wt cd: the shell goes to a held slot, to the previous one, or to the source."""

from __future__ import annotations

import os

from wt.cli import args
from wt.cli.arrive import arrive
from wt.errors import ContendedError, WtError, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.model import Slot
    from wt.pool.location import Pool

VERB = args.Verb(
    "cd", "go to a held slot, back with -, or to the source", ("[NAME]",),
    (args.Option("--source", "go to the repository that the pool serves"), args.POOL, args.COLOR),
    (("wt cd", "choose among the held slots"), ("wt cd feature-x", "go to its slot"), ("wt cd -", "go back"),
     ("wt cd --source", "go to the source")),
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
    slot = _chosen(ctx, pool) if name is None else _named(pool, name)
    if slot is None:
        return 130
    if slot.transitional:
        raise ContendedError(
            f"`{slot.name}` is {slot.state} in {slot.slot} at this moment.", "to see when it is done: wt ls"
        )
    if slot.path is None:
        raise WtError(f"The slot of `{slot.name}` is broken: {slot.problem}.", "to see more: wt doctor")
    arrive(ctx, slot.path)
    return 0


def _named(pool: Pool, name: str) -> Slot:
    from wt.session.release import require_held

    return require_held(pool, name, f"to begin it: wt new {quoted(name)}")


def _chosen(ctx: Context, pool: Pool) -> Slot | None:
    from wt.cli import choose
    from wt.pool import survey

    slots = survey.held(pool)
    if not slots:
        raise WtError(f"No slot of `{pool.key}` is held.", "to begin: wt new feature-x")
    return choose.held_slot(ctx, pool, slots)


def _previous(ctx: Context) -> str:
    path = ctx.env.get("OLDPWD", "")
    if not path:
        raise WtError("There is no previous directory.", "to see the names: wt ls")
    if not os.path.isdir(path):
        raise WtError(f"The previous directory is gone: {path}.", "to go to the source: wt cd --source")
    return path
