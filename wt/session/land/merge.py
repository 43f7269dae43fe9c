"""Step 8 of land: the base merged into the slot, conflicts left to the user, parents put in mainline order."""

from __future__ import annotations

from wt import files
from wt.errors import GitError, WtError, again, quoted
from wt.git import refs, status, trial
from wt.git.run import Git
from wt.model import Slot
from wt.pool import keep, materialise
from wt.session.land import move

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool
    from wt.session.base import Base

_IDENTITY = (("AUTHOR", "%an%n%ae%n%ad"), ("COMMITTER", "%cn%n%ce%n%cd"))


class ConflictError(WtError):
    """The merge stopped; the slot is as git left it, for the user to resolve."""


def base_into_slot(pool: Pool, slot: Slot, git: Git, base: Base, name: str) -> str:
    """Make the slot's branch contain the base; returns its new tip. ConflictError where the two disagree."""
    head = git.ask("rev-parse", "HEAD")
    if refs.is_ancestor(git, base.tip, head):
        return _mainline_order(pool, slot, git, base, name, head)
    behind = refs.is_ancestor(git, head, base.tip)
    merged = trial.Trial(base.tip, True, ()) if behind else trial.merge(git, head, base.tip)
    _refuse_overwriting(git, base, name, head, merged.tree)
    if not merged.clean:
        raise _stopped(slot, git, name, base, _leave_conflict(slot, git, base, head))
    new = base.tip if behind else _merge_commit(git, base, name, head, merged.tree)
    try:
        move.forward(pool, move.journal_of_slot(slot.admin_dir), _move(slot, head, new), git.keep)
    except GitError as error:
        raise _stopped(slot, git, name, base, error) from error
    return new


def _refuse_overwriting(git: Git, base: Base, name: str, head: str, tree: str) -> None:
    """Look for what would be overwritten: git merge heeds --no-overwrite-ignore in a fast-forward alone."""
    in_way = materialise.obstacles_between(git, head, tree)
    if in_way:
        error = WtError(f"`{base.branch}` was not merged into `{name}`: files that git does not track would be overwritten in "
                        f"{git.cwd}.", details="\n".join(in_way[:20]))  # fmt: skip
        raise error.hint(f"to move one away: mv {quoted(f'{git.cwd}/{in_way[0]}')} ~/", again("then"))


def _merge_commit(git: Git, base: Base, name: str, head: str, tree: str) -> str:
    """Commit the merge, the base as first parent: the log of the base reads as its mainline."""
    return git.do("commit-tree", "-p", base.tip, "-p", head, "-m", subject(name, base), tree)


def _move(slot: Slot, old: str, new: str) -> move.Move:
    return move.Move(refs.branch_of(slot.admin_dir) or slot.held.name, old, new, slot.directory)


def _leave_conflict(slot: Slot, git: Git, base: Base, head: str) -> GitError | None:
    """Merge in the slot, for the user to resolve; the journal (from a commit to itself) tells a torn one from a user's."""
    journal = move.journal_of_slot(slot.admin_dir)
    move.write(journal, _move(slot, head, head))
    try:
        git.do(
            "merge",
            "-q",
            "--no-ff",
            "--no-commit",
            "--no-overwrite-ignore",
            "--no-autostash",
            base.tip,
            env=move.no_merge_options(refs.branch_of(slot.admin_dir) or slot.held.name),
        )
    except GitError as error:
        return error
    finally:
        files.unlink(journal)
    return None


def _stopped(slot: Slot, git: Git, name: str, base: Base, error: GitError | None) -> WtError:
    """Tell a conflict (of files, or of directories alone), which the user resolves, from a merge that git refused to begin."""
    conflicted = status.read(git, untracked="no").conflicted
    if not conflicted and not refs.pseudo_ref(slot.admin_dir, "MERGE_HEAD"):
        return WtError(
            f"`{base.branch}` cannot be merged into `{name}`; nothing was landed.",
            f"git -C {quoted(git.cwd)} status",
            details=error.details if error else "",
        )
    stopped = ConflictError(
        f"`{name}` and `{base.branch}` change the same {'lines' if conflicted else 'directories'}; nothing was landed.",
        details="\n".join(conflicted) or (error.details if error else ""),
    )
    return stopped.hint(
        f"to go on, resolve them, then: cd {quoted(git.cwd)} && git add -A && git commit --no-edit && wt land",
        f"to give up: wt land --abort --name {quoted(name)}",
    )


def subject(name: str, base: Base) -> str:
    return f"Merge {name} into {base.branch}"


def _move_head(git: Git, new: str, old: str) -> None:
    git.do("update-ref", "-m", "wt: land", "HEAD", new, old)


def _mainline_order(pool: Pool, slot: Slot, git: Git, base: Base, name: str, head: str) -> str:
    """Swap the parents of a merge whose second is the base's tip, however it came about; else leave HEAD alone.

    Tree, author, committer and an own message stay; a generated subject is put right; a signed merge is left alone.
    """
    parents = git.ask("rev-list", "--parents", "-1", head).split(" ")[1:]
    if len(parents) != 2 or parents[1] != base.tip or parents[0] == base.tip:
        return head
    raw = git.ask("cat-file", "commit", head)
    if "\ngpgsig" in raw.split("\n\n", 1)[0]:
        return head
    env = _identity(git, head)
    message = _message(git, head, name, base)
    new = git.do(
        "commit-tree",
        "-p",
        parents[1],
        "-p",
        parents[0],
        "-F",
        "-",
        f"{head}^{{tree}}",
        data=message,
        env=env,
    )
    branch = refs.branch_of(slot.admin_dir) or name
    keep.commits(pool, git, keep.label_of(slot), [head], besides=f"refs/heads/{branch}")
    _move_head(git, new, head)
    return new


def _identity(git: Git, commit: str) -> dict[str, str]:
    env = {}
    for role, form in _IDENTITY:
        name, mail, when = git.ask("log", "-1", "--date=raw", f"--format={form}", commit).split("\n")
        env.update({f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": mail, f"GIT_{role}_DATE": when})
    return env


def _message(git: Git, commit: str, name: str, base: Base) -> bytes:
    text = git.ask("log", "-1", "--format=%B", commit)
    first, newline, rest = text.partition("\n")
    if first.startswith(("Merge branch '", "Merge commit '", "Merge remote-tracking branch '")):
        first = subject(name, base)
    return f"{first}{newline}{rest}".encode("utf-8", "surrogateescape")
