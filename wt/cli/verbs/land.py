"""wt land: the slot's work onto the local base, and the slot back to the pool."""

from __future__ import annotations

from wt import shell
from wt.cli import args, trusting
from wt.cli.named import name_or_here
from wt.errors import UsageError, quoted
from wt.model import replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.pool.location import Pool
    from wt.session.land.wish import How, Landed, Wish

VERB = args.Verb(
    "land", "bring the work onto the local base, and recycle the slot", ("[MESSAGE]",),
    (
        args.Option("--name", "the slot to land, from anywhere", "NAME"),
        args.Option("--add", "take files along that git does not know yet"),
        args.Option("--squash", "one commit on top of the base, instead of a merge"),
        args.Option("--rebase", "replay the commits on the base, instead of a merge"),
        args.Option("--keep", "keep the slot"),
        args.Option("--next", "hand the same warm slot on to a new name", "NEW"),
        args.Option("--dry-run", "say what would be done, and touch nothing"),
        args.Option("--abort", "give up a land that stopped at a conflict"),
        *trusting.OPTIONS, args.POOL, args.COLOR,
    ),
    (
        ('wt land "Add x"', "commit what is changed, and land"),
        ("wt land", "land what is committed"),
        ('wt land --next y "Add x"', "land, and go on in the same slot"),
    ),
    "Local only: nothing is fetched, nothing is pushed. A conflict stops it: resolve, commit, `wt land` again.",
)  # fmt: skip

# a slot that is handed on is not kept, and there is one way onto the base
_EITHER = (("--keep", "--next"), ("--squash", "--rebase"), *(("--abort", other) for other in (
    "MESSAGE", "--add", "--squash", "--rebase", "--keep", "--next", "--dry-run")))  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    wish = _wish(parsed)
    pool = ctx.open_pool()
    name = name_or_here(ctx, pool, parsed.value("--name"), "land")
    if not parsed.given("--dry-run"):
        from wt.pool import hooking

        hooking.refuse_inside(pool, ctx.env, "land", name)
    if parsed.given("--abort"):
        return _abort(ctx, pool, name)
    if parsed.given("--dry-run"):
        from wt.session.land.plan import plan

        for line in plan(pool, name, wish, ctx.out.say):
            ctx.out.answer(line)
        return 0
    from wt.session.land.steps import land

    done = trusting.with_consent(
        ctx, pool, trusting.policy(parsed, ctx),
        lambda hooks: land(pool, name, replaced(wish, hooks=hooks), ctx.cwd, ctx.out.say),
    )  # fmt: skip
    _tell(ctx, done)
    if not _has_its_own(ctx, pool, done) and not shell.send_to(ctx.env, done.go) and done.recycled:
        ctx.out.say_painted([("hint: ", "cyan"), (f"cd {quoted(done.go)}", "")])
    return 0


def _has_its_own(ctx: Context, pool: Pool, done: Landed) -> bool:
    """Whether the shell stands in another slot that is held: only a name that is begun takes it out of there."""
    from wt.session import whereabouts

    found = whereabouts.find(ctx.env, ctx.cwd)
    is_held = found.kind == "worktree" and found.name is not None
    return is_held and not done.next and (found.key, found.name) != (pool.key, done.name)


def _wish(parsed: Parsed) -> Wish:
    """Read the options; UsageError where two of them contradict each other."""
    from wt.session.land.wish import Wish

    for one, other in _EITHER:
        if parsed.given(one) and (parsed.word() if other == "MESSAGE" else parsed.given(other)):
            raise UsageError(
                f"{one} and {other} contradict each other; nothing was done.", "see: wt land --help"
            )
    how: How | None = "squash" if parsed.given("--squash") else "rebase" if parsed.given("--rebase") else None
    return Wish(parsed.word(), parsed.given("--add"), parsed.given("--keep"), parsed.value("--next"), how)


def _abort(ctx: Context, pool: Pool, name: str) -> int:
    from wt.session.land.abort import abort

    kept = abort(pool, name)
    ctx.out.say(f"the land of `{name}` is given up; the slot is as it was before.")
    for ref in kept:
        ctx.out.say(f"what was resolved is set aside: {ref}")
    return 0


def _tell(ctx: Context, done: Landed) -> None:
    if done.before == done.after:
        ctx.out.say(f"nothing to land: {done.base} has all of {done.name} already.")
    else:
        many = "1 commit" if done.commits == 1 else f"{done.commits} commits"
        ctx.out.say_painted(
            [
                (done.name, "bold"),
                (f" landed on {done.base}: {many}, {done.before[:9]}..{done.after[:9]}", ""),
            ]
        )
    if done.next:
        ctx.out.say(f"{done.slot} is warm, and held by {done.next} now.")
    elif done.recycled:
        ctx.out.say(f"{done.slot} is idle and warm.")
    elif done.kept_because:
        ctx.out.say(f"{done.slot} stays with {done.name}: {done.kept_because}.")
