"""The verdict, contract section 11: one value with evidence, used wherever a slot may be recycled.

The order of the questions is the table's; what cannot be established counts against recycling.
"""

from __future__ import annotations

import os
import time

from wt.errors import GitError, quoted
from wt.git import landed, refs, status, worktrees
from wt.git.run import Git
from wt.model import Slot, record, replaced
from wt.pool import gitlocks, giveback, holder, keep
from wt.session import memory as remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.pool.location import Pool
    from wt.pool.standing import Standing
    from wt.pool.submodules.judge import Inside
    from wt.session.memory import Memory

_MOMENT = 0.5  # seconds that a lock file may take to go before it counts


@record
class Evidence:
    """What was found; counts are of files, `ahead` of commits. None: could not be asked, or was not.

    `paths` are the changed and untracked files, `moved` says that HEAD is not where the slot was acquired.
    """

    ahead: int | None = None
    landed_by: str | None = None
    pushed: bool | None = None
    dirty: int | None = None
    untracked: int | None = None
    operation: str | None = None
    processes: tuple[Standing, ...] = ()
    paths: tuple[str, ...] = ()
    moved: bool = False
    submodules: tuple[Inside, ...] = ()


@record
class Verdict:
    """`mark` is green, yellow or red, `reason` the word of the table, `why` a sentence, `next` the command to run."""

    mark: str
    reason: str
    why: str
    next: str
    evidence: Evidence

    @property
    def green(self) -> bool:
        return self.mark == "green"


class _NoBaseError(Exception):
    """The branch that everything is measured by is not there."""


def judge(
    pool: Pool, slot: Slot, everybody: list[Standing] | None = None, memory: Memory | None = None
) -> Verdict:
    """Look at a slot.

    Where several are judged for a list, `everybody` spares a second look at all processes, and `memory` a second
    question to git. What may recycle a slot gives neither.
    """
    name = slot.name or slot.slot
    if slot.state == "broken" or slot.path is None or slot.admin is None or slot.lock is None:
        why = slot.problem or "its lock cannot be read"
        return Verdict("red", "broken", why, "wt doctor", Evidence())
    try:
        return _asked(pool, slot, name, worktrees.operation(slot.admin), everybody, memory)
    except _NoBaseError:
        why = f"the base `{pool.config.base}` is gone from the source"
        return Verdict("red", "broken", why, f"git -C {quoted(pool.config.source)} branch -a", Evidence())
    except GitError as error:
        return Verdict(
            "red",
            "broken",
            f"git cannot be asked: {error.details or error}",
            f"git -C {quoted(slot.path)} status",
            Evidence(),
        )


def _asked(
    pool: Pool,
    slot: Slot,
    name: str,
    operation: worktrees.Operation | None,
    everybody: list[Standing] | None,
    memory: Memory | None,
) -> Verdict:
    git = Git(slot.directory)
    looking = git.start(*status.arguments(untracked="normal"))
    hidden = _Hidden(slot, git, memory)
    ahead = _ahead(pool, slot, git, memory)
    found = status.answered(looking)
    tracked = (*found.conflicted, *found.tracked, *hidden.answer())
    standing = [*_standing(slot, everybody), *_holding(pool, slot)]
    evidence = Evidence(
        ahead.count, ahead.by, _pushed(pool, slot), len(tracked), len(found.untracked),
        operation.name if operation else _lock_file(slot, patient=memory is None), tuple(standing), (*tracked, *found.untracked),
        slot.lock is not None and keep.head_commit(slot, pool.common) != slot.lock.full_sha,
        _inside(pool, slot, landed=not ahead.count or bool(ahead.by)) if os.path.isdir(f"{slot.admin}/modules") else (),
    )  # fmt: skip
    return _of_a_program(pool, slot, _first_match(name, slot.directory, evidence, operation))


def _of_a_program(pool: Pool, slot: Slot, found: Verdict) -> Verdict:
    """What a program holds that is gone, or still at it: that is said, and what to do about it instead of a land."""
    lives = holder.is_alive(pool.real, slot.held.holder) if slot.held.holder else None
    if lives is None:
        return found
    pid = slot.held.pid
    if not lives:
        why = f"{found.why}; process {pid}, which held it, is gone"
        mends = found.reason in ("dirty", "in-use")
        return replaced(found, why=why, next="wt doctor --fix" if mends else found.next)
    if found.reason == "dirty":
        return replaced(found, why=f"{found.why}; process {pid} holds it", next=f"ps -o pid,args -p {pid}")
    return found


def _lock_file(slot: Slot, *, patient: bool) -> str | None:
    """Return the lock file of a git that is at work in the slot, or died there; an editor's look takes but a moment."""
    until = time.monotonic() + (_MOMENT if patient else 0)
    while True:
        found = next((path for path in gitlocks.of_worktree(slot.admin_dir) if os.path.lexists(path)), None)
        if found is None or time.monotonic() >= until:
            return os.path.basename(found) if found else None
        time.sleep(_MOMENT / 20)


def _inside(pool: Pool, slot: Slot, *, landed: bool) -> tuple[Inside, ...]:
    """What stands in submodules; the slot's own commit records pins that count where the base has it."""
    from wt.pool.submodules import judge

    base = f"refs/heads/{pool.config.base}"
    upstream = [ref.upstream for ref in refs.list_refs(pool.git(), base) if ref.name == base and ref.upstream]
    return tuple(
        judge.look(
            slot, [base, *upstream, *([keep.head_commit(slot, pool.common) or "HEAD"] if landed else [])]
        )
    )


