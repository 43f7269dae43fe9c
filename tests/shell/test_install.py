"""`wt shell install` and `uninstall`: start-up files are edited once, kept, and given back as they were."""

import os
import stat
import subprocess

import pytest

from tests.support import terminal, tool

ZSHENV = """\
# >>> wt >>>
export WORKTREE_ROOT="${WORKTREE_ROOT:-$HOME/worktrees}"
# <<< wt <<<
"""


def install(shell, *options, **env):
    return tool.run("wt", "shell", "install", shell, *options, env=env)


def uninstall(shell, **env):
    return tool.run("wt", "shell", "uninstall", shell, env=env)


def line(shell, options=""):
    python, main = tool.argv("wt")
    return f'eval "$({python} {main} shell init {shell}{options})"'


def test_zsh(home):
    rc = home / ".zshrc"
    rc.write_text("mine=1")  # without a newline at its end
    done = install("zsh")
    assert (done.code, done.out) == (0, "")
    block = f"# >>> wt >>>\n{line('zsh')}\n# <<< wt <<<\n"
    assert rc.read_text() == f"mine=1\n{block}"
    assert (home / ".zshenv").read_text() == ZSHENV
    assert (home / ".zshrc.before-wt").read_text() == "mine=1"
    assert (home / "worktrees").is_dir()
    assert done.err.splitlines() == [
        f"{home}/.zshenv: added", '    export WORKTREE_ROOT="${WORKTREE_ROOT:-$HOME/worktrees}"',
        f"{home}/.zshrc: added", f"    {line('zsh')}",
        f"{home}/worktrees: created; pools live below it.", "to begin: exec zsh",
    ]  # fmt: skip


def test_again_changes_nothing_and_options_replace(home):
    install("zsh")
    before = (home / ".zshrc").read_text()
    done = install("zsh")
    assert (home / ".zshrc").read_text() == before
    assert f"{home}/.zshrc: has it already." in done.err
    done = install("zsh", "--prompt", "--cmd", "w")
    assert (home / ".zshrc").read_text() == before.replace("init zsh", "init zsh --cmd w --prompt")
    assert done.err.splitlines() == [
        f"{home}/.zshenv: has it already.",
        f"{home}/.zshrc: changed", f"  - {line('zsh')}", f"  + {line('zsh', ' --cmd w --prompt')}",
        "to begin: exec zsh",
    ]  # fmt: skip


def test_a_program_at_another_path_is_said_to_be_changed(home):
    install("zsh")
    rc = home / ".zshrc"
    rc.write_text(rc.read_text().replace(line("zsh"), 'eval "$(/old/bin/wt shell init zsh)"'))
    done = install("zsh")
    assert f'  - eval "$(/old/bin/wt shell init zsh)"\n  + {line("zsh")}\n' in done.err
    assert "added" not in done.err
    assert "/old/bin" not in rc.read_text()


def test_a_line_of_the_users_own_is_shown(home):
    (home / ".zshrc").write_text('  eval "$(/old/bin/wt shell init zsh)"\n')
    done = install("zsh")
    assert (
        f'{home}/.zshrc: left as it is, it has a line of its own for that:\n    eval "$(/old/bin/wt'
        in done.err
    )


def test_our_lines_are_put_where_they_belong(home):
    """On top: .bashrc may return before what comes later."""
    install("bash")
    rc = home / ".bashrc"
    rc.write_text("return\n" + rc.read_text())
    assert f"{rc}: put in its place again." in install("bash").err
    assert rc.read_text().index("WORKTREE_ROOT") < rc.read_text().index("return")


@pytest.mark.parametrize("shell", ["zsh", "bash", "fish"])
def test_uninstall_gives_back_what_was_there(shell, home):
    mine = {
        home / ".zshrc": "a=1\n\n",
        home / ".zshenv": "b=2\n",
        home / ".bashrc": "case $- in *i*) ;; *) return ;; esac\n",
    }
    for path, text in mine.items():
        path.write_text(text)
        path.chmod(0o600)
    install(shell)
    install(shell)
    done = uninstall(shell)
    assert done.code == 0
    for path, text in mine.items():
        assert path.read_text() == text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not (home / ".config/fish/conf.d/wt.fish").exists()
    assert "nothing of wt's is in it" in uninstall(shell).err


