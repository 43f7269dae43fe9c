"""Dev sessions in warm git worktrees. The commands are `wt` and `worktree-pool`; this package is their library."""
