"""A command on a terminal that asks something, and what it made of the keys."""

import pexpect

from tests.support import terminal, tool


class Asked:
    """A command on a terminal, its stdout apart from what it draws."""

    def __init__(self, pool, *words, cwd=None):
        script = " ".join(tool.argv("wt", *words)) + f" >{pool.root}/out; echo STATUS $?."
        self.tty = pexpect.spawn(
            "bash", ["--noprofile", "--norc", "-c", script], cwd=cwd or pool.source, encoding="utf-8", timeout=60,
            env=terminal.environment(WORKTREE_ROOT=pool.root), dimensions=(50, 160),
        )  # fmt: skip
        self.tty.delaybeforesend = None
        self.pool = pool

    def until(self, word):
        self.tty.expect(word)
        return terminal.plain(self.tty.before)

    def answer(self, keys):
        """Return status, stdout and what was shown after the question was answered."""
        self.tty.send(keys)
        shown = self.until(r"STATUS \d+\.")
        status = int(str(self.tty.after)[7:-1])
        with open(f"{self.pool.root}/out", encoding="utf-8") as file:
            return status, file.read(), shown
