"""wt info: everything known of a slot, the verdict with its evidence and the next command on top."""

from __future__ import annotations

from wt import times
from wt.cli import args
from wt.cli.bare import age
from wt.cli.hints import in_pool
from wt.cli.named import name_or_here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.model import LockRecord, Slot
    from wt.pool.location import Pool
    from wt.session.verdict import Verdict

_FILES = 20
VERB = args.Verb(
    "info", "say everything about one slot, the verdict first", ("[NAME]",), (args.JSON, args.POOL, args.COLOR),
    (("wt info feature-x", "what is in it, and what may be done with it"), ("wt why", "the same for the slot that this directory is in")),
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.pool import mark
    from wt.session import release, verdict

    pool = ctx.open_pool()
    name = name_or_here(ctx, pool, parsed.word(), "info")
    slot = release.require_held(pool, name)
    found = verdict.judge(pool, slot)
    mark.note(slot, found.mark)
    if parsed.given("--json"):
        from wt.cli.listing import verdict_json

        ctx.out.json(verdict_json(slot, found))
        return 0
    _show(ctx, pool, slot, found)
    return 0


def _show(ctx: Context, pool: Pool, slot: Slot, found: Verdict) -> None:
    out = ctx.out
    head = [
        (f"{slot.name}", "bold"),
        (f"  {out.mark(found.mark)} {found.reason}", found.mark),
        (": ", ""),
        (found.why, ""),
    ]
    out.rows([head])
    for path in found.evidence.paths[:20]:
        out.answer(f"  {path}")
    if len(found.evidence.paths) > 20:
        out.answer(f"  … and {len(found.evidence.paths) - 20} more")
    for one in found.evidence.processes:
        out.answer(f"  pid {one.pid}  {one.command}  in {one.cwd or 'a directory too deep to be named'}")
    for words, command in _next(slot, found):
        out.painted([("next: ", "dim"), (words, ""), (in_pool(command, ctx.env, pool.key), "cyan")])
    out.answer("")
    for label, value in _facts(pool, slot):
        out.painted([(f"{label:10}", "dim"), (value, "")])
    _commits(ctx, pool, slot)


def _next(slot: Slot, found: Verdict) -> list[tuple[str, str]]:
    """What to run, and the words before it: the ways on where git is in the middle of something, else one command."""
    from wt.git import status, worktrees
    from wt.git.run import Git
    from wt.session.land import refuse

    operation = worktrees.operation(slot.admin) if found.reason == "busy" and slot.admin else None
    if operation is None:
        return [("", found.next)]
    conflicted = bool(status.read(Git(slot.directory), untracked="no").conflicted)
    ways = (way.rpartition(": ") for way in refuse.ways_on(slot, operation, conflicted=conflicted))
    return [(words + colon, command) for words, colon, command in ways]


def _facts(pool: Pool, slot: Slot) -> list[tuple[str, str]]:
    held = slot.lock
    return [
        ("slot", slot.slot), ("path", slot.path or "-"), ("pool", f"{pool.key} over {pool.config.source}"),
        ("base", pool.config.base), ("held", f"since {held.started_at} ({times.in_words(age(slot))}){_by(held)}" if held else "-"),
        ("began at", held.full_sha[:12] if held else "-"),
    ]  # fmt: skip


def _by(held: LockRecord) -> str:
    return f", by process {held.pid}" if held.holder else ""


def _commits(ctx: Context, pool: Pool, slot: Slot) -> None:
    """The commits that the base does not have, newest first, and what the files differ in from where they left it."""
    if slot.path is None or slot.state == "broken":
        return
    from wt.cli.choose import changed_lines
    from wt.errors import GitError
    from wt.git import glance, inspect
    from wt.git.run import Git

    base = f"refs/heads/{pool.config.base}"
    try:
        commits = inspect.commits(slot.path, f"{base}..HEAD", 10)
        changes = glance.changes(Git(slot.path), base)
    except GitError:  # a HEAD without a commit, a base that is gone: the verdict has said it
        return
    if commits:
        ctx.out.answer("")
    for commit in commits:
        ctx.out.painted(
            [(f"{commit.sha[:9]} ", "yellow"), (commit.subject, ""), (f"  {commit.author}", "dim")]
        )
    for line in changed_lines(changes[:_FILES]):
        ctx.out.painted(line)
