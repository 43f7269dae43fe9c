"""wt path: the path of a held slot; 0 held, 1 not (silently), 2 usage."""

from __future__ import annotations

import os

from wt.cli import args
from wt.pool import survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "path", "print the path of a held slot", ("NAME",), (args.POOL, args.COLOR),
    (('make -C "$(wt path feature-x)"', "use it in a script"),),
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    slot = survey.take(ctx.open_pool()).named(parsed.word() or "")
    if slot is None or slot.path is None or slot.state != "held":
        return 1
    ctx.out.path(os.path.realpath(slot.path))
    return 0
