"""wt acquire: a slot without moving the shell, its path on stdout."""

from __future__ import annotations

from wt.cli import args
from wt.cli.taking import take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "acquire", "take a slot without moving the shell", ("NAME",),
    (
        args.Option("--from", "where the branch begins; else the base, or its upstream where that is ahead", "REF"),
        args.Option("--group", "the group to take the slot from", "G"),
        args.Option("--adopt", "take up a branch that exists already"),
        args.Option("--wait", "how long to wait for a slot where all are in use", "SECONDS"),
        args.POOL, args.COLOR,
    ),
    (('cd "$(wt acquire feature-x)"', "the path is the answer"),),
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    ctx.out.path(take(parsed, ctx, ctx.open_pool()).path)
    return 0
