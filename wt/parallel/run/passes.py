"""Passes that are remembered: the same tree, command and environment given need not be run twice.

One small file each below the pool's `.meta/passes/`, named by a hash of all three. What is older than ninety days is
forgotten.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass

from wt import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wt.pool.location import Pool

_KEPT_S = 90 * 86400.0


@dataclass(frozen=True)
class Pass:
    """How long it took when it was run, and its log, if that is still there."""

    duration_s: float
    log: str | None


class Passes:
    """The passes of one command in one environment."""

    def __init__(self, pool: Pool, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._top = f"{pool.real}/.meta/passes"
        self._rest = json.dumps([list(command), sorted(env.items())])

    def _path(self, tree: str) -> str:
        key = hashlib.sha256(f"{tree}\n{self._rest}".encode("utf-8", "surrogateescape")).hexdigest()
        return f"{self._top}/{key[:2]}/{key[2:]}"

    def recall(self, tree: str | None) -> Pass | None:
        """Return the pass of a tree; what cannot be read is none."""
        text = files.read_text(self._path(tree)) if tree is not None else None
        try:
            said = json.loads(text or "")
            log = said["log"]
            return Pass(
                float(said["duration_s"]), log if isinstance(log, str) and os.path.exists(log) else None
            )
        except (ValueError, TypeError, KeyError):
            return None

    def remember(self, tree: str | None, duration_s: float, log: str) -> None:
        if tree is None:
            return
        path = self._path(tree)
        shard = os.path.dirname(path)
        files.ensure_directory(shard, 0o700)
        _forget(shard)
        if os.path.lexists(path):
            files.unlink(path)
        try:  # not by a temp file, which a crash would leave: half a file is no pass
            files.write_exclusive(
                path, json.dumps({"tree": tree, "duration_s": duration_s, "log": log}) + "\n"
            )
        except FileExistsError:  # another run was as quick
            return


def _forget(shard: str) -> None:
    for name in files.list_directory(shard):
        try:
            if time.time() - os.stat(f"{shard}/{name}").st_mtime > _KEPT_S:
                files.unlink(f"{shard}/{name}")
        except FileNotFoundError:  # another run was as quick
            continue
