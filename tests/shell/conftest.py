"""A pool, and shells that know it; each test says in its parameters which shells it is for."""

import shutil
import subprocess

import pytest

from tests.support import gitrepo, terminal, tool


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/shell/" in item.path.as_posix():
            item.add_marker(pytest.mark.shell)


@pytest.fixture(params=["bash", "zsh"])
def shell(request):
    if not shutil.which(request.param):
        pytest.skip(f"no {request.param} here")
    return request.param


@pytest.fixture(params=["bash", "zsh", "fish"])
def any_shell(request):
    """What a module takes for its `shell`, whose cases are the same for all three."""
    if not shutil.which(request.param):
        pytest.skip(f"no {request.param} here")
    return request.param


@pytest.fixture
def pool(tmp_path, repo):
    gitrepo.commit(repo, {"sub/a": "1\n"})
    return tool.Pool(tmp_path / "w", repo)


@pytest.fixture
def stable(tmp_path, repo):
    gitrepo.commit(repo, {"sub/a": "1\n"})
    return tool.Pool(tmp_path / "w", repo, layout="stable")


@pytest.fixture
def start(tmp_path, shell):
    """Starts interactive shells, each in a directory of its own, and ends them."""
    running: list[terminal.Shell] = []

    def start_(pool, **more):
        more.setdefault("cwd", pool.source)
        one = terminal.Shell(shell, tmp_path / f"rc{len(running)}", WORKTREE_ROOT=pool.root, **more)
        running.append(one)
        return one

    yield start_
    for one in running:
        one.close()


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """Files with what `wt shell init` prints, by shell and options: rendered once."""
    made = {}

    def render(shell, *options):
        if (shell, *options) not in made:
            path = tmp_path_factory.mktemp("rendered") / f"wt.{shell}"
            with open(path, "wb") as file:
                action = ["init", shell, *options] if options != ("completion",) else [*options, shell]
                argv = tool.argv("wt", "shell", *action)
                subprocess.run(argv, stdout=file, check=True, env=tool.environment(HOME="/nonexistent"))
            made[shell, *options] = str(path)
        return made[shell, *options]

    return render
