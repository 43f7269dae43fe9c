"""Real interactive shells on a pseudo-terminal, with start-up files of their own and a prompt that tells the status."""

import os
import re
import shlex
import subprocess

import pexpect

from tests.support import tool

DEADLINE = 30
# Typed text never holds it, so what matches is a prompt.
PROMPT = r"<<(\d+)>> "
RC = {
    "bash": "PS1='<<$?>> '\nbind 'set enable-bracketed-paste off'\nbind 'set bell-style none'\nHISTFILE=\n",
    "zsh": "PROMPT='<<%?>> '\nunsetopt prompt_sp prompt_cr beep\nunset zle_bracketed_paste\nHISTFILE=\nbindkey -e\n",
}


def init_line(shell, *options):
    """What a start-up file says, with this checkout for the program."""
    words = " ".join(shlex.quote(word) for word in tool.argv("wt", "shell", "init", shell, *options))
    return f'eval "$({words})"\n'


def environment(**extra):
    env = tool.environment(TERM="xterm", **extra)
    return {key: value for key, value in env.items() if not key.startswith("COVERAGE")}


class Shell:
    """One interactive shell; `run` returns what a command printed and its status."""

    def __init__(self, shell, directory, *, rc=None, cwd, **env):
        os.makedirs(directory, exist_ok=True)
        self.shell = shell
        name = os.path.join(directory, ".zshrc" if shell == "zsh" else "bashrc")
        with open(name, "w", encoding="utf-8") as file:
            file.write(RC[shell] + (init_line(shell) if rc is None else rc))
        argv = ["zsh", "-d", "-i"] if shell == "zsh" else ["bash", "--noprofile", "--rcfile", name, "-i"]
        self.tty = pexpect.spawn(
            argv[0], argv[1:], cwd=cwd, env=environment(ZDOTDIR=str(directory), **env), encoding="utf-8",
            codec_errors="surrogateescape", dimensions=(50, 1000), timeout=DEADLINE,
        )  # fmt: skip
        # pexpect waits before every send, in case a password prompt turns the echo off; nothing of the kind is here.
        self.tty.delaybeforesend = None
        self.begun = self.prompt()[0]

    def prompt(self):
        self.tty.expect(PROMPT)
        found = re.fullmatch(PROMPT, str(self.tty.after))
        assert found
        return plain(self.tty.before), int(found.group(1))

    def run(self, line):
        self.tty.sendline(line)
        text, status = self.prompt()
        return text.partition("\r\n")[2].replace("\r\n", "\n"), status

    def says(self, line):
        """What a command that succeeds prints, without the last newline."""
        text, status = self.run(line)
        assert status == 0, (line, status, text)
        return text.removesuffix("\n")

    @property
    def pwd(self):
        return self.says('printf "%s\\n" "$PWD"')

    def close(self):
        self.tty.close(force=True)


def script(shell, text, *options, cwd, **env):
    """Run a text in a shell that reads no start-up file; returns status, stdout, stderr."""
    argv = {"bash": ["bash", "--noprofile", "--norc"], "zsh": ["zsh", "-f"], "fish": ["fish", "--no-config"]}[
        shell
    ]
    done = subprocess.run(
        [*argv, *options, "-c", text], cwd=cwd, env=environment(**env), capture_output=True, text=True, timeout=DEADLINE,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def plain(text):
    """A terminal's text without its control sequences."""
    return re.sub(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>]|\([A-Z0-9])|[\x07\x08]", "", text)
