"""wt retire: idle slots removed for good, their caches with them."""

from __future__ import annotations

import os

from wt import shell
from wt.cli import args
from wt.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "retire", "remove idle slots for good", ("[SLOT…]",),
    (args.Option("--all", "every slot that is idle"),
     args.Option("--pool-too", "every slot, then the pool itself"), args.POOL, args.COLOR),
    (("wt retire slot-3", "its caches are gone with it, and its disk space is free"),
     ("wt retire --all", "every slot that nobody holds"),
     ("wt retire --pool-too", "the pool is no more; the source and what was set aside stay")),
    "Work that lies in an idle slot is set aside first. A slot that is held is not removed: release it.",
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.pool import retire

    everything = parsed.given("--all") or parsed.given("--pool-too")
    if everything == bool(parsed.words):
        raise UsageError("`wt retire` needs slots, or --all.", "to see the slots that are there: wt doctor")
    pool = ctx.open_pool()
    try:
        if everything:
            retire.retire_all(pool, ctx.out.say)
        else:
            retire.retire(pool, parsed.words, ctx.out.say)
        if parsed.given("--pool-too"):
            retire.drop_pool(pool, ctx.out.say)
    finally:
        if not os.path.isdir(ctx.cwd):
            shell.send_to(ctx.env, pool.config.source)
    return 0
