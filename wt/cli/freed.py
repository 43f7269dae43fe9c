"""What every acquire does where its group is full, before it says so."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.pool.location import Pool


def freed(pool: Pool, tell: Callable[[str], None]) -> bool:
    """Take back what programs hold that are gone; returns whether that was any slot."""
    from wt.parallel import reclaim

    return bool(reclaim.of_the_dead(pool, tell))
