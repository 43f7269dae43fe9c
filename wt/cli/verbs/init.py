"""wt init: a pool for the repository of the current directory, called by its basename."""

from __future__ import annotations

import os

from wt.cli import args
from wt.cli.wish import INIT_OPTIONS, wish
from wt.errors import WtError, quoted
from wt.git import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "init", "make a pool for this repository", ("[REPOSITORY]",), (*INIT_OPTIONS, args.POOL, args.COLOR),
    (("wt init", "16 slots, made one by one as they are needed"), ("wt init --max-slots 4", "fewer")),
    "Nothing is checked out yet: slots are made when `wt new` needs them.",
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.pool import init, location

    where = os.path.abspath(os.path.join(ctx.cwd, os.path.expanduser(parsed.word() or ".")))
    place = layout.find(where)
    if place is None:
        raise WtError(f"{where} is in no git repository.", f"to make it one: git init {quoted(where)}")
    source = place.top or place.git_dir
    key = ctx.key or os.path.basename(source).removesuffix(".git")
    root = location.worktree_root(ctx.env)
    config = init.init(root, key, wish(parsed, source), ctx.out.say)
    ctx.out.say(
        f"pool `{key}` over {config.source}: up to {config.max_slots} slots, base {config.base}, layout {config.layout}."
    )
    ctx.out.say_painted([("to begin: ", "dim"), ("wt new feature-x", "")])
    return 0
