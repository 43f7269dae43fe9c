"""wt untrust: take back what was approved for this repository."""

from __future__ import annotations

from wt.cli import args

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "untrust", "take back every approval of this repository's hooks", (), (args.POOL, args.COLOR),
    (("wt untrust", "the next wt new asks again"),),
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    del parsed
    from wt.session import approve

    pool = ctx.open_pool()
    count = approve.withdraw(ctx.env, pool.common, ctx.out.say)
    many = "1 approval" if count == 1 else f"{count} approvals"
    ctx.out.say(f"{many} of hooks of {pool.config.source} withdrawn.")
    return 0
