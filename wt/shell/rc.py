"""A user's start-up files: our block goes in once, between two marker lines, and comes out again whole."""

from __future__ import annotations

import os

from wt import files
from wt.errors import WtError, quoted
from wt.model import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BEGIN, END = "# >>> wt >>>", "# <<< wt <<<"
COPY = ".before-wt"
_LIMIT = 1 << 22


@record
class Block:
    """Lines for a file; `mark` is what a user's own line of the same meaning would hold; `first`: they go on top."""

    lines: tuple[str, ...]
    mark: str
    first: bool = False


def config_home(env: Mapping[str, str]) -> str:
    given = env.get("XDG_CONFIG_HOME", "")
    return given if given.startswith("/") else f"{home(env)}/.config"


def home(env: Mapping[str, str]) -> str:
    found = env.get("HOME", "")
    if not found.startswith("/"):
        raise WtError("HOME is not set; start-up files are found through it.", 'export HOME="$(cd && pwd)"')
    return found.rstrip("/") or "/"


def zsh_files(env: Mapping[str, str]) -> tuple[str, str]:
    """Return (.zshrc, .zshenv). A ~/.zshenv that sets ZDOTDIR is the one that a login shell reads, and no other."""
    at = env.get("ZDOTDIR", "") or home(env)
    own = f"{home(env)}/.zshenv"
    names_it = "ZDOTDIR" in (_read(own) or "")
    return f"{at}/.zshrc", own if names_it else f"{at}/.zshenv"


def _read(path: str) -> str | None:
    real = os.path.realpath(path)
    if not os.path.lexists(real):
        return None
    text = files.read_text(real, _LIMIT)
    if text is None or len(text) >= _LIMIT:
        raise WtError(f"{path} is no start-up file that can be edited; nothing was changed there.")
    return text


def put(path: str, *blocks: Block) -> str:
    """Write the blocks; returns what was done, for a person."""
    text = _read(path) or ""
    own = taken_out(text)
    missing = [block for block in blocks if block.mark not in own]
    wanted = f"{own}\n" if own and not own.endswith("\n") and missing else own
    for block in missing:
        lines = "\n".join((BEGIN, *block.lines, END, ""))
        wanted = lines + wanted if block.first else wanted + lines
    if wanted != text:
        _replace(path, wanted)
    return "\n".join(_told(path, text, own, blocks, missing, changed=wanted != text))


def _told(
    path: str, text: str, own: str, blocks: tuple[Block, ...], missing: list[Block], *, changed: bool
) -> Iterator[str]:
    """Say what was done to a file: added, changed from what to what, or left, and why."""
    before = _inside(text)
    now = [line for block in missing for line in block.lines]
    gone, new = [line for line in before if line not in now], [line for line in now if line not in before]
    if gone:
        yield f"{path}: changed"
        yield from (f"  - {line}" for line in gone)
        yield from (f"  + {line}" for line in new)
    elif new:
        yield f"{path}: added"
        yield from (f"    {line}" for line in new)
    elif now:
        yield f"{path}: put in its place again." if changed else f"{path}: has it already."
    for block in blocks:
        if block not in missing:
            theirs = next(line for line in own.split("\n") if block.mark in line)
            yield f"{path}: left as it is, it has a line of its own for that:"
            yield f"    {theirs.strip()}"


def _inside(text: str) -> list[str]:
    """Return the lines between our markers."""
    found: list[str] = []
    while END in text:
        block, _, text = text.partition(f"{END}\n")
        found += block.partition(f"{BEGIN}\n")[2].split("\n")[:-1]
    return found


def take_out(path: str) -> str:
    """Remove every block of ours; returns what was done."""
    text = _read(path)
    if text is None or (rest := taken_out(text)) == text:
        return f"{path}: nothing of wt's is in it."
    if not rest and not os.path.lexists(path + COPY) and not os.path.islink(path):
        files.unlink(path)
        return f"{path}: removed, it held nothing else."
    _replace(path, rest)
    return f"{path}: taken out."


def taken_out(text: str) -> str:
    """Return a text without our blocks. A begin without an end was edited by hand: it is left alone."""
    while True:
        head, begin, tail = text.partition(f"{BEGIN}\n")
        _, end, after = tail.partition(f"{END}\n")
        if not begin or not end or (head and not head.endswith("\n")):
            return text
        text = head + after


def _replace(path: str, text: str) -> None:
    """Replace a file, or what a link to it leads to; the file as it was stays beside it."""
    real = os.path.realpath(path)
    try:
        files.make_directory(os.path.dirname(real))
        mode = 0o644
        if os.path.exists(real):
            mode = os.stat(real).st_mode & 0o777
            files.replace_text(real + COPY, _read(real) or "", mode)
        files.replace_text(real, text, mode)
    except OSError as error:
        raise WtError(
            f"{path} was not changed: {error.strerror}.", f"to look at it: ls -l {quoted(real)}"
        ) from error
