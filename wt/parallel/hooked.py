"""Hooks around what the library acquires and releases (contract section 14): the core runs them, here is what it is told.

What they print goes to the logger, and to the error that says how one failed.
"""

from __future__ import annotations

import os

from wt import trust
from wt.errors import HooksNotTrusted, UntrustedError, UsageError, WtError, quoted
from wt.model import replaced
from wt.pool import holder, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool
    from wt.trust import Policy

_LAST = 40  # lines of a hook's output that its error repeats


class Hooked:
    """The policy of one call, as the environment has it, and the last lines that its hooks printed."""

    def __init__(
        self, tell: Callable[[str], None], warn: Callable[[str], None], stopped: Callable[[], bool]
    ) -> None:
        self._tell, self._stopped, self._said = tell, stopped, list[str]()
        self.policy = trust.policy(os.environ, warn)

    def by(self, token: str) -> Policy:
        """Return the policy of a holder."""
        return watched(self.policy, token, self._show, self.policy.warn, self._stopped)

    def _show(self, text: str) -> None:
        self._tell(text)
        self._said = [*self._said, *text.split("\n")][-_LAST:]

    def explain(self, error: WtError) -> None:
        """Let the error of a hook repeat what the hook said last."""
        if not error.details:
            error.details = "\n".join(self._said)


def watched(
    policy: Policy,
    token: str,
    show: Callable[[str], None],
    warn: Callable[[str], None],
    stopped: Callable[[], bool],
) -> Policy:
    """Return a holder's policy: hooks that outlive it are ended like all else that it started."""
    env = {**policy.env, holder.VARIABLE: holder.marks(token)}
    return replaced(policy, env=env, show=show, warn=warn, stopped=stopped)


def not_trusted(pool: Pool, error: UntrustedError, commit: str) -> HooksNotTrusted:
    """Tell in the library's words what is not approved: there is no command to run again, and perhaps no WORKTREE_ROOT."""
    found = HooksNotTrusted(
        error.sentence,
        f"to read them: git -C {quoted(pool.config.source)} show {commit[:12]}:.wt-hooks.sh",
    )
    found.content = error.content
    if error.content is not None:
        from wt.hooks import of_content

        sha256 = of_content(error.content, "").sha256
        found.hint(*_ways(pool, sha256))
    found.hint("to run none of them: export WT_HOOKS=off")
    return found


def _ways(pool: Pool, sha256: str) -> list[str]:
    once = f"to approve exactly these for one shell's programs: export WT_TRUST={sha256}"
    try:
        names.check_key(pool.key)
    except UsageError:  # no command finds a pool of such a name
        return [once]
    root = quoted(os.path.dirname(pool.root))
    return [
        f"to approve exactly these: env WORKTREE_ROOT={root} wt trust --pool {pool.key} --sha256 {sha256}",
        once,
    ]
