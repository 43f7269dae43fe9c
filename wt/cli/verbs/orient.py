"""wt orient: where this is, and what the project asks of whoever works in it. For agents, and for people on a first visit."""

from __future__ import annotations

import os

from wt.cli import args
from wt.errors import WtError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

VERB = args.Verb(
    "orient", "print where this is, and the project's AGENTS.md or the like", (),
    (args.JSON, args.POOL, args.COLOR),
    (("wt orient", "the path, then the text"), ("wt orient --json", "kind, path, name, pool, file and text")),
    "The first of AGENTS.md, CLAUDE.md and CONTRIBUTING.md at the top of the worktree.",
)  # fmt: skip
_FILES = ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md")


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.session import whereabouts

    found = whereabouts.find(ctx.env, ctx.cwd)
    if found.path is None:
        raise WtError(
            f"{ctx.cwd} is in no slot, and in no repository that a pool serves.",
            "to make a pool for one: wt init",
        )
    file, text = _guide(found.path)
    if parsed.given("--json"):
        ctx.out.json({"kind": found.kind, "path": found.path, "name": found.name, "pool": found.key,
                      "file": file, "text": text})  # fmt: skip
        return 0
    ctx.out.path(found.path)
    if text is None:
        ctx.out.say(f"none of {', '.join(_FILES)} is there.")
        return 0
    ctx.out.answer("")
    for line in text.rstrip("\n").split("\n"):
        ctx.out.answer(line.rstrip("\r"))
    return 0


def _guide(top: str) -> tuple[str | None, str | None]:
    """Return the first of the files that is there, and its text; a link (one of them to another) may not lead outside."""
    from wt import files

    inside = os.path.realpath(top)
    for name in _FILES:
        real = os.path.realpath(f"{top}/{name}")
        text = files.read_text(real) if real.startswith(f"{inside}/") else None
        if text is not None:
            return f"{top}/{name}", text
    return None, None
