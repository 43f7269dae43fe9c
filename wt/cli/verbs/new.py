"""wt new: a warm slot for a new branch, and the shell is in it."""

from __future__ import annotations

from wt.cli import args
from wt.cli.arrive import arrive
from wt.cli.taking import OPTIONS, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "new", "take a warm slot for a new branch, and go there", ("NAME",),
    OPTIONS,
    (
        ("wt new feature-x", "a slot on a new branch feature-x"),
        ("wt new hotfix --from v1.2", "begin at a tag"),
        ("wt new feature-x -- make test", "and run a command there"),
    ),
    "Caches of earlier sessions (node_modules, target, Library) are still in the slot.",
    command=True,
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    pool = ctx.open_pool()
    _hooks, taken = take(parsed, ctx, pool, parsed.word() or "", adopt=parsed.given("--adopt"))
    arrive(ctx, taken.path)
    if not parsed.command:
        return 0
    from wt.session.command import run_there

    return run_there(parsed.command, taken.path, ctx.env)
