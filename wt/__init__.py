"""Dev sessions in warm git worktrees. The commands are `wt` and `worktree-pool`; this package is their library.

What it exports is loaded when it is first asked for: the commands import this package, too, and pay nothing for it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.errors import HooksNotTrusted, NameHeld, PoolExhausted
    from wt.parallel.orchestrator import WorktreeOrchestrator, try_hypothesis
    from wt.parallel.pool import WorktreePool
    from wt.parallel.records import Hypothesis, OrchestratorConfig, TestResult

__all__ = [
    "HooksNotTrusted",
    "Hypothesis",
    "NameHeld",
    "OrchestratorConfig",
    "PoolExhausted",
    "TestResult",
    "WorktreeOrchestrator",
    "WorktreePool",
    "try_hypothesis",
]
_WHERE = {
    "HooksNotTrusted": "wt.errors",
    "Hypothesis": "wt.parallel.records",
    "NameHeld": "wt.errors",
    "OrchestratorConfig": "wt.parallel.records",
    "PoolExhausted": "wt.errors",
    "TestResult": "wt.parallel.records",
    "WorktreeOrchestrator": "wt.parallel.orchestrator",
    "WorktreePool": "wt.parallel.pool",
    "try_hypothesis": "wt.parallel.orchestrator",
}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module `wt` has no attribute `{name}`")
    found: object = getattr(__import__(_WHERE[name], fromlist=[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
