"""The documents tell the truth: every transcript is typed into a real shell, every command and link is known."""

import os
import re

import pytest

from tests.support import gitrepo, terminal, tool

TRANSCRIPTS = ("README.md", "docs/tutorial.md")
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(
        os.path.relpath(os.path.join(at, name), tool.ROOT)
        for at, _dirs, names in os.walk(os.path.join(tool.ROOT, "docs"))
        for name in names
        if name.endswith(".md")
    ),
)
# What README tells a reader to type outside of its transcript, and which test types it.
RUN_ELSEWHERE = {
    "scripts/install": ".ci/run",
    "scripts/test": ".ci/run",
    "~/.local/bin/wt shell install zsh && exec zsh": "test_the_three_lines_to_a_real_session",
    "cd ~/app && wt init": "test_the_three_lines_to_a_real_session",
    "wt new feature-x": "test_the_three_lines_to_a_real_session",
}


def read(name):
    with open(os.path.join(tool.ROOT, name), encoding="utf-8") as file:
        return file.read()


def blocks(name, language):
    return re.findall(rf"^```{language}\n(.*?)^```", read(name), re.MULTILINE | re.DOTALL)


def steps(block):
    """(directory, command, output) of each prompt in a transcript; a last empty prompt is a step without a command."""
    found: list[list] = []
    for line in block.splitlines():
        if match := re.match(r"(~\S*) \$(?: (.*))?$", line):
            found.append([match[1], match[2] or "", []])
        else:
            found[-1][2].append(line)
    return found


def same_everywhere(text):
    """Hashes, ages and the width that they take differ from run to run; nothing else may."""
    text = re.sub(r"\b[0-9a-f]{9,12}\b", "<sha>", text)
    text = re.sub(r"\b(now|\d+ (min|h|d)( \d+ min)?)\s*$", "<age>", text, flags=re.MULTILINE)
    text = re.sub(r"/\S*/me\b", "/home/me", text)
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip()]


@pytest.fixture
def me(tmp_path):
    """A home with a repository ~/app, as the documents have it."""
    home = tmp_path / "me"
    gitrepo.make_repo(home / "app", {".gitignore": "build/\n"})
    (home / "worktrees").mkdir()
    return str(home)


@pytest.fixture
def shell(me, tmp_path):
    sh = terminal.Shell(
        "bash",
        tmp_path / "rc",
        cwd=f"{me}/app",
        HOME=me,
        WORKTREE_ROOT=f"{me}/worktrees",
        GIT_CONFIG_GLOBAL=os.environ["GIT_CONFIG_GLOBAL"],
    )
    yield sh
    sh.close()


def prepare_readme(sh):
    """README begins in the middle of a day: two files, a warm slot, and a session with three commits."""
    sh.says("touch form.py search.py && git add . && git commit -qm files")
    sh.says("wt init")
    sh.says("wt new login-form && wt release")
    sh.says("wt new x; wt new search")
    for number in range(3):
        sh.says(f"echo {number} >> search.py && git commit -qam {number}")
    sh.says("wt cd --source; wt release x")


PREPARE = {"README.md": prepare_readme, "docs/tutorial.md": lambda sh: None}


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_transcripts_are_true(name, me, shell):
    PREPARE[name](shell)
    for block in blocks(name, "console"):
        for directory, command, output in steps(block):
            shown = shell.pwd.replace(me, "~")
            assert shown == directory, (command, shown)
            if command:
                said, _status = shell.run(command)
                assert same_everywhere(said) == same_everywhere("\n".join(output)), command


def test_every_command_of_the_readme_is_run_by_a_test():
    commands = [
        line.split("  #")[0].strip() for block in blocks("README.md", "sh") for line in block.splitlines()
    ]
    assert set(commands) == set(RUN_ELSEWHERE)
    for command, where in RUN_ELSEWHERE.items():
        if os.path.exists(os.path.join(tool.ROOT, where)):
            assert re.search(rf"(^|\s){re.escape(command)}(\s|$)", read(where), re.MULTILINE), (
                command,
                where,
            )
        else:
            assert where in globals()


@pytest.mark.parametrize("kind", ["zsh", "bash"])
def test_the_three_lines_to_a_real_session(kind, me, tmp_path):
    """As after scripts/install: `wt` in ~/.local/bin, nothing in any start-up file."""
    os.makedirs(f"{me}/.local/bin")
    with open(f"{me}/.local/bin/wt", "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexec " + " ".join(tool.argv("wt")) + ' "$@"\n')
    os.chmod(f"{me}/.local/bin/wt", 0o755)
    env = {"HOME": me, "WORKTREE_ROOT": None, "GIT_CONFIG_GLOBAL": os.environ["GIT_CONFIG_GLOBAL"]}
    first = terminal.Shell(kind, me if kind == "zsh" else tmp_path / "rc", rc="", cwd=me, **env)
    said = first.says(f"~/.local/bin/wt shell install {kind}")
    assert "WORKTREE_ROOT" in said
    first.close()
    rc = read_at(f"{me}/.zshrc" if kind == "zsh" else f"{me}/.bashrc")
    if kind == "zsh":
        rc = read_at(f"{me}/.zshenv") + rc
    second = terminal.Shell(kind, tmp_path / "rc2", rc=rc, cwd=me, **env)
    assert "pool `app`" in second.says("cd ~/app && wt init")
    assert "feature-x in slot-0" in second.says("wt new feature-x")
    assert second.pwd == f"{me}/worktrees/app/feature-x"
    second.close()


def read_at(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(name)):
        if not target.startswith("http"):
            assert os.path.exists(os.path.join(tool.ROOT, os.path.dirname(name), target)), target


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_alias_of_wt_can_hijack_a_start_up_line(name):
    assert re.findall(r"(?:\(|^ *|\| *)wt shell init.*", read(name), re.MULTILINE) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_wt_verb_that_is_named_exists(name):
    from wt.cli.registry import ALIASES, VERBS

    for verb in re.findall(r"`wt ([a-z]+)\b", read(name)):
        assert verb in VERBS or verb in ALIASES, verb
