"""Directories in the pool root that are no slots of ours: left alone, named once, never counted (contract section 9)."""

from __future__ import annotations

from wt import files
from wt.errors import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wt.pool.location import Pool


def name_once(pool: Pool, foreign: Iterable[str], tell: Callable[[str], None]) -> None:
    """Tell of those that were not told of before; the caller holds the pool mutex. What is gone is forgotten."""
    path = f"{pool.real}/.meta/foreign"
    here = sorted(name for name in foreign if "\n" not in name)
    known = (files.read_text(path) or "").split("\n")[:-1]
    for name in here:
        if name not in known:
            tell(
                f"{pool.real}/{name} is no slot of this pool; it is left alone: ls -la {quoted(f'{pool.real}/{name}')}"
            )
    if here != known:
        files.replace_text(path, "".join(f"{name}\n" for name in here))
