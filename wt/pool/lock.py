"""The held marker: `<admin dir>/worktree-pool/lock`, contract section 2. A slot is held iff it exists."""

from __future__ import annotations

import os

from wt import files, times
from wt.git.layout import is_object_id
from wt.model import LockRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot

_LIMIT = 1 << 16  # bytes; no record of ours comes near a quarter of it
_STATES = ("acquiring", "held", "releasing")
_ORDER = (
    "started_at",
    "full_sha",
    "group",
    "name",
    "slot",
    "layout",
    "state",
    "branch",
    "pid",
    "host",
    "nonce",
    "holder",
    "alias",
    "restores",
    "hooks",
    "hook_group",
)
_HEX = frozenset("0123456789abcdef")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPES = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)},
    **{ord(char): f"\\{letter}" for letter, char in _LETTERS.items()},
    ord("\\"): "\\\\",
    ord('"'): '\\"',
}


def path_of(admin: str) -> str:
    return f"{admin}/worktree-pool/lock"


def exists(admin: str) -> bool:
    """Whether the slot is held: a link, a directory or a file that cannot be read counts, too."""
    return os.path.lexists(path_of(admin))


def read(admin: str) -> LockRecord | None:
    """Return the record, None where there is none or it is unreadable (see `exists`): it fails closed."""
    text = files.read_text(path_of(admin), _LIMIT)
    return (
        None if text is None or len(text) * 4 >= _LIMIT else parse(text)
    )  # a character has four bytes at most


def parse(text: str) -> LockRecord | None:
    """Read line-oriented YAML scalars; unknown keys, blank lines, `#` lines, CRLF and a BOM are tolerated."""
    values = fields(text)
    if not values.get("started_at") or not is_object_id(values.get("full_sha", "")):
        return None
    name, slot = values.get("name", ""), values.get("slot", "")
    if (
        not is_safe_name(name)
        or not is_safe_name(slot)
        or "/" in slot
        or values.get("state", "held") not in _STATES
    ):
        return None
    known = {key: values[key] for key in _ORDER if key in values and key != "pid"}
    known.setdefault("layout", "rename")
    if not is_object_id(known.get("restores", "")):
        known.pop("restores", None)
    pid = values.get("pid", "")
    return LockRecord(**known, pid=int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 20 else 0)  # type: ignore[arg-type]  # state is checked


def is_safe_name(name: str) -> bool:
    """Whether a name can be turned into a path below the pool root and nowhere else."""
    return (
        bool(name)
        and not name.startswith("/")
        and all(part not in ("", ".", "..") for part in name.split("/"))
    )


def fields(text: str) -> dict[str, str]:
    """Return the `key: value` lines of a file of ours."""
    found = {}
    for line in text.removeprefix("\ufeff").split("\n"):
        key, colon, value = line.rstrip("\r").partition(":")
        if colon and not line.startswith("#"):
            found[key] = _unquoted(value) if value[1:2] == '"' else value.strip()
    return found


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return unescaped(value[1:-1])


def escaped(text: str) -> str:
    """Return a text on one line, without tabs, in the escapes of YAML's double quotes."""
    return text.translate(_ESCAPES)


def unescaped(text: str) -> str:
    out, at = [], 0
    while (next_ := text.find("\\", at)) >= 0:
        out.append(text[at:next_])
        at = next_ + 2
        letter, code = text[next_ + 1 : at], text[at : at + 2]
        if letter == "x" and _HEX.issuperset(code):
            out.append(chr(int(code or "0", 16)))
            at += 2
        else:
            out.append(_LETTERS.get(letter, letter))
    return "".join((*out, text[at:]))


def render(record: LockRecord) -> str:
    lines = []
    for key in _ORDER:
        value = getattr(record, key)
        if value not in (None, "", 0):
            lines.append(f"{key}: {scalar(str(value))}\n")
    return "".join(lines)


def scalar(value: str) -> str:
    """Quote what YAML would read as something other than a plain scalar, or as more than one line."""
    safe = (value[:1].isalnum() or value[:1] == "_") and ": " not in value and " #" not in value
    if safe and value.isprintable() and not value.endswith((":", " ")):
        return value
    return f'"{escaped(value)}"'


def write(admin: str, record: LockRecord) -> None:
    files.make_directory(f"{admin}/worktree-pool")
    files.replace_text(path_of(admin), render(record))


def since(slot: Slot) -> float:
    """Return the moment since which a held slot is held."""
    return times.started(slot.lock.started_at if slot.lock else "", path_of(slot.admin_dir))


def remove(admin: str) -> None:
    """The last step of a release."""
    files.unlink(path_of(admin))
    files.sync_directory(f"{admin}/worktree-pool")
