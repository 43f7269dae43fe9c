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
# fish paints its prompt as often as it likes: each is numbered, by the commands before it.
RC["fish"] = """\
set -g fish_greeting
set -g fish_autosuggestion_enabled 0
set -g numbered 0
function fish_title; end
function fish_prompt; printf '<<%s:%s>> ' $status $numbered; end
function begun --on-event fish_preexec; printf '<<begun>>\\n'; end
function ended --on-event fish_postexec; set -g numbered (math $numbered + 1); end
"""


def init_line(shell, *options):
    """What a start-up file says, with this checkout for the program."""
    words = " ".join(shlex.quote(word) for word in tool.argv("wt", "shell", "init", shell, *options))
    return f"{words} | source\n" if shell == "fish" else f'eval "$({words})"\n'


def environment(**extra):
    env = tool.environment(TERM="xterm", **extra)
    return {key: value for key, value in env.items() if not key.startswith("COVERAGE")}


class Shell:
    """One interactive shell; `run` returns what a command printed and its status."""

    def __init__(self, shell, directory, *, rc=None, cwd, **env):
        os.makedirs(directory, exist_ok=True)
        self.shell = shell
        self._numbered = -1
        if shell == "fish":
            env["XDG_CONFIG_HOME"] = str(directory)
            os.makedirs(os.path.join(directory, "fish"), exist_ok=True)
        name = os.path.join(directory, {"zsh": ".zshrc", "bash": "bashrc", "fish": "fish/config.fish"}[shell])
        with open(name, "w", encoding="utf-8") as file:
            file.write(RC[shell] + (init_line(shell) if rc is None else rc))
        argv = {
            "zsh": ["zsh", "-d", "-i"],
            "bash": ["bash", "--noprofile", "--rcfile", name, "-i"],
            "fish": ["fish", "-i"],
        }[shell]
        self.tty = pexpect.spawn(
            argv[0], argv[1:], cwd=cwd, env=environment(ZDOTDIR=str(directory), **env), encoding="utf-8",
            codec_errors="surrogateescape", dimensions=(50, 1000), timeout=DEADLINE,
        )  # fmt: skip
        # pexpect waits before every send, in case a password prompt turns the echo off; nothing of the kind is here.
        self.tty.delaybeforesend = None
        self.begun = self.prompt()[0]

    def prompt(self):
        self._numbered += 1
        wanted = rf"<<(\d+):{self._numbered}>> " if self.shell == "fish" else PROMPT
        self.tty.expect(wanted)
        found = re.fullmatch(wanted, str(self.tty.after))
        assert found
        self.before = plain(self.tty.before)
        return self.before, int(found.group(1))

    @property
    def segment(self):
        """What stood before the last prompt on its line."""
        return re.split(r"[\r\n]", self.before)[-1]

    def run(self, line):
        self.tty.sendline(line)
        text, status = self.prompt()
        if self.shell == "fish":  # whose prompt begins with a sign for a line that was not ended
            text = re.sub("\u23ce.*", "", text.rpartition("<<begun>>\r\n")[2], flags=re.DOTALL).lstrip("\r")
        else:
            text = text.partition("\r\n")[2]
        return text.replace("\r\n", "\n"), status

    def fail(self, status):
        """Run something that ends with this status."""
        assert self.run(f"sh -c 'exit {status}'")[1] == status

    @property
    def last(self):
        """How this shell calls the status of the last command."""
        return "$status" if self.shell == "fish" else "$?"

    def says(self, line):
        """What a command that succeeds prints, without the last newline."""
        text, status = self.run(line)
        assert status == 0, (line, status, text)
        return text.removesuffix("\n")

    @property
    def pwd(self):
        return self.says('printf "%s\\n" "$PWD"').split("\n")[0]  # a segment may follow

    def close(self):
        """Hang up, and end the shell. On a busy machine a SIGKILL takes longer than pexpect waits."""
        try:
            self.tty.close(force=True)
        except pexpect.ExceptionPexpect:
            self.tty.wait()
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
    text = re.sub(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)", "", text)
    return re.sub(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>]|\([A-Z0-9])|[\x07\x08]", "", text)
