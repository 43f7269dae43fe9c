"""wt whoami: `worktree PATH`, `source PATH` or `none`; never fails."""

from __future__ import annotations

from wt.cli import args

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "whoami",
    "say whether this directory is a slot, a source or neither",
    (),
    (args.JSON, args.POOL, args.COLOR),
    (
        ("wt whoami", "`worktree PATH`, `source PATH` or `none`"),
        ("wt whoami --json", "and the name and the pool, for a script"),
    ),
)


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.session import whereabouts

    found = whereabouts.find(ctx.env, ctx.cwd)
    if parsed.given("--json"):
        ctx.out.json({"kind": found.kind, "path": found.path, "name": found.name, "pool": found.key})
    else:
        ctx.out.path(f"{found.kind} {found.path}" if found.path else found.kind)
    return 0
