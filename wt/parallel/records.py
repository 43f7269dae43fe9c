"""What goes in and what comes out, as values that can be sent to another process or host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

Command = str | Sequence[str]  # a string is for `sh -c`


@dataclass(frozen=True)
class Hypothesis:
    """One thing to try.

    `id` is any string, `ref` the revision that it starts from (None: the HEAD of the repository), `patch` the text of a
    diff, `files` contents by path (relative to the worktree), `env` variables for set-up and test, `setup` the commands
    to run first, each a string for `sh -c` or an argv.
    """

    id: str
    ref: str | None = None
    patch: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    setup: Sequence[Command] = ()


@dataclass(frozen=True)
class OrchestratorConfig:
    """`base_repo` is the repository; with `use_pool` worktrees come from the pool at `pool_dir` (None: the default of
    `WorktreePool`), `max_size` at most; `timeout_s` bounds each command in seconds (None: no bound).
    """

    base_repo: str | os.PathLike[str]
    use_pool: bool = True
    pool_dir: str | os.PathLike[str] | None = None
    max_size: int = 10
    timeout_s: float | None = None


@dataclass(frozen=True)
class TestResult:
    """What became of one command.

    `returncode` is its exit status, negative where a signal ended it, None where it could not be started; `duration_s`
    is in seconds; `log_path` holds stdout and stderr together, on the machine `host`; `tail` is the end of that log.
    `passed` says whether it ended with 0, in time.
    """

    id: str
    path: str
    returncode: int | None
    duration_s: float
    timed_out: bool
    log_path: str
    host: str = ""
    tail: str = ""

    __test__ = False  # pytest, this is no test

    @property
    def passed(self) -> bool:
        return self.returncode == 0 and not self.timed_out
