"""Makes docs/pictures/*.svg from real runs: a real bash on a pseudo-terminal, in a throw-away repository.

    python scripts/pictures.py [DIRECTORY]      needs pexpect and pyte (pip install -e '.[pictures]')

Each picture is what the terminal showed, drawn by hand as SVG: no font but the reader's own, no script, a few kilobytes.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape

import pexpect
import pyte

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WIDE, HIGH, FONT = 8.4, 18, 14
COLOURS = {
    "default": "#d8dee9", "black": "#3b4252", "red": "#ef6b73", "green": "#8fc76f", "brown": "#e5c07b", "blue": "#6cb2eb",
    "magenta": "#c792ea", "cyan": "#6fd3d8", "white": "#e5e9f0", "brightblack": "#7b8496",
}  # fmt: skip
MARKS = {"🟢": "green", "🟡": "brown", "🔴": "red"}
BACKGROUND = "#1f242d"
DEADLINE = 60
RC = r"""
PS1='\[\e[36m\]\w\[\e[0m\] $ '
PROMPT_COMMAND='echo >>"$TICKS"'
HISTFILE=
bind 'set enable-bracketed-paste off'
"""


class Terminal:
    """A bash that knows wt, and what its screen shows."""

    def __init__(self, home: str, columns: int, rows: int) -> None:
        self.ticks, rc = os.path.join(home, "ticks"), os.path.join(home, "rc")
        self.count = 0
        with open(rc, "w", encoding="utf-8") as file:
            file.write(f'{RC}eval "$({sys.executable} {ROOT}/bin/wt shell init bash)"\ncd ~/app\n')
        with open(self.ticks, "w", encoding="utf-8"):
            pass
        self.tty = pexpect.spawn(
            "bash",
            ["--noprofile", "--rcfile", rc, "-i"],
            dimensions=(rows, columns),
            env=environment(home, self.ticks),
        )
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.wait(self._at_prompt)

    def _at_prompt(self) -> bool:
        return os.path.getsize(self.ticks) > self.count and self.screen.display[
            self.screen.cursor.y
        ].rstrip().endswith("$")

    def wait(self, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + DEADLINE
        while not ready():
            if time.monotonic() > end:
                raise TimeoutError("\n".join(self.screen.display))
            self._read()

    def _read(self) -> None:
        try:
            # pyte knows no faint text
            self.stream.feed(self.tty.read_nonblocking(1 << 16, 0.05).replace(b"\x1b[2m", b"\x1b[90m"))
        except pexpect.TIMEOUT:
            return

    def type(self, line: str) -> None:
        """Run a command and wait for the next prompt."""
        self.count = os.path.getsize(self.ticks)
        self.tty.send(f"{line}\r")
        self.wait(self._at_prompt)

    def shows(self, *words: str) -> None:
        self.wait(lambda: all(word in "\n".join(self.screen.display) for word in words))

    def clear(self) -> None:
        self.screen.reset()
        self.type("")
        self.screen.reset()
        self.stream.feed(b"\x1b[H\x1b[36m~/app\x1b[0m $ ")


def environment(home: str, ticks: str) -> dict[str, str]:
    return {
        "HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color", "TICKS": ticks,
        "PYTHONPATH": ROOT, "WORKTREE_ROOT": f"{home}/worktrees", "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip


def git(home: str, *argv: str) -> None:
    subprocess.run(
        ["git", "-C", f"{home}/app", *argv], check=True, env=environment(home, ""), stdout=subprocess.DEVNULL
    )


def prepare(home: str) -> None:
    """A small repository with a pool."""
    os.makedirs(f"{home}/app/src")
    os.mkdir(f"{home}/worktrees")
    with open(f"{home}/.gitconfig", "w", encoding="utf-8") as file:
        file.write("[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n")
    for name in ("form", "search", "index", "main"):
        with open(f"{home}/app/src/{name}.py", "w", encoding="utf-8") as file:
            file.write("".join(f"{name}_{number} = {number}\n" for number in range(12)))
    git(home, "init", "-q")
    git(home, "add", ".")
    git(home, "commit", "-qm", "The beginning")


def busy(terminal: Terminal) -> None:
    """Some days of work: slots in every state."""
    terminal.type("wt init")
    for name, work in (
        ("login-form", "echo 'class Form: pass' >> src/form.py; echo todo > notes.txt"),
        ("search", 'for n in 1 2 3; do echo "hit_$n = $n" >> src/search.py; git commit -qam "Search: step $n"; done'),
        ("fix/crash-on-start", "sed -i 5,9d src/main.py; git commit -qam 'Do not crash on start'; echo x >> src/index.py"),
        ("docs", "true"),
        ("spike/faster-index", "echo 'fast = 1' >> src/index.py; git commit -qam 'Index twice as fast'"),
    ):  # fmt: skip
        terminal.type(f"wt new {name}; {work}; wt cd --source")


def session(home: str) -> Terminal:
    terminal = Terminal(home, 84, 18)
    busy(terminal)
    terminal.type("wt new warm && wt release && wt release docs --force")
    terminal.clear()
    for line in (
        "wt new greeting", "echo 'print(\"hello\")' >> src/main.py", "wt ls", 'wt land "Say hello"', "wt ls",
    ):  # fmt: skip
        terminal.type(line)
    return terminal


def picker(home: str) -> Terminal:
    terminal = Terminal(home, 104, 16)
    busy(terminal)
    terminal.clear()
    terminal.tty.send("wt cd\r")
    terminal.shows("dirty", "clean", "unmerged")
    terminal.tty.send("\x1b[B")
    terminal.shows("Search: step 3", "src/search.py")
    return terminal


def why(home: str) -> Terminal:
    terminal = Terminal(home, 84, 18)
    busy(terminal)
    terminal.clear()
    terminal.type("wt why fix/crash-on-start")
    return terminal


SCENES = {"session": session, "picker": picker, "why": why}


def runs(row: dict[int, pyte.screens.Char], columns: int) -> Iterator[tuple[int, str, str, bool]]:
    """(column, text, colour, bold) of each piece of a line that looks alike; wide characters stand alone."""
    at, text, look = 0, "", ("", False)
    for column in range(columns):
        char = row[column]
        now = (char.fg, char.bold)
        if now != look or not char.data or not (text + char.data).isascii():
            if text.strip():
                yield at, text, *look
            at, text, look = column + (not char.data), "", now  # the second half of a wide one is empty
        text += char.data
    if text.strip():
        yield at, text, *look


def svg(terminal: Terminal) -> str:
    screen = terminal.screen
    used = [number for number, line in enumerate(screen.display) if line.strip()]
    height = (used[-1] + 2) * HIGH if used else HIGH
    width = round(screen.columns * WIDE + 24)
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="{FONT}">'
        ),
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
    ]
    for number in used:
        for column, text, colour, bold in runs(screen.buffer[number], screen.columns):
            start = len(text) - len(text.lstrip())
            words = text.strip()
            if words in MARKS:  # a circle, for few fonts have it
                x, y = 12 + (column + 1) * WIDE, HIGH * (number + 1) - FONT * 0.35
                lines.append(
                    f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{FONT * 0.4:.1f}" fill="{COLOURS[MARKS[words]]}"/>'
                )
                continue
            fill = COLOURS.get(colour, f"#{colour}" if len(colour) == 6 else COLOURS["default"])
            lines.append(
                f'<text x="{12 + (column + start) * WIDE:.1f}" y="{HIGH * (number + 1)}" fill="{fill}" xml:space="preserve"'
                + (' font-weight="bold"' if bold else "")
                + f">{escape(words)}</text>"
            )
    return "\n".join([*lines, "</svg>", ""])


def main(argv: list[str]) -> int:
    place = argv[0] if argv else os.path.join(ROOT, "docs", "pictures")
    os.makedirs(place, exist_ok=True)
    for name, scene in SCENES.items():
        with tempfile.TemporaryDirectory() as home:
            prepare(os.path.realpath(home))
            terminal = scene(os.path.realpath(home))
            path = os.path.join(place, f"{name}.svg")
            with open(path, "w", encoding="utf-8") as file:
                file.write(svg(terminal).replace(os.path.realpath(home), "/home/ada"))
            terminal.tty.close(force=True)
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
