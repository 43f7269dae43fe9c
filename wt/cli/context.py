"""What one run of a command knows: environment, directory, streams; and the pool, opened when asked for."""

from __future__ import annotations

from wt.model import record
from wt.pool import location

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wt.pool.location import Pool
    from wt.ui.out import Out


def show_life(out: Out) -> None:
    """Let a git that takes long show that it is alive, where somebody looks on."""
    if out.can_show_life:
        from wt.git import alive

        alive.show_on(out.alive)


@record
class Context:
    """Built once, in `main`; the layers below get plain values from it."""

    env: Mapping[str, str]
    cwd: str
    out: Out
    key: str | None = None

    def open_pool(self, key: str | None = None) -> Pool:
        """Return the pool named by `--pool`, else the one that the current directory belongs to."""
        root = location.worktree_root(self.env)
        wanted = self.key if key is None else key
        if wanted is None:
            location.check_root(root)
            wanted = location.find_key(root, self.cwd)
        self.out.pool = wanted
        show_life(self.out)
        return location.open_pool(root, wanted, self.out.say)

    def hint(self, text: str) -> None:
        """Say what to run next, as it works from here."""
        from wt.cli.hints import in_pool

        self.out.say_painted([("hint: ", "cyan"), (in_pool(text, self.env, self.out.pool), "")])
