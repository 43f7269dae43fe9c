"""What verbs that run hooks have in common: their options, and the question on a terminal where hooks are not approved."""

from __future__ import annotations

from wt import trust
from wt.cli import args
from wt.errors import UntrustedError
from wt.model import replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from wt.cli.args import Parsed
    from wt.cli.context import Context
    from wt.pool.location import Pool
    from wt.trust import Policy

    T = TypeVar("T")

OPTIONS = (
    args.Option("--no-hooks", "run no hooks this time"),
    args.Option("--trust-hooks", "run the repository's hooks if they are exactly these", "SHA256"),
)
_ANSWERS = (
    ("stop", "stop here, and do nothing"),
    ("approve", "approve exactly this content, and go on"),
    ("skip", "go on without hooks, this time"),
)


def policy(parsed: Parsed, ctx: Context) -> Policy:
    """Return what the options and the environment say of hooks."""
    return trust.policy(
        ctx.env, ctx.out.say, off=parsed.given("--no-hooks"), approved=parsed.value("--trust-hooks")
    )


def with_consent(ctx: Context, pool: Pool, wish: Policy, act: Callable[[Policy], T]) -> T:
    """Do something that ends 7, untouched, where hooks are not approved; on a terminal ask, and do it again."""
    while True:
        try:
            return act(wish)
        except UntrustedError as error:
            from wt.ui import ask

            if error.content is None or not ask.can(ctx.out, ctx.env):
                raise
            answer = _asked(ctx, pool, wish, error.content)
            if answer not in ("approve", "skip"):
                raise
            wish = replaced(wish, off=answer == "skip")


def _asked(ctx: Context, pool: Pool, wish: Policy, content: bytes) -> str | None:
    from wt.hooks import of_content
    from wt.session import approve
    from wt.ui import ask

    show(ctx, content, approve.last_approved(pool, wish))
    answer = ask.choose(ctx.out, "These hooks of the repository would run as you. What now?", _ANSWERS)
    if answer == "approve":
        sha256 = of_content(content, "").sha256
        approve.approve(ctx.env, pool.common, sha256, content, ctx.out.say)
    return answer


def show(ctx: Context, content: bytes, last: bytes | None) -> None:
    """Show a hooks file on stderr, or how it differs from the one approved last."""
    lines = _lines(content)
    if last is None:
        ctx.out.say_painted([(".wt-hooks.sh, never approved before:", "bold")])
        for line in lines:
            ctx.out.say_painted([("  ", ""), (line, _colour(line))])
        return
    import difflib

    ctx.out.say_painted([(".wt-hooks.sh, changed since it was approved last:", "bold")])
    for line in list(difflib.unified_diff(_lines(last), lines, lineterm=""))[2:]:
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        ctx.out.say_painted([("  ", ""), (line, colour)])


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")


def _colour(line: str) -> str:
    return "dim" if line.lstrip().startswith("#") else "bold" if line.startswith("wt_") else ""
