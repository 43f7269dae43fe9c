"""wt trust: read and approve the repository's hooks, or say how they stand."""

from __future__ import annotations

from wt import trust
from wt.cli import args
from wt.cli.trusting import show
from wt.errors import UntrustedError, UsageError, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.pool.location import Pool
    from wt.session.approve import Standing
    from wt.trust import Policy

_WAYS = ("--check", "--list", "--all", "--sha256")
VERB = args.Verb(
    "trust", "read and approve the hooks of this repository", (),
    (
        args.Option("--check", "say whether they are approved: 0 they are, or there are none; 7 they are not"),
        args.Option("--list", "list what was approved for this repository"),
        args.Option("--sha256", "approve exactly the content of this hash, without a terminal", "HEX"),
        args.Option("--all", "approve whatever this repository's hooks are, now and later: for machines that run its code anyway"),
        args.Option("--from", "the commit whose hooks are meant; else the slot's HEAD, or where a new slot would begin", "REF"),
        args.POOL, args.COLOR,
    ),
    (
        ("wt trust", "show .wt-hooks.sh, or what changed in it, and ask"),
        ("wt trust --check", "would wt new end with 7?"),
    ),
    "An approval is for one content in one repository on this machine. What else wants to run has to be approved anew.",
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    from wt.session import approve

    ways = [way for way in _WAYS if parsed.given(way)]
    if len(ways) > 1:
        raise UsageError(f"{ways[0]} and {ways[1]} exclude each other.", f"wt trust {ways[0]}")
    pool = ctx.open_pool()
    policy = trust.policy(ctx.env, ctx.out.say)
    sha256 = parsed.value("--sha256")
    if parsed.given("--list"):
        return _list(ctx, pool, policy)
    if parsed.given("--all"):
        approve.approve(ctx.env, pool.common, trust.ANY, None, ctx.out.say)
        ctx.out.say(f"every hooks file of {pool.config.source} runs from now on, whatever it holds.")
        _hint(ctx, f"to take that back: wt untrust{_key(ctx)}")
        return 0
    if sha256 is not None:
        return _record(ctx, pool, policy, trust.checked(sha256, "--sha256"), parsed.value("--from"))
    found = approve.look(pool, policy, parsed.value("--from"), ctx.cwd)
    return _check(ctx, pool, found) if parsed.given("--check") else _ask(ctx, pool, policy, found)


def _list(ctx: Context, pool: Pool, policy: Policy) -> int:
    everywhere = trust.approvals(trust.store_path(ctx.env), policy.warn)
    known = [one for one in everywhere if one.common == pool.common]
    for one in known:
        what = "whatever they are" if one.sha256 == trust.ANY else one.sha256
        ctx.out.answer(f"{one.when}  {what}")
    if not known:
        ctx.out.say(f"no hooks of {pool.config.source} are approved.")
    return 0


def _record(ctx: Context, pool: Pool, policy: Policy, sha256: str, start: str | None) -> int:
    """Approve a hash; where it is that of the hooks at hand, keep them, to show later what has changed."""
    from wt.session import approve

    found = approve.look(pool, policy, start, ctx.cwd).hooks
    content = found.content if found is not None and found.sha256 == sha256 else None
    approve.approve(ctx.env, pool.common, sha256, content, ctx.out.say)
    ctx.out.say(f"hooks of {pool.config.source} with SHA-256 {sha256} are approved.")
    return 0


def _check(ctx: Context, pool: Pool, found: Standing) -> int:
    if found.hooks is None:
        ctx.out.answer(f"{found.commit[:9]} of {pool.config.source} has no .wt-hooks.sh.")
        return 0
    ctx.out.answer(f"{found.hooks.origin} is {'approved' if found.approved else 'not approved'}.")
    if not found.approved:
        _hint(ctx, f"to read and approve it: wt trust{_key(ctx)} --from {found.commit[:12]}")
    return 0 if found.approved else UntrustedError.code


def _ask(ctx: Context, pool: Pool, policy: Policy, found: Standing) -> int:
    from wt.session import approve
    from wt.ui import ask

    if found.hooks is None or found.approved:
        return _check(ctx, pool, found)
    if not ask.can(ctx.out, ctx.env):
        raise UntrustedError(
            "Here is no terminal to be asked on; nothing was approved.",
            f"to read them: git -C {quoted(pool.config.source)} show {found.commit[:12]}:.wt-hooks.sh",
            f"to approve exactly these: wt trust --pool {quoted(pool.key)} --sha256 {found.hooks.sha256}",
        )
    show(ctx, found.hooks.content, approve.last_approved(pool, policy))
    answer = ask.choose(
        ctx.out,
        "May these hooks run as you?",
        (("no", "no"), ("yes", "approve exactly this content for this repository")),
    )
    if answer != "yes":
        ctx.out.say("nothing was approved.")
        return UntrustedError.code
    approve.approve(ctx.env, pool.common, found.hooks.sha256, found.hooks.content, ctx.out.say)
    ctx.out.say(f"{found.hooks.origin} is approved for {pool.config.source}.")
    return 0


def _key(ctx: Context) -> str:
    return f" --pool {quoted(ctx.key)}" if ctx.key else ""


def _hint(ctx: Context, text: str) -> None:
    ctx.out.say_painted([("hint: ", "cyan"), (text, "")])
