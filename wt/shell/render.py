"""The text that `eval "$(wt shell init SHELL)"` reads: a head of assignments, then the files of shell/ as they are."""

from __future__ import annotations

import os
import shlex
import sys

from wt import resources
from wt.errors import UsageError
from wt.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SHELLS = ("bash", "fish", "zsh")
# The function; what completion needs; what a prompt needs on top. Completion may come alone (`wt shell completion`).
_FUNCTION = {
    "bash": ("wt.bash", "core.bash"),
    "zsh": ("wt.zsh", "core.bash"),
    "fish": ("wt.fish",),
}
_READING = {
    "bash": ("reading.bash", "pool.bash"),
    "zsh": ("reading.zsh", "pool.bash"),
    "fish": ("pool.fish",),
}
_COMPLETION = {
    "bash": ("complete.bash", "tab.bash"),
    "zsh": ("complete.bash", "tab.zsh"),
    "fish": ("tab.fish",),
}
_REGISTER = {"bash": ("register.bash",), "zsh": ("register.zsh",), "fish": ("register.fish",)}
_PROMPTS = {
    "bash": ("segment.bash", "prompt.bash"),
    "zsh": ("segment.bash", "prompt.zsh"),
    "fish": ("prompt.fish",),
}
_REFRESH = {"bash": ("refresh.bash",), "zsh": ("refresh.zsh",), "fish": ("refresh.fish",)}
COMMAND, LATER = "__WT_CMD__", "__WT_LATER__"


def render(shell: str, command: str, program: list[str], tables: str, extras: tuple[str, ...] = ()) -> str:
    """Return the integration of one shell; `program` is the argv that the function begins with.

    `tables` are the functions that completion asks about verbs and options; `extras` are of --prompt and --refresh.
    """
    check_command(command)
    after = [*_REGISTER[shell]]
    after += _PROMPTS[shell] if "--prompt" in extras else ()
    after += _REFRESH[shell] if "--refresh" in extras else ()
    return "\n".join(
        [
            _head(shell, program),
            *_texts((*_FUNCTION[shell], *_READING[shell]), command),
            _at_first_tab(shell, "\n".join([tables, *_texts(_COMPLETION[shell], command)])),
            *_texts(tuple(after), command),
        ]
    )


def completion(shell: str, command: str, tables: str) -> str:
    """Return completion alone, as a file for zsh's fpath, bash-completion's directory or fish's vendor directory."""
    check_command(command)
    first = f"#compdef {command}" if shell == "zsh" else f"# completion of {command} for {shell}"
    texts = [*_texts(_READING[shell], command), tables, *_texts(_COMPLETION[shell], command)]
    # A file in zsh's fpath is the function itself, and registered by its first line.
    last = ['__wt_complete "$@"', ""] if shell == "zsh" else _texts(_REGISTER[shell], command)
    return "\n".join([first, *texts, *last])


def _at_first_tab(shell: str, text: str) -> str:
    """Return functions that read a text when it is wanted.

    For bash and zsh it is a word of one line: zsh's CSH_JUNKIE_QUOTES takes no other.
    """
    lines = (line.lstrip(" ") for line in text.split("\n"))
    bare = "".join(f"{line}\n" for line in lines if line and not line.startswith("#"))
    quoted = fish_quoted(bare) if shell == "fish" else _ansi_quoted(bare)
    return resources.read("shell", "later.fish" if shell == "fish" else "later.bash").replace(LATER, quoted)


def _texts(names: tuple[str, ...], command: str) -> list[str]:
    return [resources.read("shell", name).replace(COMMAND, command) for name in names]


def check_command(command: str) -> None:
    """A name that every shell takes for a function's, bash --posix included."""
    plain = command.isascii() and command.isidentifier()
    if not plain or command.startswith("__wt"):
        raise UsageError(
            f"--cmd is `{command}`; letters, digits and _ make a name that every shell takes.",
            "e.g.: wt shell init zsh --cmd wt",
        )


def _head(shell: str, program: list[str]) -> str:
    assign = _fish_assignment if shell == "fish" else _assignment
    lines = [
        f'# wt {VERSION} for {shell}; read by: eval "$(wt shell init {shell})"',
        *_program(shell, program),
    ]
    values = {"shell": shell, "version": VERSION, "python": program[0], "main": program[-1]}
    return "\n".join([*lines, *(assign(name, value) for name, value in values.items()), ""])


def _program(shell: str, program: list[str]) -> list[str]:
    if shell == "fish":
        return [f"set -g __wt_program {' '.join(fish_quoted(word) for word in program)}"]
    return [f"__wt_program=({' '.join(shlex.quote(word) for word in program)})"]


def _assignment(name: str, value: str) -> str:
    return f"__wt_{name}={shlex.quote(value)}"


def _fish_assignment(name: str, value: str) -> str:
    return f"set -g __wt_{name} {fish_quoted(value)}"


def fish_quoted(text: str) -> str:
    r"""Quote for fish, where `\` and `'` alone mean something between single quotes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _ansi_quoted(text: str) -> str:
    r"""Quote for bash and zsh as $'…', in one line."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"$'{escaped}'"


def program(argv0: str, env: Mapping[str, str]) -> list[str]:
    """Return the argv that starts this very program again, past shims, links and the search in PATH.

    `-I` keeps the user's PYTHONPATH out, unless that is where we come from.
    """
    main = os.path.realpath(argv0)
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    paths = [os.path.realpath(path) for path in env.get("PYTHONPATH", "").split(":") if path]
    isolated = [] if os.path.realpath(package) in paths else ["-I"]
    return [sys.executable, *isolated, main]
