"""wt land: the slot's work onto the local base, and the slot back to the pool."""

from __future__ import annotations

from wt import shell
from wt.cli import args
from wt.cli.named import name_or_here
from wt.errors import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.session.land.wish import Landed

VERB = args.Verb(
    "land", "bring the work onto the local base, and recycle the slot", ("[MESSAGE]",),
    (
        args.Option("--name", "the slot to land, from anywhere", "NAME"),
        args.Option("--add", "take files along that git does not know yet"),
        args.Option("--keep", "keep the slot"),
        args.Option("--next", "hand the same warm slot on to a new name", "NEW"),
        args.Option("--dry-run", "say what would be done, and touch nothing"),
        args.Option("--abort", "give up a land that stopped at a conflict"),
        args.POOL, args.COLOR,
    ),
    (
        ('wt land "Add x"', "commit what is changed, and land"),
        ("wt land", "land what is committed"),
        ('wt land --next y "Add x"', "land, and go on in the same slot"),
    ),
    "Local only: nothing is fetched, nothing is pushed. A conflict stops it: resolve, commit, `wt land` again.",
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.session.land.abort import abort
    from wt.session.land.plan import plan
    from wt.session.land.steps import land
    from wt.session.land.wish import Wish

    pool = ctx.open_pool()
    name = name_or_here(ctx, pool, parsed.value("--name"), "land")
    wish = Wish(parsed.word(), parsed.given("--add"), parsed.given("--keep"), parsed.value("--next"))
    if parsed.given("--abort"):
        abort(pool, name)
        ctx.out.say(f"the land of `{name}` is given up; the slot is as it was before.")
        return 0
    if parsed.given("--dry-run"):
        for line in plan(pool, name, wish):
            ctx.out.answer(line)
        return 0
    done = land(pool, name, wish, ctx.cwd, ctx.out.say)
    _tell(ctx, done)
    if not shell.send_to(ctx.env, done.go) and done.recycled:
        ctx.out.say_painted([("hint: ", "cyan"), (f"cd {quoted(done.go)}", "")])
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
