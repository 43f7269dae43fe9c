"""wt shell: print, install or remove the shell integration (contract section 16)."""

from __future__ import annotations

import os
import sys

from wt.cli import args
from wt.errors import UsageError
from wt.shell import render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.cli.args import Parsed
    from wt.cli.context import Context

ACTIONS = ("init", "install", "uninstall", "completion")
VERB = args.Verb(
    "shell", "print, install or remove the shell integration", ("ACTION", "[SHELL]"),
    (
        args.Option("--cmd", "what the command is to be called (wt)", "WORD"),
        args.Option("--prompt", "show pool, name and last known mark in the prompt"),
        args.Option("--refresh", "with --prompt: look at the slot in the background, for a newer mark"),
        args.COLOR,
    ),
    (
        ('eval "$(command wt shell init zsh)"', "in ~/.zshrc: the function, completion"),
        ("wt shell install zsh", "put that line there, and WORKTREE_ROOT where scripts see it"),
        ("wt shell uninstall zsh", "take both out again"),
    ),
    "ACTION is init, install, uninstall or completion (that alone, as a file for fpath and its like); SHELL is bash, "
    "fish or zsh, else what $SHELL names.",
)  # fmt: skip


def run(parsed: Parsed, ctx: Context) -> int:
    action, shell = parsed.word() or "", parsed.word(1) or os.path.basename(ctx.env.get("SHELL", ""))
    if action not in ACTIONS:
        raise UsageError(f"`wt shell {action}` is nothing that can be done.", "wt shell install zsh")
    if not shell:
        raise UsageError(f"`wt shell {action}` needs SHELL, for $SHELL is not set.", f"wt shell {action} zsh")
    if shell not in render.SHELLS:
        raise UsageError(f"`{shell}` is no shell that wt knows.", f"wt shell {action} zsh")
    command = parsed.value("--cmd") or "wt"
    render.check_command(command)
    if parsed.given("--refresh") and not parsed.given("--prompt"):
        raise UsageError(
            "--refresh is for the prompt's mark.", f"wt shell {action} {shell} --prompt --refresh"
        )
    extras = tuple(name for name in ("--prompt", "--refresh") if parsed.given(name))
    if action in ("init", "completion"):
        return _print(ctx, shell, command, extras, alone=action == "completion")
    from wt.cli import rc

    if action == "install":
        return rc.install(ctx, shell, command, extras)
    return rc.uninstall(ctx, shell)


def _print(ctx: Context, shell: str, command: str, extras: tuple[str, ...], *, alone: bool) -> int:
    from wt.cli import completion

    tables = completion.tables(shell)
    if alone:
        ctx.out.verbatim(render.completion(shell, command, tables))
    else:
        ctx.out.verbatim(render.render(shell, command, render.program(sys.argv[0], ctx.env), tables, extras))
    return 0
