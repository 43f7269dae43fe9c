"""`wt shell install` and `uninstall`: which lines go into which start-up file, and saying so."""

from __future__ import annotations

import os
import shlex
import sys

from wt import files
from wt.shell import rc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wt.cli.context import Context

_ROOT = 'export WORKTREE_ROOT="${WORKTREE_ROOT:-$HOME/worktrees}"'
_FISH_ROOT = 'set -q WORKTREE_ROOT; or set -gx WORKTREE_ROOT "$HOME/worktrees"'


def install(ctx: Context, shell: str, command: str, extras: tuple[str, ...]) -> int:
    options = "".join(f" {word}" for word in (*(() if command == "wt" else ("--cmd", command)), *extras))
    call = f"{_caller(ctx)} shell init {shell}{options}"
    for path, blocks in _edits(shell, call, ctx.env).items():
        ctx.out.say(rc.put(path, *blocks))
    _make_root(ctx)
    if shell == "bash":
        _hint_at_other_files(ctx)
    ctx.out.say_painted([("to begin: ", "dim"), (f"exec {shell}", "")])
    return 0


def uninstall(ctx: Context, shell: str) -> int:
    for path in _edits(shell, "", ctx.env):
        ctx.out.say(rc.take_out(path))
    return 0


def _edits(shell: str, call: str, env: Mapping[str, str]) -> dict[str, list[rc.Block]]:
    line = rc.Block((f'eval "$({call})"',), "shell init")
    root = rc.Block((_ROOT,), "WORKTREE_ROOT=", first=True)
    if shell == "fish":
        lines = (_FISH_ROOT, f"status is-interactive; and {call} | source")
        return {f"{rc.config_home(env)}/fish/conf.d/wt.fish": [rc.Block(lines, "shell init")]}
    if shell == "zsh":
        main, every = rc.zsh_files(env)
        return {every: [root], main: [line]}
    # The variable on top, for a .bashrc ends early in a shell that is not interactive.
    return {f"{rc.home(env)}/.bashrc": [root, line]}


def _hint_at_other_files(ctx: Context) -> None:
    """What bash does not read ~/.bashrc for."""
    if not ctx.env.get("BASH_ENV"):
        line = 'export BASH_ENV="$HOME/.bashrc"'
        ctx.out.say(f"scripts read ~/.bashrc only where BASH_ENV names it; for them: {line}")
    profile = files.read_text(os.path.realpath(f"{rc.home(ctx.env)}/.bash_profile"))
    if profile is not None and "bashrc" not in profile:
        ctx.out.say("login shells read ~/.bash_profile, which does not read ~/.bashrc; for them: . ~/.bashrc")


def _caller(ctx: Context) -> str:
    """How a start-up file calls this program: by its name if that finds it, else by its path."""
    import shutil

    mine = os.path.join(ctx.cwd, sys.argv[0])
    found = shutil.which("wt", path=ctx.env.get("PATH"))
    if found and os.path.realpath(found) == os.path.realpath(mine):
        return "command wt"
    path = shlex.quote(os.path.abspath(mine))
    runs_by_itself = os.access(mine, os.X_OK) and (
        files.read_text(os.path.realpath(mine), 64) or ""
    ).startswith("#!/")
    return path if runs_by_itself else f"{shlex.quote(sys.executable)} {path}"


def _make_root(ctx: Context) -> None:
    root = ctx.env.get("WORKTREE_ROOT") or f"{rc.home(ctx.env)}/worktrees"
    if root.startswith("/") and not os.path.lexists(root):
        files.make_directory(root, 0o700)
        ctx.out.say(f"{root}: created; pools live below it.")
