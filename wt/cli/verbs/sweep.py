"""wt sweep: the verdict acted upon for every held slot, with a tally; always ends with 0."""

from __future__ import annotations

from wt import shell
from wt.cli import args, trusting
from wt.cli.leaving import way_out
from wt.errors import WtError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.session.cleanup import Outcome

VERB = args.Verb(
    "sweep", "give back every slot in which nothing would be lost", (),
    (args.Option("--dry-run", "say what would be done, and touch nothing"), args.JSON, *trusting.OPTIONS,
     args.POOL, args.COLOR),
    (("wt sweep --dry-run", "what could go"), ("wt sweep", "and let it go")),
    "It ends with 0 whatever it finds, so that a script can end with it.",
)  # fmt: skip
_ORDER = ("would be recycled", "recycled", "kept", "refused", "failed")


def run(parsed: Parsed, ctx: Context) -> int:
    try:
        _sweep(parsed, ctx, dry=parsed.given("--dry-run"), as_json=parsed.given("--json"))
    except WtError as error:
        ctx.out.error(error)
    except BrokenPipeError:  # nobody reads the tally: what it did is done
        return 0
    return 0


def _sweep(parsed: Parsed, ctx: Context, *, dry: bool, as_json: bool) -> None:
    from wt.cli.listing import judged
    from wt.pool import survey
    from wt.session import cleanup

    pool = ctx.open_pool()
    slots = survey.held(pool)
    ways = {slot.path: way_out(ctx, pool, slot.path) for slot in slots}
    done = cleanup.sweep(pool, judged(pool, slots), ctx.out.say, trusting.policy(parsed, ctx), dry=dry)
    for one in done:
        if one.what == "recycled" and (go := ways.get(one.path)) is not None:
            shell.send_to(ctx.env, go)
    if as_json:
        ctx.out.json([_json(one) for one in done])
    else:
        _show(ctx, done)


def _json(one: Outcome) -> dict[str, object]:
    found = one.found
    return {"name": one.name, "slot": one.slot, "mark": found.mark if found else None,
            "reason": found.reason if found else None, "done": one.what, "why": one.why}  # fmt: skip


def _show(ctx: Context, done: list[Outcome]) -> None:
    from wt.ui.out import escaped
    from wt.ui.width import aligned

    marks = [
        (f"{ctx.out.mark(one.found.mark)} {one.found.reason}", one.found.mark) if one.found else ("", "")
        for one in done
    ]
    ctx.out.rows(aligned([
        [(escaped(one.name), "bold"), mark, (f"{one.what}: {one.why}", "")] for one, mark in zip(done, marks, strict=True)
    ]))  # fmt: skip
    counts = [(sum(one.what == what for one in done), what) for what in _ORDER]
    tally = ", ".join(f"{count} {word}" for count, word in counts if count)
    ctx.out.answer(f"{tally}." if tally else "no slot is held.")
