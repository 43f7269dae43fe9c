"""wt release: a slot goes back to the pool, unless that would lose something."""

from __future__ import annotations

from wt import shell
from wt.cli import args, trusting
from wt.cli.leaving import tell_verdict, way_out
from wt.cli.named import name_or_here
from wt.errors import WtError, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.pool.location import Pool
    from wt.pool.remote import Far
    from wt.session.release import Released
    from wt.session.verdict import Verdict

VERB = args.Verb(
    "release", "give a slot back; refuses where work would be lost", ("[NAME]",),
    (args.Option("--force", "release all the same: what is in it is set aside first"), args.DELETE_REMOTE,
     *trusting.OPTIONS, args.POOL, args.COLOR),
    (("wt release", "the slot that this directory is in"), ("wt release feature-x --force", "set its work aside, and release")),
)  # fmt: skip


_ANSWERS = (
    ("stay", "keep it"),
    ("force", "release it; all of it is set aside (see wt restore)"),
)


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.pool import hooking
    from wt.session import release

    pool = ctx.open_pool()
    name = name_or_here(ctx, pool, parsed.word(), "release")
    slot = release.require_held(pool, name)
    hooking.refuse_inside(pool, ctx.env, "release", name)
    go = way_out(ctx, pool, slot.path)
    far = _far(parsed, pool, name)
    done = _released(parsed, ctx, pool, name)
    now = "is dropped, for its directory was gone" if done.verdict.reason == "broken" else "is idle and warm"
    ctx.out.say(f"{name} is released; {done.slot} {now}.")
    _tell_kept(ctx, done.kept)
    if go is not None:
        shell.send_to(ctx.env, go)
    if parsed.given("--delete-remote"):
        from wt.pool import remote

        remote.delete(pool, name, far, ctx.out.say)
    return 0


def _released(parsed: Parsed, ctx: Context, pool: Pool, name: str) -> Released:
    """Release; what the verdict is against is asked about on a terminal, and refused without one."""
    from wt.session import release

    policy = trusting.policy(parsed, ctx)
    done = release.attempt(pool, name, ctx.out.say, policy, force=parsed.given("--force"))
    if done.released:
        return done
    refusal = release.refusal(release.require_held(pool, name), done.verdict)
    _ask(ctx, name, done.verdict, refusal)
    return release.attempt(pool, name, ctx.out.say, policy, force=True)


def _ask(ctx: Context, name: str, found: Verdict, refusal: WtError) -> None:
    """Return where a person wants it released all the same; else, and where nobody can be asked, raise."""
    from wt.ui import ask

    if not any("--force" in hint for hint in refusal.hints) or not ask.can(ctx.out, ctx.env):
        raise refusal
    tell_verdict(ctx, name, found, f"{found.why}.")
    for path in found.evidence.paths[:20]:
        ctx.out.say(f"  {path}")
    if ask.choose(ctx.out, f"Release {name} all the same?", _ANSWERS) != "force":
        others = (hint for hint in refusal.hints if "--force" not in hint)
        raise WtError(f"`{name}` was not released.", *others)  # why was said


def _far(parsed: Parsed, pool: Pool, name: str) -> Far | None:
    """Where the branch is on a remote: its settings go with the release."""
    if not parsed.given("--delete-remote"):
        return None
    from wt.pool import remote

    return remote.of(pool, name)


def _tell_kept(ctx: Context, kept: tuple[str, ...]) -> None:
    """What was dropped is kept, and the command that has it again is said."""
    if not kept:
        return
    from wt.pool.kept import word_of

    for ref in kept:
        ctx.out.say(f"set aside: {ref}")
    ctx.hint(f"to have it again: wt restore {quoted(word_of(kept[0]))}")
