"""How a verb takes the shell somewhere."""

from __future__ import annotations

from wt import shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.context import Context


def arrive(ctx: Context, path: str) -> None:
    """Take the shell to a directory; print the path where no shell function listens, or somebody captures it."""
    sent = shell.send_to(ctx.env, path)
    if not sent or not ctx.out.terminal:
        ctx.out.path(path)
