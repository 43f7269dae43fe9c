"""All worktrees of a repository, by their files: who has which branch out, and which operation is under way where."""

from __future__ import annotations

import os

from wt import files
from wt.git import layout, refs
from wt.model import record

# as they can be pasted: `--continue` would open an editor for a message that is there already
_OPERATIONS = (
    ("rebase-merge", "rebase", "git rebase --abort", "GIT_EDITOR=true git rebase --continue"),
    ("rebase-apply", "rebase", "git rebase --abort", "GIT_EDITOR=true git rebase --continue"),
    ("MERGE_HEAD", "merge", "git merge --abort", "git commit --no-edit"),
    (
        "CHERRY_PICK_HEAD",
        "cherry-pick",
        "git cherry-pick --abort",
        "GIT_EDITOR=true git cherry-pick --continue",
    ),
    ("REVERT_HEAD", "revert", "git revert --abort", "GIT_EDITOR=true git revert --continue"),
    ("BISECT_LOG", "bisect", "git bisect reset", "git bisect reset"),
    (
        "sequencer",
        "sequence of cherry-picks",
        "git cherry-pick --abort",
        "GIT_EDITOR=true git cherry-pick --continue",
    ),
)


@record
class Worktree:
    """One worktree: its directory (None for a bare repository's own entry) and its git dir."""

    path: str | None
    git_dir: str

    @property
    def branch(self) -> str | None:
        return refs.branch_of(self.git_dir)


@record
class Operation:
    """A merge, rebase, … that is not finished, the command that gives it up, and the one that goes on with it."""

    name: str
    abort: str
    proceed: str


def list_all(common: str) -> list[Worktree]:
    """Return the main worktree (or the bare repository) first, then the linked ones whose admin dir is sound."""
    main = None if _is_bare(common) else _main(common)
    linked = []
    for name in files.list_directory(f"{common}/worktrees"):
        admin = f"{common}/worktrees/{name}"
        if path := layout.back_pointer(admin):
            linked.append(Worktree(path, admin))
    return [Worktree(main, common), *linked]


def _main(common: str) -> str:
    """Return the main worktree: beside its repository, or where core.worktree says (a submodule's, for one)."""
    for name in ("config.worktree", "config"):
        for line in (files.read_text(f"{common}/{name}", 1 << 22) or "").split("\n"):
            key, equals, value = line.partition("=")
            if equals and key.strip().lower() == "worktree":
                return os.path.normpath(os.path.join(common, value.strip().strip('"')))
    return os.path.dirname(common)


def _is_bare(common: str) -> bool:
    """A repository is bare where config says so; only `core.bare` outside conditional includes matters to git here."""
    text = files.read_text(f"{common}/config", 1 << 22) or ""
    lines = ["".join(line.split()).lower() for line in text.split("\n")]
    return "bare=true" in lines or (os.path.basename(common) != ".git" and "bare=false" not in lines)


def operation(git_dir: str) -> Operation | None:
    own = refs.in_tables(git_dir)
    for name, what, abort, proceed in _OPERATIONS:
        if name in own or refs.exists_as_file(git_dir, name):
            return Operation(what, abort, proceed)
    return None


def branches_in_use(worktree: Worktree) -> set[str]:
    """Return the branches that git holds for a worktree: HEAD's, and those under rebase or bisect."""
    found = {worktree.branch} if worktree.branch else set()
    for name in ("rebase-merge/head-name", "rebase-apply/head-name"):
        text = (files.read_text(f"{worktree.git_dir}/{name}", 4096) or "").strip()
        if text.startswith("refs/heads/"):
            found.add(text[11:])
    start = (files.read_text(f"{worktree.git_dir}/BISECT_START", 4096) or "").strip()
    if start:
        found.add(start.removeprefix("refs/heads/"))
    return found


def holders_of(common: str, branch: str) -> list[Worktree]:
    """Return the worktrees in which a branch is checked out, or under rebase or bisect; a bare HEAD checks nothing out."""
    return [one for one in list_all(common) if one.path is not None and branch in branches_in_use(one)]
