"""Beside what else hooks a shell: zoxide, direnv, bash-completion, frameworks. Before us and behind us."""

import os
import shutil

import pytest

from tests.support.terminal import init_line

BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"


@pytest.fixture
def shell(any_shell):
    return any_shell


def line(tool, shell):
    command = {"zoxide": f"zoxide init {shell}", "direnv": f"direnv hook {shell}"}[tool]
    return f"{command} | source\n" if shell == "fish" else f'eval "$({command})"\n'


@pytest.fixture
def company(shell):
    for one in ("zoxide", "direnv"):
        if not shutil.which(one):
            pytest.skip(f"no {one} here")
    return line("zoxide", shell) + line("direnv", shell)


@pytest.mark.parametrize("when", ["before", "after"])
def test_in_company(pool, start, shell, company, when, tmp_path):
    ours = init_line(shell, "--prompt")
    env = {"_ZO_DATA_DIR": str(tmp_path / "zo"), "XDG_DATA_HOME": str(tmp_path / "data")}
    with open(f"{pool.source}/.envrc", "w", encoding="utf-8") as file:
        file.write("export FROM_DIRENV=yes\n")
    sh = start(pool, rc=company + ours if when == "before" else ours + company, **env)
    sh.says("wt new x >/dev/null 2>&1")
    assert sh.segment == "app:x "
    assert sh.pwd == f"{pool.at}/x"
    sh.fail(42)
    assert sh.says(f"echo {sh.last}").splitlines()[0] == "42"
    sh.run(f"direnv allow {pool.source}")
    sh.run("wt cd --source")
    sh.run("true")
    assert "yes" in sh.says("echo $FROM_DIRENV")
    sh.run("wt cd x")
    assert sh.pwd == f"{pool.at}/x"
    assert f"{pool.at}/x" in sh.says("zoxide query -l")
    assert sh.run("wt cd nope")[1] == 1
    sh.run("wt release")
    assert sh.pwd == pool.source


def test_with_bash_completion(pool, start, shell, tmp_path):
    """Its loader finds completion in a file as well as what the function brought along."""
    if shell != "bash":
        return
    if not os.path.exists(BASH_COMPLETION):
        pytest.skip("no bash-completion here")
    from tests.support import tool

    pool.acquire("alpha=1@x")
    place = tmp_path / "user/completions"
    place.mkdir(parents=True)
    (place / "wt").write_text(tool.run("wt", "shell", "completion", "bash").out)
    for rc, env in ((init_line(shell), {}), ("", {"BASH_COMPLETION_USER_DIR": str(tmp_path / "user")})):
        sh = start(pool, rc=f". {BASH_COMPLETION}\n{rc}", **env)
        sh.says("wt() { printf 'ARG<%s>\\n' \"$@\"; }")
        for typed, becomes in (
            ("wt cd al", "ARG<alpha=1@x>"),
            ("wt cd alpha=", "ARG<alpha=1@x>"),
            ("wt who", "ARG<whoami>"),
        ):
            sh.tty.send(f"{typed}\t")
            sh.tty.send("\r")
            assert becomes in sh.prompt()[0]


def test_zsh_finds_completion_in_fpath(pool, start, shell, tmp_path):
    if shell != "zsh":
        return
    from tests.support import tool

    pool.acquire("alpha")
    (tmp_path / "fpath").mkdir()
    (tmp_path / "fpath/_wt").write_text(tool.run("wt", "shell", "completion", "zsh").out)
    more = f"fpath=({tmp_path}/fpath $fpath); autoload -Uz compinit; compinit -u -D\n"
    for rc in (more, more + init_line(shell), init_line(shell) + more):
        sh = start(pool, rc=rc)
        sh.says("wt() { printf 'ARG<%s>\\n' \"$@\"; }")
        for typed, becomes in (
            ("wt cd al", "ARG<alpha>"),
            ("wt who", "ARG<whoami>"),
            ("wt cd alp", "ARG<alpha>"),
        ):
            sh.tty.send(f"{typed}\t")
            sh.tty.send("\r")
            assert becomes in sh.prompt()[0]