def test_bash_puts_the_variable_before_what_returns_early(home):
    (home / ".bashrc").write_text("case $- in *i*) ;; *) return ;; esac\n")
    done = install("bash")
    text = (home / ".bashrc").read_text()
    assert text.index("WORKTREE_ROOT") < text.index("return") < text.index("shell init bash")
    assert 'for them: export BASH_ENV="$HOME/.bashrc"' in done.err
    code, out, err = terminal.script(
        "bash", 'echo "$WORKTREE_ROOT"', cwd=home, BASH_ENV=str(home / ".bashrc")
    )
    assert (code, out, err) == (0, f"{home}/worktrees\n", "")


def test_files_where_the_user_keeps_them(home, tmp_path):
    dots, config = tmp_path / "dots", tmp_path / "config"
    dots.mkdir()
    install("zsh", ZDOTDIR=str(dots))
    assert sorted(path.name for path in dots.iterdir()) == [".zshenv", ".zshrc"]
    install("fish", XDG_CONFIG_HOME=str(config))
    assert (config / "fish/conf.d/wt.fish").exists()
    assert not (home / ".zshrc").exists()


def test_a_zshenv_that_sets_zdotdir_is_the_one_that_is_read(home, tmp_path):
    (home / ".zshenv").write_text(f"ZDOTDIR={tmp_path}/dots\n")
    install("zsh", ZDOTDIR=f"{tmp_path}/dots")
    assert ZSHENV in (home / ".zshenv").read_text()
    assert not os.path.exists(f"{tmp_path}/dots/.zshenv")


def test_links_of_a_dotfile_manager_stay_links(home, tmp_path):
    target = tmp_path / "dotfiles" / "zshrc"
    target.parent.mkdir()
    target.write_text("a=1\n")
    (home / ".zshrc").symlink_to("../dotfiles/zshrc")
    install("zsh")
    assert (home / ".zshrc").is_symlink()
    assert "shell init zsh" in target.read_text()
    uninstall("zsh")
    assert target.read_text() == "a=1\n"


def test_a_line_of_the_users_own_is_respected(home):
    (home / ".zshrc").write_text('eval "$(wt shell init zsh)"\n')
    (home / ".zshenv").write_text("export WORKTREE_ROOT=/srv/wt\n")
    done = install("zsh")
    assert (home / ".zshrc").read_text() == 'eval "$(wt shell init zsh)"\n'
    assert (home / ".zshenv").read_text() == "export WORKTREE_ROOT=/srv/wt\n"
    assert done.err.count("it has a line of its own for that") == 2


def test_what_cannot_be_edited_is_left(home):
    (home / ".zshrc").mkdir()
    done = install("zsh")
    assert done.code == 1
    assert "no start-up file that can be edited" in done.err
    assert tool.run("wt", "shell", "install", "zsh", env={"HOME": None}).code == 1


def test_bytes_that_are_no_utf8_survive(home):
    (home / ".zshrc").write_bytes(b"a='\xff\xfe'\n")
    install("zsh")
    uninstall("zsh")
    assert (home / ".zshrc").read_bytes() == b"a='\xff\xfe'\n"


@pytest.mark.parametrize("shell", ["zsh", "bash", "fish"])
def test_what_was_installed_works(shell, home, repo):
    """In a new shell that reads its own start-up files, and the variable in a script."""
    install(shell)
    text = "wt init; wt new x; pwd"
    flags = {"zsh": ["zsh", "-d", "-i"], "bash": ["bash", "-i"], "fish": ["fish", "-i"]}[shell]
    done = subprocess.run(
        [*flags, "-c", text], cwd=repo, env=terminal.environment(), capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == f"{home}/worktrees/source/x", done
    if shell != "bash":
        argv = [shell, *(["-d"] if shell == "zsh" else []), "-c", "echo $WORKTREE_ROOT"]
        assert (
            subprocess.run(argv, env=terminal.environment(), capture_output=True, text=True).stdout
            == f"{home}/worktrees\n"
        )
