"""Which hooks may run: a repository's file by its exact content, for that very source (contract section 14).

Approvals live in the user's state directory, mode 0600: a line each, `<sha256> <when> <common git dir>`. They add up.
Here they are read; wt/session/approve.py writes them.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import UsageError, again
from wt.model import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ANY = "*"  # `wt trust --all`: whatever this source's hooks are
_HEX = frozenset("0123456789abcdef")


@record
class Policy:
    """What one call may run, and how: `off` skips all hooks, `approved` are contents approved for this call alone.

    `env` is what hooks inherit, `show` takes what they print, `warn` what is to be said of them. `stopped` is asked
    again and again whether a hook is to be ended: a thread is not reached by signals.
    """

    env: Mapping[str, str]
    show: Callable[[str], None]
    warn: Callable[[str], None]
    off: bool = False
    approved: tuple[str, ...] = ()
    stopped: Callable[[], bool] = bool


def policy(
    env: Mapping[str, str], say: Callable[[str], None], *, off: bool = False, approved: str | None = None
) -> Policy:
    """Read the environment (`WT_HOOKS`, `WT_TRUST`) and the options of one call (`--no-hooks`, `--trust-hooks`)."""
    if off and approved is not None:
        raise UsageError(
            "--no-hooks and --trust-hooks exclude each other.",
            again("to run none", without=("--trust-hooks",)),
        )
    given = [word.strip().casefold() for word in (env.get("WT_TRUST") or "").split(",") if word.strip()]
    if approved is not None:
        given += [checked(word, "--trust-hooks") for word in approved.split(",")]
    return Policy(env, say, say, off or env.get("WT_HOOKS") == "off", tuple(given))


def checked(word: str, option: str) -> str:
    """Return a SHA-256 as it is recorded; UsageError where it is none."""
    sha = word.strip().casefold()
    if len(sha) != 64 or not _HEX.issuperset(sha):
        raise UsageError(
            f"{option} needs a SHA-256 of 64 hex digits, not `{word}`.",
            "to see that of a file: git show HEAD:.wt-hooks.sh | sha256sum",
        )
    return sha


def user_file(env: Mapping[str, str]) -> str:
    """Return where the user's own hooks file is, if there is one."""
    return f"{_directory(env, 'XDG_CONFIG_HOME', '.config')}/hooks.sh"


def state_directory(env: Mapping[str, str]) -> str:
    return _directory(env, "XDG_STATE_HOME", ".local/state")


def store_path(env: Mapping[str, str]) -> str:
    return f"{state_directory(env)}/trusted"


def _directory(env: Mapping[str, str], variable: str, otherwise: str) -> str:
    """Return our directory of an XDG kind; a relative value counts as none, as the specification has it."""
    given = env.get(variable) or ""
    if os.path.isabs(given):
        return f"{given}/wt"
    return f"{env.get('HOME') or os.path.expanduser('~')}/{otherwise}/wt"


@record
class Approval:
    """One line of the store: a content (or ANY) approved for a source at a moment."""

    sha256: str
    when: str
    common: str

    def line(self) -> str:
        return f"{self.sha256} {self.when} {self.common.replace('%', '%25').replace(chr(10), '%0A')}\n"


def approvals(store: str, warn: Callable[[str], None]) -> list[Approval]:
    """Return what was approved, oldest first; nothing where others than the user could have written the file."""
    if not _is_private(store, warn):
        return []
    found = []
    for line in (files.read_text(store, 1 << 24) or "").split("\n"):
        sha, when, common = (*line.split(" ", 2), "", "", "")[:3]
        if common and (sha == ANY or (len(sha) == 64 and _HEX.issuperset(sha))):
            found.append(Approval(sha, when, common.replace("%0A", "\n").replace("%25", "%")))
    return found


def _is_private(store: str, warn: Callable[[str], None]) -> bool:
    try:
        found = os.lstat(store)
    except OSError:
        return False
    if found.st_uid == os.geteuid() and not found.st_mode & 0o022:
        return True
    warn(f"{store} is not yours alone, so nothing that it approves counts: chmod 600 {store}")
    return False


def is_approved(policy_: Policy, common: str, sha256: str) -> bool:
    """Whether a content may run for a source: approved for this call, or recorded for that very common git dir."""
    if sha256 in policy_.approved:
        return True
    known = approvals(store_path(policy_.env), policy_.warn)
    return any(one.common == common and one.sha256 in (sha256, ANY) for one in known)
