"""The whole round in a throw-away place: a repository of Python modules whose build (byte-compiling) leaves a real cache."""

from __future__ import annotations

import sys
import time

from wt import files
from wt.errors import WtError
from wt.git.run import Git
from wt.model import record
from wt.session.command import run_there

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = 800
_FUNCTIONS = 25
BUILD = (sys.executable, "-m", "compileall", "-q", "src")


@record
class Stage:
    """Where the demo plays: everything below `top`, which is removed afterwards."""

    top: str
    env: dict[str, str]

    @property
    def source(self) -> str:
        return f"{self.top}/app"

    def slot(self, name: str) -> str:
        return f"{self.top}/worktrees/app/{name}"

    def wt(self, *words: str, cwd: str) -> None:
        """Run the real command as a process of its own, as a person would."""
        status = run_there((sys.executable, "-m", "wt", *words), cwd, self.env)
        if status != 0:
            raise WtError(f"`wt {' '.join(words)}` ended with {status} in the demo.", "git --version")

    def build(self, cwd: str) -> float:
        """Byte-compile what has changed; returns the seconds that it took."""
        began = time.monotonic()
        if run_there(BUILD, cwd, self.env) != 0:
            raise WtError("The demo's build failed.", "python3 -m compileall --help")
        return time.monotonic() - began


def set_up(top: str, env: Mapping[str, str]) -> Stage:
    """Make the source: some hundred modules, and a .gitignore that keeps their cache out of git."""
    stage = Stage(top, _environment(top, env))
    files.make_directory(f"{stage.source}/src")
    files.make_directory(f"{top}/worktrees")
    body = "".join(
        f"def f{n}(a, b):\n    return [x * a + {n} for x in range(b)]\n\n\n" for n in range(_FUNCTIONS)
    )
    for number in range(MODULES):
        files.write_exclusive(f"{stage.source}/src/m{number}.py", body)
    files.write_exclusive(f"{stage.source}/.gitignore", "__pycache__/\n")
    git = Git(stage.source)
    git.do("init", "-q", "-b", "main")
    git.do("add", "-A")
    git.do("commit", "-q", "-m", "A small project", env=stage.env)
    return stage


def _environment(top: str, env: Mapping[str, str]) -> dict[str, str]:
    """The user's environment, but for who commits and where pools are: no configuration may make the demo ask or sign."""
    import os

    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.pathsep.join(part for part in (package, env.get("PYTHONPATH", "")) if part)
    who = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER")
           for field, value in (("NAME", "demo"), ("EMAIL", "demo@localhost"))}  # fmt: skip
    return {
        **{key: value for key, value in env.items() if key not in ("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")},
        **who, "WORKTREE_ROOT": f"{top}/worktrees", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONPATH": path,
    }  # fmt: skip


def edit(path: str) -> None:
    """Change one module, as a person would with an editor."""
    files.replace_text(path, (files.read_text(path) or "") + "ANSWER = 42\n")