class _Hidden:
    """The question for edits behind hidden bits, under way unless an earlier list saw that this very index has none."""

    def __init__(self, slot: Slot, git: Git, memory: Memory | None) -> None:
        self._git, self._memory = git, memory
        self._index = remember.identity(f"{slot.admin}/index") if memory else None
        known = memory and self._index and memory.recall("unhidden", self._index)
        self._flags = None if known else git.start("ls-files", "-v", "-z")

    def answer(self) -> tuple[str, ...]:
        if self._flags is None:
            return ()
        if status.has_hidden(self._flags.answer()):
            return status.hidden_edits(self._git)
        if self._memory and self._index:
            self._memory.learn("unhidden", self._index, "yes")
        return ()


def _ahead(pool: Pool, slot: Slot, git: Git, memory: Memory | None) -> landed.Ahead:
    """Both HEAD and the slot's own branch are looked at."""
    branch = giveback.owned_branch(pool, slot)
    tips = ["HEAD"]
    if (
        branch is not None
        and refs.branch_of(slot.admin_dir) != branch
        and keep.branch_tip(pool.common, f"refs/heads/{branch}")
    ):
        tips.append(f"refs/heads/{branch}")
    base = f"refs/heads/{pool.config.base}"
    tip = keep.branch_tip(pool.common, base)
    if tip is None:
        raise _NoBaseError
    if tips == ["HEAD"] and keep.head_commit(slot, pool.common) == tip:
        return landed.Ahead(0)
    upstream = next((ref.upstream for ref in refs.list_refs(git, base) if ref.name == base), "")
    bases = [base, upstream] if upstream else [base]
    key = _commits(pool, slot, tips, bases) if memory else None
    known = memory.recall("ahead", key) if memory and key else None
    found = remember.ahead_from_text(known) if known else None
    if found is None:
        head = keep.head_commit(slot, pool.common)  # also of a HEAD whose branch has no commit yet
        found = landed.ahead(git, [head or "HEAD", *tips[1:]], bases)
        if memory and key:
            memory.learn("ahead", key, remember.ahead_to_text(found))
    return found


def _commits(pool: Pool, slot: Slot, tips: list[str], bases: list[str]) -> str | None:
    """Return the commits that the refs stand for, None where one of them cannot be told."""
    found = [keep.head_commit(slot, pool.common) if ref == "HEAD" else keep.branch_tip(pool.common, ref)
             for ref in (*tips, *bases)]  # fmt: skip
    return ",".join([str(len(tips)), *(sha for sha in found if sha)]) if all(found) else None


def _pushed(pool: Pool, slot: Slot) -> bool | None:
    """Whether a remote-tracking branch of the slot's name is where its HEAD is; None where there is none."""
    name = slot.lock.name if slot.lock else ""
    tip = refs.read_loose(pool.common, f"refs/remotes/origin/{name}")
    return None if tip is None else tip == keep.head_commit(slot, pool.common)


def _standing(slot: Slot, everybody: list[Standing] | None) -> list[Standing]:
    path = os.path.realpath(slot.directory)
    if everybody is None:
        from wt.pool.standing import standing

        return standing(path)
    return [one for one in everybody if one.is_in(path)]


def _holding(pool: Pool, slot: Slot) -> list[Standing]:
    """A program that holds the slot and lives uses it, wherever it stands."""
    if not slot.held.holder or not holder.is_alive(pool.real, slot.held.holder):
        return []
    from wt.pool.standing import one

    return [one(slot.held.pid)]


def _first_match(name: str, path: str, found: Evidence, operation: worktrees.Operation | None) -> Verdict:
    """The table of section 11, top to bottom."""
    if operation is not None:
        look = f"git -C {quoted(path)} status"
        return Verdict("yellow", "busy", f"a {operation.name} is in progress", look, found)
    if found.operation:
        why = f"{found.operation} in its git directory says that a git is at work in it, or died there"
        return Verdict("yellow", "busy", why, "wt doctor --fix", found)
    inside = found.submodules[0] if found.submodules else None
    if inside is not None and inside.reason == "busy":
        look = f"git -C {quoted(f'{path}/{inside.path}')} status"
        return Verdict("yellow", "busy", inside.why, look, found)
    changes = _changes(found)
    if found.ahead and not found.landed_by:
        why = f"{_count(found.ahead, 'commit')} that the base does not have"
        return Verdict(
            "red", "unmerged", f"{why}, and {changes}" if changes else why, _land(name, found), found
        )
    if inside is not None:
        look = f"git -C {quoted(f'{path}/{inside.path}')} status"
        return Verdict("yellow", "dirty", "; ".join(one.why for one in found.submodules), look, found)
    if changes:
        return Verdict("yellow", "dirty", changes, _land(name, found), found)
    if found.processes:
        one = found.processes[0]
        return Verdict(
            "yellow",
            "in-use",
            f"pid {one.pid} ({one.command}) {'is in' if one.is_in(path) else 'holds'} it",
            f"ps -o pid,args -p {one.pid}",
            found,
        )
    if found.landed_by:
        return Verdict(
            "green",
            "landed",
            f"its commits are in the base ({found.landed_by})",
            f"wt release {quoted(name)}",
            found,
        )
    reason = "landed" if found.moved else "clean"
    return Verdict("green", reason, "nothing here would be lost", f"wt release {quoted(name)}", found)


def _changes(found: Evidence) -> str:
    parts = [_count(found.dirty, "changed file")] if found.dirty else []
    parts += [_count(found.untracked, "untracked file")] if found.untracked else []
    return " and ".join(parts)


def _land(name: str, found: Evidence) -> str:
    """The land that would not be refused for what was found."""
    add = " --add" if found.untracked else ""
    message = ' "message"' if found.dirty or found.untracked else ""
    return f"wt land --name {quoted(name)}{add}{message}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
