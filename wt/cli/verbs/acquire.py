"""wt acquire: a slot without moving the shell, its path on stdout."""

from __future__ import annotations

from wt.cli import args
from wt.cli.taking import OPTIONS, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "acquire", "take a slot without moving the shell", ("NAME",),
    OPTIONS,
    (('cd "$(wt acquire feature-x)"', "the path is the answer"),),
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    _hooks, taken = take(parsed, ctx, ctx.open_pool(), parsed.word() or "", adopt=parsed.given("--adopt"))
    ctx.out.path(taken.path)
    return 0
