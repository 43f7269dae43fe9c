"""`wt ls --all-pools`: every pool below WORKTREE_ROOT; one that cannot be read hides no other."""

from __future__ import annotations

from wt import times
from wt.cli.bare import age, bare_row
from wt.errors import WtError
from wt.pool import location, survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.context import Context
    from wt.model import Slot
    from wt.pool.location import Pool


def show(ctx: Context, *, bare: bool, as_json: bool) -> int:
    """Print each pool's held slots below its key, or all as one JSON array; 1 where a pool could not be read."""
    root = location.worktree_root(ctx.env)
    location.check_root(root)
    keys = location.keys(root)
    if not keys and not as_json:
        ctx.out.say(f"there is no pool below {root}.")
        ctx.hint("to make one, in a repository: wt init")
    status, rows = 0, []
    for key in keys:
        try:
            pool = ctx.open_pool(key)
            slots = survey.held(pool)
            if as_json:
                rows += [{"pool": key, **row} for row in _rows(pool, slots, bare=bare)]
            else:
                _section(ctx, pool, slots, bare=bare)
        except (WtError, OSError) as error:
            ctx.out.error(
                error if isinstance(error, WtError) else WtError(f"The pool `{key}` cannot be read: {error}.")
            )
            status = 1
    if as_json:
        ctx.out.json(rows)
    return status


def _rows(pool: Pool, slots: list[Slot], *, bare: bool) -> list[dict[str, object]]:
    if bare:
        return [bare_row(slot) for slot in slots]
    from wt.cli import listing

    return listing.as_json(pool, slots)


def _section(ctx: Context, pool: Pool, slots: list[Slot], *, bare: bool) -> None:
    many = "nothing is held" if not slots else f"{len(slots)} held"
    ctx.out.painted([(pool.key, "bold"), (f"  {many}, {pool.config.source}", "dim")])
    if bare:
        for slot in slots:
            ctx.out.answer(f"{slot.name or '-'}  {slot.slot}  {times.in_words(age(slot))}")
    elif slots:
        from wt.cli import listing

        listing.as_table(ctx, pool, slots)
