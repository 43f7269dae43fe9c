"""wt ls: the held slots, each with its verdict."""

from __future__ import annotations

from wt import times
from wt.cli import args
from wt.cli.bare import age, bare_row
from wt.pool import survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.model import Slot
    from wt.pool.location import Pool

VERB = args.Verb(
    "ls", "list the held slots with their verdicts", (),
    (args.Option("--bare", "ask git nothing: names, slots and ages alone"),
     args.Option("--all-pools", "those of every pool below WORKTREE_ROOT"), args.JSON, args.POOL, args.COLOR),
    (("wt ls", "who holds what, and what may be recycled"), ("wt ls --json", "for a script")),
    "+ counts commits that the base does not have, ~ changed files, ? files that git does not know.",
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    if parsed.given("--all-pools"):
        from wt.cli.all_pools import show

        return show(ctx, bare=parsed.given("--bare"), as_json=parsed.given("--json"))
    pool = ctx.open_pool()
    slots = survey.held(pool)
    if parsed.given("--bare"):
        return _bare(ctx, slots, as_json=parsed.given("--json"))
    from wt.cli.listing import as_json, as_table

    if parsed.given("--json"):
        ctx.out.json(as_json(pool, slots))
    elif not slots:
        _nothing(ctx, pool)
    else:
        as_table(ctx, pool, slots)
    return 0


def _nothing(ctx: Context, pool: Pool) -> None:
    ctx.out.say(f"no slot of `{pool.key}` is held.")
    ctx.hint("to begin: wt new feature-x")


def _bare(ctx: Context, slots: list[Slot], *, as_json: bool) -> int:
    if as_json:
        ctx.out.json([bare_row(slot) for slot in slots])
        return 0
    width = max((len(slot.name or "-") for slot in slots), default=0)
    slot_width = max((len(slot.slot) for slot in slots), default=0)
    rows = (
        f"{slot.name or '-':{width}}  {slot.slot:{slot_width}}  {times.in_words(age(slot))}" for slot in slots
    )
    if slots:
        ctx.out.answer("\n".join(rows))
    return 0
