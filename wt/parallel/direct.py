"""Direct mode: plain worktrees, made by `git worktree add` and removed afterwards. They lie below `<pool_dir>/.direct/`."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from wt import files, times
from wt.errors import GitError
from wt.git import layout, refs
from wt.git.run import Git
from wt.parallel import naming
from wt.parallel.worktrees import create_worktree, remove_worktree
from wt.pool import holder
from wt.pool.keep import PREFIX


class Direct:
    """The plain worktrees of one orchestrator. Its token marks them, and whatever is run in any of its worktrees."""

    def __init__(self, repo: str, root: str) -> None:
        self.repo, self.root = repo, f"{root}/.direct"
        self.paths: dict[str, Path] = {}
        self._lock = threading.Lock()
        self._sweep()
        self.token = holder.begin(self.root)

    def _sweep(self) -> None:
        """Remove what orchestrators left that are gone."""
        for token in holder.tokens(self.root):
            dead = holder.claim_dead(self.root, token)
            if dead is None:
                continue
            with dead:
                holder.end_children(token)
                for name in files.list_directory(f"{self.root}/{token}"):
                    self._remove(Path(f"{self.root}/{token}/{name}"))
                files.remove_tree_if_there(f"{self.root}/{token}")
                files.unlink(dead.path)

    def create(self, wanted: str, ref: str | None) -> Path:
        """Return the worktree of an id, made if there is none yet; HEAD is detached at `ref`."""
        with self._lock:
            if wanted not in self.paths:
                files.ensure_directory(f"{self.root}/{self.token}")
                where = f"{self.root}/{self.token}/{naming.file_name(wanted)}"
                self.paths[wanted] = create_worktree(self.repo, where, None, ref or "HEAD")
            return self.paths[wanted]

    def remove(self, wanted: str) -> None:
        with self._lock:
            path = self.paths.pop(wanted, None)
            if path is not None:
                self._remove(path)

    def _remove(self, path: Path) -> None:
        self._keep_commits(path)
        try:
            remove_worktree(self.repo, path, force=True)
        except GitError:  # a test has damaged it
            files.remove_tree_if_there(os.fspath(path))
            Git(self.repo).do("worktree", "prune")
        files.remove_tree_if_there(os.fspath(path))

    def _keep_commits(self, path: Path) -> None:
        """Keep what was committed in a worktree where no ref reaches it."""
        place = layout.at(os.path.realpath(path))
        _ref, sha = layout.head(place.git_dir) if place is not None else (None, None)
        if sha is None:
            return
        git = Git(self.repo)
        try:
            if not refs.is_reachable(git, sha):
                ref = f"{PREFIX}direct/{times.compact(times.now_text())}-{sha[:8]}"
                git.do("update-ref", ref, sha)
        except GitError:
            return

    def close(self) -> None:
        """End whatever was started in any worktree of this orchestrator; its own are removed by now."""
        holder.end_children(self.token)
        files.remove_directory(f"{self.root}/{self.token}")
        holder.end(self.root, self.token)
        for empty in (holder.directory(self.root), f"{self.root}/.meta", self.root):
            files.remove_directory(empty)
