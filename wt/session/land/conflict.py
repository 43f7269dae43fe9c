"""Where step 8 stops: the conflict is left in the slot as git leaves it, for the user to resolve or to give up."""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, WtError, again, quoted
from wt.git import obstacles, refs, status
from wt.pool import keep
from wt.session.land import advance, move
from wt.session.land.wish import forget_stop, remember_stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.session.base import Base
    from wt.session.land.task import Task

_MERGE = (
    "merge",
    "-q",
    "--no-ff",
    "--no-commit",
    "--no-overwrite-ignore",
    "--no-autostash",
    "--no-verify-signatures",
)
# what the user may have set for rebases of their own: other branches moved along, work stashed, an editor
_REBASE = ("-c", "rebase.updateRefs=false", "-c", "rebase.autoSquash=false", "-c", "rebase.rebaseMerges=false",
           "rebase", "-q", "--merge", "--no-autostash", "--no-fork-point", "--no-rebase-merges", "--empty=drop")  # fmt: skip


class ConflictError(WtError):
    """The merge or rebase stopped; the slot is as git left it, for the user to resolve."""


def refuse_overwriting(task: Task, base: Base, head: str, tree: str) -> None:
    """Look for what would be overwritten: git merge heeds --no-overwrite-ignore in a fast-forward alone."""
    refuse_in_way(task, base, obstacles.between(task.git, head, tree))


def refuse_in_way(task: Task, base: Base, in_way: list[str]) -> None:
    if in_way:
        top = task.git.cwd
        error = WtError(f"`{base.branch}` was not merged into `{task.name}`: files that git does not track would be overwritten in "
                        f"{top}.", details="\n".join(in_way[:20]))  # fmt: skip
        raise error.hint(f"to move one away: mv {quoted(f'{top}/{in_way[0]}')} ~/", again("then"))


def by_merge(task: Task, base: Base, head: str) -> WtError:
    """Merge in the slot, and return what to raise where that stopped, as was foreseen.

    The base is merged by its name, which git writes beside the lines in conflict: MovedError where that is another commit
    by now.
    """
    name = task.git.ask("for-each-ref", "--format=%(refname:short)", base.ref)
    error = _left(task, base, head, (*_MERGE, "--", name))
    merged = refs.pseudo_ref(task.slot.admin_dir, "MERGE_HEAD")
    if base.tip not in merged and refs.resolve(task.git, base.ref) != base.tip:
        if merged:
            task.git.do("merge", "--abort")
        forget_stop(task.slot)
        return advance.MovedError(f"`{base.branch}` moved meanwhile.")
    return _stopped(task, base, head, "merge", "git commit --no-edit", error)


def by_rebase(task: Task, base: Base, head: str) -> WtError | None:
    """Rebase in the slot, its old tip set aside; None where git, other than foreseen, came to the end."""
    keep.commits(task.pool, task.git, keep.label_of(task.slot), [head], besides=f"refs/heads/{task.branch}")
    error = _left(task, base, head, (*_REBASE, base.tip))
    if error is None:
        return None
    return _stopped(task, base, head, "rebase", "GIT_EDITOR=true git rebase --continue", error)


def _left(task: Task, base: Base, head: str, args: tuple[str, ...]) -> GitError | None:
    """Run git; the journal (from a commit to itself) tells what died in the middle from what a user did."""
    journal = move.journal_of_slot(task.slot.admin_dir)
    remember_stop(task.slot, head, "", task.wish, base)
    move.write(journal, move.Move(task.branch, head, head, task.slot.directory))
    try:
        task.git.do(*args, env=move.no_merge_options(task.branch))
    except GitError as error:
        return error
    finally:
        files.unlink(journal)
    return None


def refused(task: Task, base: Base, error: GitError | None) -> WtError:
    """Git did not even begin."""
    refusal = WtError(
        f"`{base.branch}` cannot be merged into `{task.name}`; nothing was landed.",
        f"to see more: git -C {quoted(task.git.cwd)} status",
    )
    refusal.__cause__ = error
    return refusal


def _of_submodules(task: Task, base: Base, conflicted: tuple[str, ...]) -> list[str]:
    """A submodule that both sides moved is joined in itself: `git add` alone would take the slot's side and drop the base's."""
    hints = []
    for path in conflicted:
        entry = task.git.ask("ls-tree", "--full-tree", base.tip, "--", path)
        top = f"{task.git.cwd}/{path}"
        if entry.startswith("160000") and os.path.lexists(f"{top}/.git"):
            pin = entry.split("\t")[0].split(" ")[2]
            hints.append(f"to join both in the submodule first: git -C {quoted(top)} merge {pin[:12]}")
    return hints


def _stopped(task: Task, base: Base, head: str, what: str, done: str, error: GitError | None) -> WtError:
    """Tell a conflict, which the user resolves, from a git that refused to begin.

    It may be one without a file: of directories' names alone, or one that rerere has resolved; git's words say which.
    """
    conflicted = status.read(task.git, untracked="no").conflicted
    state = {"merge": "MERGE_HEAD", "rebase": "rebase-merge"}[what]
    if not conflicted and not refs.exists_as_file(task.slot.admin_dir, state):
        forget_stop(task.slot)
        return refused(task, base, error)
    remember_stop(task.slot, head, task.git.ask("rev-parse", "HEAD"), task.wish, base)
    stopped = ConflictError(
        f"`{task.name}` and `{base.branch}` conflict; nothing was landed.",
        details="\n".join(conflicted) or (error.details if error else ""),
    )
    return stopped.hint(
        *_of_submodules(task, base, conflicted),
        f"to go on, {'resolve them' if conflicted else 'see that it is right'}, then: cd {quoted(task.git.cwd)} && git add -u && {done} && wt land",
        f"to give up: wt land --abort --name {quoted(task.name)}",
    )
