"""wt restore: what was set aside, listed or put back into a slot of its own."""

from __future__ import annotations

import time

from wt import times
from wt.cli import args, trusting
from wt.cli.arrive import arrive
from wt.cli.freed import freed
from wt.cli.taking import for_people, tell_taken
from wt.errors import UsageError, WtError, quoted
from wt.model import replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.pool.kept import Entry
    from wt.pool.location import Pool
    from wt.session.restore import Content
    from wt.ui.width import Line

_CHOICES = 20  # of how many one is chosen; an older one is named by its time
VERB = args.Verb(
    "restore", "list what was set aside, or have it again in a slot", ("[NAME@TIME]",),
    (
        args.Option("--as", "the name that it is to have now", "NEW"),
        args.Option("--group", "the group to take the slot from", "G"),
        args.Option("--wait", "how long to wait for a slot where all are in use", "SECONDS"),
        args.Option("--prune", "drop what is older instead, e.g. 30d", "AGE"),
        args.JSON, *trusting.OPTIONS, args.POOL, args.COLOR,
    ),
    (
        ("wt restore", "what is kept, the newest first"),
        ("wt restore feature-x", "the last that was set aside of it, as it was"),
        ("wt restore --prune 30d", "drop what is older than thirty days"),
    ),
    "Commits come back as commits, uncommitted work as uncommitted, staged work staged. What is kept stays kept.",
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    pool = ctx.open_pool()
    word = parsed.word()
    if parsed.given("--prune"):
        return _prune(parsed, ctx, pool)
    if word is None:
        if parsed.given("--as"):
            raise UsageError("`wt restore --as NEW` needs NAME, too.", "to see what is kept: wt restore")
        return _list(ctx, pool, as_json=parsed.given("--json"))
    from wt.session import restore

    entry = _entry(ctx, pool, word)
    wish = restore.Wish(
        parsed.value("--as") or entry.name, parsed.value("--group"), wait=parsed.number("--wait", 0.0), more=freed,
    )  # fmt: skip
    done = for_people(
        lambda: trusting.with_consent(
            ctx, pool, trusting.policy(parsed, ctx),
            lambda hooks: restore.restore(pool, entry, replaced(wish, hooks=hooks), ctx.out.say),
        ),
        ctx,
    )  # fmt: skip
    tell_taken(ctx, done.acquired)
    for line in done.more:
        ctx.out.say(line)
    arrive(ctx, done.acquired.path)
    return 0


def _entry(ctx: Context, pool: Pool, word: str) -> Entry:
    """The entry that a word means; on a terminal, which of several is asked."""
    from wt.pool import kept
    from wt.ui import ask

    found = kept.choices(pool, word)
    if len(found) < 2 or not ask.can(ctx.out, ctx.env):
        return kept.find(pool, word)
    from wt.session import restore

    several = restore.contents(pool, found[:_CHOICES])
    ages = [times.in_words(time.time() - one.at) for one in several]
    answer = ask.choose(
        ctx.out,
        f"{word} was set aside {len(found)} times. Which of them?",
        [(one.entry.ref, f"{age:8}  {_what(one)}") for one, age in zip(several, ages, strict=True)],
    )
    if answer is None:
        raise WtError("Nothing was restored.", "to see all that is kept: wt restore")
    return next(one for one in found if one.ref == answer)


def _prune(parsed: Parsed, ctx: Context, pool: Pool) -> int:
    from wt.pool import kept
    from wt.session import restore

    dropped = restore.prune(pool, kept.require_older(parsed.value("--prune") or ""), parsed.word())
    for word in dropped:
        ctx.out.answer(word)
    ctx.out.say(f"{len(dropped)} dropped." if dropped else "nothing is that old.")
    return 0


def _list(ctx: Context, pool: Pool, *, as_json: bool) -> int:
    from wt.pool import kept
    from wt.session import restore

    found = restore.contents(pool, kept.entries(pool))
    if as_json:
        ctx.out.json([_json(one) for one in found])
        return 0
    if not found:
        ctx.out.say(f"nothing is kept in `{pool.key}`.")
        return 0
    _table(ctx, found)
    newest = kept.word_of(found[0].entry.ref)
    new = restore.new_name(pool, found[0].entry)
    other = f" --as {quoted(new)}" if new else ""
    ctx.hint(f"to have the newest again: wt restore {quoted(newest)}{other}")
    return 0


def _json(one: Content) -> dict[str, object]:
    return {
        "name": one.entry.name, "time": times.expanded(one.entry.moment), "set_aside": times.as_text(one.at),
        "ref": one.entry.ref if one.entry.sha else None, "commits": one.commits, "staged": one.staged,
        "modified": one.modified, "untracked": one.untracked, "more": list(one.more),
        "submodules": [{"path": inside.path, "ref": inside.ref} for inside in one.submodules],
    }  # fmt: skip


def _table(ctx: Context, found: list[Content]) -> None:
    from wt.pool import kept
    from wt.ui.out import escaped
    from wt.ui.width import aligned

    moments = [(one.entry.name, one.entry.moment) for one in found]
    rows: list[Line] = []
    for one, key in zip(found, moments, strict=True):
        when = one.entry.moment if moments.count(key) == 1 else kept.time_of(one.entry)
        age = times.in_words(time.time() - one.at)
        rows.append([(escaped(f"{one.entry.name}@{when}"), "bold"), (age, "dim"), (_what(one), "")])
    ctx.out.rows(aligned(rows))


def _what(one: Content) -> str:
    parts = [f"{one.commits} commit{'' if one.commits == 1 else 's'}"] if one.commits else []
    parts += [f"{count} {word}" for count, word in
              ((one.staged, "staged"), (one.modified, "modified"), (one.untracked, "untracked")) if count]  # fmt: skip
    return ", ".join([*parts, *one.more]) or "nothing that the base does not have"
