"""wt release: a slot goes back to the pool, unless that would lose something."""

from __future__ import annotations

import os

from wt import shell
from wt.cli import args
from wt.cli.named import name_or_here
from wt.errors import WtError, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.pool.location import Pool
    from wt.pool.remote import Far

VERB = args.Verb(
    "release", "give a slot back; refuses where work would be lost", ("[NAME]",),
    (args.Option("--force", "release all the same: what is in it is set aside first"), args.DELETE_REMOTE,
     args.POOL, args.COLOR),
    (("wt release", "the slot that this directory is in"), ("wt release feature-x --force", "set its work aside, and release")),
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.session import release

    pool = ctx.open_pool()
    name = name_or_here(ctx, pool, parsed.word(), "release")
    slot = release.require_held(pool, name)
    go = _way_out(ctx, pool, slot.path)
    far = _far(parsed, pool, name)
    done = release.release_safely(pool, name, ctx.out.say, force=parsed.given("--force"))
    now = "is dropped, for its directory was gone" if done.verdict.reason == "broken" else "is idle and warm"
    ctx.out.say(f"{name} is released; {done.slot} {now}.")
    _tell_kept(ctx, pool, name, done.kept)
    if go is not None:
        shell.send_to(ctx.env, go)
    if parsed.given("--delete-remote"):
        from wt.pool import remote

        remote.delete(pool, name, far, ctx.out.say)
    return 0


def _far(parsed: Parsed, pool: Pool, name: str) -> Far | None:
    """Where the branch is on a remote: its settings go with the release."""
    if not parsed.given("--delete-remote"):
        return None
    from wt.pool import remote

    return remote.of(pool, name)


def _tell_kept(ctx: Context, pool: Pool, name: str, kept: tuple[str, ...]) -> None:
    """The first is what the slot was; what else an operation in progress had under way is for looking at."""
    from wt.pool import keep

    for ref in kept:
        ctx.out.say(f"set aside: {ref}")
    if kept:
        key = f"--pool {quoted(ctx.key)} " if ctx.key else ""
        back = f"to have it again: wt new {key}{keep.way_back(pool, name, kept[0])}"
        ctx.hint(back)


def _way_out(ctx: Context, pool: Pool, path: str | None) -> str | None:
    """Return where the shell goes, if it stands in the slot."""
    if path is None or not f"{os.path.realpath(ctx.cwd)}/".startswith(f"{os.path.realpath(path)}/"):
        return None
    from wt.session import base

    try:
        return base.destination(pool, base.find(pool), path, ctx.cwd)
    except WtError:  # where the base is, is no matter of a release
        return pool.config.source
