"""Writes what wt/trust.py reads: approvals of hooks, and copies of what was approved, to show what has changed since."""

from __future__ import annotations

import os

from wt import files, hooks, times, trust
from wt.git import refs
from wt.model import record
from wt.pool import keep, mutex, resolve, survey
from wt.trust import Approval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wt.hooks import HooksFile
    from wt.pool.location import Pool
    from wt.trust import Policy


@record
class Standing:
    """How the hooks of one commit stand; `hooks` None where it has none."""

    commit: str
    hooks: HooksFile | None
    approved: bool


def look(pool: Pool, policy: Policy, start: str | None, cwd: str) -> Standing:
    """Return how the hooks of `start` stand: else of the HEAD of the slot around `cwd`, else of default_commit."""
    commit = refs.resolve(pool.git(), start) if start is not None else _here(pool, policy, cwd)
    found = hooks.at_commit(pool.git(), commit)
    approved = found is None or trust.is_approved(policy, pool.common, found.sha256)
    return Standing(commit, found, approved)


def _here(pool: Pool, policy: Policy, cwd: str) -> str:
    inside = f"{os.path.realpath(cwd)}/"
    slots = (slot for slot in survey.take(pool).slots if slot.path is not None)
    slot = next((slot for slot in slots if inside.startswith(f"{slot.directory}/")), None)
    head = keep.head_commit(slot, pool.common) if slot is not None else None
    return head or resolve.default_commit(pool, policy.warn)


def last_approved(pool: Pool, policy: Policy) -> bytes | None:
    """Return the content approved last for a source, as far as its copy is still there."""
    store = trust.store_path(policy.env)
    for one in reversed(trust.approvals(store, policy.warn)):
        if one.common == pool.common and one.sha256 != trust.ANY:
            text = files.read_text(_copy(store, one.sha256), hooks.LIMIT)
            return None if text is None else text.encode("utf-8", "surrogateescape")
    return None


def _copy(store: str, sha256: str) -> str:
    return f"{os.path.dirname(store)}/approved/{sha256}"


def approve(
    env: Mapping[str, str], common: str, sha256: str, content: bytes | None, tell: Callable[[str], None]
) -> None:
    """Record an approval for a source; `content` is kept beside it where it is known."""
    store = trust.store_path(env)
    for directory in (os.path.dirname(store), f"{os.path.dirname(store)}/approved"):
        files.ensure_directory(directory, 0o700)
    if content is not None:
        files.replace_text(_copy(store, sha256), content.decode("utf-8", "surrogateescape"), 0o600)
    with mutex.take(f"{store}.lock", tell, what="the approvals of hooks"):
        known = [one for one in trust.approvals(store, tell) if (one.sha256, one.common) != (sha256, common)]
        _write(store, [*known, Approval(sha256, times.now_text(), common)])


def withdraw(env: Mapping[str, str], common: str, tell: Callable[[str], None]) -> int:
    """Take back every approval for a source; returns how many there were."""
    store = trust.store_path(env)
    if not os.path.lexists(store):
        return 0
    with mutex.take(f"{store}.lock", tell, what="the approvals of hooks"):
        known = trust.approvals(store, tell)
        stay = [one for one in known if one.common != common]
        _write(store, stay)
        wanted = {one.sha256 for one in stay}
        for one in known:
            if one.sha256 not in wanted and os.path.lexists(_copy(store, one.sha256)):
                files.unlink(_copy(store, one.sha256))
    return len(known) - len(stay)


def _write(store: str, known: list[Approval]) -> None:
    files.replace_text(store, "".join(one.line() for one in known), 0o600)
