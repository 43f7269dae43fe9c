"""wt doctor: what is wrong with this host and its pools; --fix finishes what dead processes left."""

from __future__ import annotations

import os
import sys

from wt import shell
from wt.cli import args
from wt.cli.freed import freed
from wt.errors import UsageError, again
from wt.pool import doctor
from wt.pool.doctor import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.pool.location import Pool

VERB = args.Verb(
    "doctor", "say what is wrong here, and mend what can be mended", (),
    (args.Option("--fix", "finish what processes that died left behind"),
     args.Option("--source", "where a source is now that was moved; with --fix", "NEW"), args.JSON, args.COLOR),
    (("wt doctor", "git, WORKTREE_ROOT, the shell, every pool"), ("wt doctor --fix", "and recover"),
     ("wt doctor --fix --source ~/new/place", "the repository was moved")),
)  # fmt: skip
_COLOURS = {"ok": "green", "warn": "yellow", "error": "red"}


def run(parsed: Parsed, ctx: Context) -> int:
    if parsed.given("--fix"):
        _fix(parsed.value("--source"), ctx)
    elif parsed.given("--source"):
        raise UsageError("--source goes with --fix; nothing was changed.", again("to mend", {"--fix": None}))
    checks = [*doctor.examine(ctx.env, ctx.cwd, ctx.out.say), *_surroundings(ctx)]
    if parsed.given("--json"):
        ctx.out.json(
            {
                "checks": [
                    {name: getattr(check, name) for name in ("id", "level", "message", "hint")}
                    for check in checks
                ]
            }
        )
    else:
        _show(ctx, checks)
    return 1 if doctor.worst(checks) == "error" else 0


def _fix(source: str | None, ctx: Context) -> None:
    from wt.pool import location, mending
    from wt.session.land.turn import finish_dead

    if source is not None:
        from wt.pool import resettle

        new = os.path.join(ctx.cwd, os.path.expanduser(source))
        resettle.resettle(location.worktree_root(ctx.env), new, ctx.out.say)

    def besides(pool: Pool) -> None:
        finish_dead(pool, ctx.out.say)
        freed(pool, ctx.out.say)

    mending.mend(ctx.env, ctx.out.say, besides)


def _surroundings(ctx: Context) -> list[Check]:
    """What matters to a person's shell: the function, and which `wt` it is."""
    found = []
    if shell.is_integrated(ctx.env):
        name = ctx.env.get(shell.FUNCTION, "").partition("/")[0] or "shell"
        found.append(Check("shell", "ok", f"the wt function of this {name}.", None))
    else:
        found.append(
            Check(
                "shell",
                "warn",
                "this shell has no wt function; wt cannot change its directory.",
                "wt shell install",
            )
        )
    other = doctor.other_program(ctx.env, sys.argv[0])
    if other is not None:
        found.append(Check("path", "warn", f"PATH finds another wt: {other}.", "command -V wt"))
    return found


def _show(ctx: Context, checks: list[Check]) -> None:
    for check in checks:
        ctx.out.painted([(f"{check.level:6}", _COLOURS[check.level]), (check.message, "")])
        if check.hint and check.level != "ok":
            ctx.out.painted([("      hint: ", "cyan"), (check.hint, "")])
