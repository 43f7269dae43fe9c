"""The ids of library users, which may be any string, and what they are called on disk: a name for branch and directory."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from urllib.parse import quote, unquote

from wt.errors import UsageError
from wt.pool import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Config, Slot

RUN = "run-"  # what the slots of `wt run` are called, and then at random
_LONGEST = 60
_HASHED = re.compile(r"-h[0-9a-f]{10}(-[0-9a-f]{8})?\Z")
_EMPTY = "%"  # no percent-encoding is that, and a lock has no empty values


def candidates(wanted: str, config: Config) -> list[str]:
    """Return the names that an id may get, the plainest first: itself where it is fit for one, then one with a hash.

    No two ids share a name, on file systems that fold case neither. The others serve where a branch of that name is
    somebody's: of another pool over the same repository, or of a person; the last one is nobody's.
    """
    hashed = _hashed(wanted)
    plain = [wanted] if _is_plain(wanted, config) else []
    return [*plain, hashed, f"{hashed}-{os.urandom(4).hex()}"]


def _is_plain(wanted: str, config: Config) -> bool:
    try:
        names.check_name(wanted, config)
    except (UsageError, UnicodeEncodeError):
        return False
    return names.fold(wanted) == wanted and "/" not in wanted and not _HASHED.search(wanted)


def _hashed(wanted: str) -> str:
    words = re.sub(r"[^A-Za-z0-9_]+", "-", wanted).strip("-_")[:_LONGEST].rstrip("-_")
    return f"{words or 'id'}-h{sha256(wanted.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def encoded(wanted: str) -> str:
    """Return an id as a lock can hold it."""
    return quote(wanted, safe="", errors="surrogatepass") or _EMPTY


def decoded(alias: str) -> str:
    return "" if alias == _EMPTY else unquote(alias, errors="surrogatepass")


def caller(slot: Slot) -> str:
    """Return what the holder of a slot calls it: its own id, or (a person's) the name."""
    return decoded(slot.held.alias) if slot.held.alias else slot.held.name


def file_name(wanted: str) -> str:
    """Return what a file of an id is called."""
    return _hashed(wanted)
