"""wt cleanup: the verdict acted upon for one slot; always ends with 0."""

from __future__ import annotations

from wt import shell
from wt.cli import args, trusting
from wt.cli.leaving import tell_outcome, way_out
from wt.cli.named import name_or_here
from wt.errors import WtError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "cleanup", "give a slot back if nothing in it would be lost", ("[NAME]",),
    (*trusting.OPTIONS, args.POOL, args.COLOR),
    (("wt cleanup", "the slot that this directory is in"), ("wt cleanup feature-x || true", "never needed: it ends with 0")),
    "A slot that stays is said why. It ends with 0 whatever it finds, so that a script can end with it.",
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    try:
        _clean_up(parsed, ctx)
    except WtError as error:
        ctx.out.error(error)
    except BrokenPipeError:  # nobody reads what came of it: it is done
        return 0
    return 0


def _clean_up(parsed: Parsed, ctx: Context) -> None:
    from wt.session import cleanup, release

    pool = ctx.open_pool()
    name = name_or_here(ctx, pool, parsed.word(), "cleanup")
    go = way_out(ctx, pool, release.require_held(pool, name).path)
    done = cleanup.clean_up(pool, name, ctx.out.say, trusting.policy(parsed, ctx))
    if done.what == "recycled" and go is not None:
        shell.send_to(ctx.env, go)
    tell_outcome(ctx, done)
