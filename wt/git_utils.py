"""Plain worktrees for Python programs: make, remove, reset, and which branch one is on."""

from __future__ import annotations

from wt.parallel.worktrees import create_worktree, get_current_branch, remove_worktree, reset_worktree

__all__ = ["create_worktree", "get_current_branch", "remove_worktree", "reset_worktree"]
