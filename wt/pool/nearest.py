"""Which of several commits is the nearest to another: by the time between them, which one git process knows of all.

To count the commits between would be truer, and cost a walk for each; a slot that was left last week is nearer to
today's base than one of last year's, whatever the shape of the history.
"""

from __future__ import annotations

from wt.errors import GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from wt.git.run import Git

_ENOUGH = 64


class Distances:
    """Asked once for the same commits: a reservation and the choice that follows it come to the same order."""

    known: ClassVar[dict[tuple[str, frozenset[str]], dict[str, int]]] = {}

    @classmethod
    def to(cls, git: Git, sha: str, others: Iterable[str]) -> dict[str, int]:
        """Return the seconds between `sha` and each other commit; empty where there is nothing to choose, or to know."""
        wanted = frozenset(others)
        if sha in wanted or not 1 < len(wanted) <= _ENOUGH:
            return {}
        if (sha, wanted) not in cls.known:
            cls.known[sha, wanted] = _asked(git, sha, sorted(wanted))
        return cls.known[sha, wanted]


def _asked(git: Git, sha: str, others: list[str]) -> dict[str, int]:
    try:
        out = git.ask(
            "log", "--no-walk=unsorted", "--no-show-signature", "--format=%H %ct", sha, *others, "--"
        )
    except GitError:  # a commit that is gone: then any slot is as good as the others
        return {}
    times = {commit: int(when) for commit, _, when in (line.partition(" ") for line in out.split("\n"))}
    return {one: abs(times[one] - times[sha]) for one in others if one in times and sha in times}
