"""What was set aside, read back: each ref below `refs/wt/kept/` as one entry (contract section 13)."""

from __future__ import annotations

from wt import times
from wt.errors import UsageError, WtError, quoted
from wt.model import record
from wt.pool.keep import PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.run import Git
    from wt.pool.location import Pool

_FIELDS = ("refname", "objecttype", "objectname", "parent", "committerdate:unix", "subject", "body")
_SET_ASIDE = ": set aside by wt"


@record
class Entry:
    """One ref: a snapshot in the shape of a stash, or a commit as it was (`parents` empty then).

    `moment` is as in the ref. `hold` and `after` order what was kept within one second: the first of a hold is the
    whole, what follows it came of a process that died while it dropped what was kept.
    """

    ref: str
    sha: str
    name: str
    moment: str
    parents: tuple[str, ...] = ()
    hold: str = ""
    after: int = 0
    date: int = 0

    @property
    def is_snapshot(self) -> bool:
        return bool(self.parents)

    @property
    def head(self) -> str:
        """The commit that the slot was at."""
        return self.parents[0] if self.parents else self.sha


def entries(pool: Pool, name: str | None = None) -> list[Entry]:
    """Return what is kept, of one name or of all, the newest first."""
    form = "--format=" + "".join(f"%({field})%00" for field in _FIELDS)
    pattern = f"{PREFIX}{name}" if name is not None else PREFIX.rstrip("/")
    values = pool.git().ask("for-each-ref", form, pattern).split("\0")
    rows = zip(*(values[n :: len(_FIELDS)] for n in range(len(_FIELDS))), strict=False)
    found = [entry for row in rows if (entry := _entry(*row)) is not None]
    return sorted((one for one in found if name in (None, one.name)), key=_order, reverse=True)


def _entry(ref: str, kind: str, sha: str, parent: str, date: str, subject: str, body: str) -> Entry | None:
    ref = ref.lstrip("\n")
    parsed = parse_ref(ref)
    if (
        parsed is None or kind != "commit"
    ):  # an object that a ref of the slot's own named is kept, and is no work to restore
        return None
    name, moment = parsed
    if not is_snapshot(subject, parent):
        return Entry(ref, sha, name, moment, date=int(date or 0))
    return Entry(ref, sha, name, moment, tuple(parent.split()), *order_of(body))


def is_snapshot(subject: str, parent: str) -> bool:
    """Tell a commit that wt/pool/snapshot.py made from one as it was, by its subject and parents."""
    return subject.startswith("On ") and subject.endswith(_SET_ASIDE) and " " in parent


def order_of(body: str) -> tuple[str, int]:
    """Return the hold that a snapshot's message names, and its place among others of that."""
    said = dict(line.partition(": ")[::2] for line in body.split("\n"))
    after = said.get("after", "0")
    return said.get("hold", ""), int(after) if after.isdigit() else 0


def parse_ref(ref: str) -> tuple[str, str] | None:
    """Return the name and the moment that a ref of ours says, None where it is none."""
    name, _, last = ref.removeprefix(PREFIX).rpartition("/")
    moment, dash, _sha = last.partition("-")
    if not ref.startswith(PREFIX) or not name or not dash or times.parse(times.expanded(moment)) is None:
        return None
    return name, moment


def _order(entry: Entry) -> tuple[str, str, int, int]:
    # within one moment what names its hold came later than what does not, which is a commit alone
    return entry.moment, entry.name, entry.after, entry.date


def find(pool: Pool, word: str) -> Entry:
    """Return the entry that NAME or NAME@TIME means; TIME as in the list, or the beginning of it."""
    found = entries(pool, word)
    if found:
        return _leader(found)
    name, at, wanted = word.rpartition("@")
    found = entries(pool, name) if at else []
    matching = [one for one in found if time_of(one).startswith(wanted.replace(":", ""))] if wanted else []
    matching = matching or [one for one in found if one.moment.startswith(_digits(wanted))] if wanted else []
    if not matching:
        from wt.pool import submodules

        if not found and (inside := submodules.kept_alone(pool, word)):
            return inside
        raise _unknown(pool, name or word, at_other_times=bool(found))
    return _leader(matching)


def choices(pool: Pool, name: str) -> list[Entry]:
    """Return what NAME may mean: one entry of each time that it was set aside, the newest first."""
    found: list[Entry] = []
    left = entries(pool, name)
    while left:
        leader = _leader(left)
        found.append(leader)
        key = (left[0].moment, left[0].hold)
        left = [one for one in left[1:] if not one.hold or (one.moment, one.hold) != key]
    return found


def _digits(text: str) -> str:
    return text.replace("-", "").replace(":", "").replace(" ", "T")


def _leader(found: list[Entry]) -> Entry:
    """Of the newest hold, the entry that was made first."""
    newest = found[0]
    same = [one for one in found if (one.moment, one.hold) == (newest.moment, newest.hold) and one.hold]
    return min(same, key=lambda one: one.after) if same else newest


def time_of(entry: Entry) -> str:
    """Return TIME in full: the moment, and the digits that tell what was kept within the same second apart."""
    return entry.ref.rpartition("/")[2]


def word_of(ref: str) -> str:
    """Return the NAME@TIME that means this very ref."""
    name, _, when = ref.removeprefix(PREFIX).rpartition("/")
    return f"{name}@{when}"


def _unknown(pool: Pool, name: str, *, at_other_times: bool) -> WtError:
    if at_other_times:
        return WtError(f"Nothing is kept of `{name}` at that time.", "to see what is: wt restore")
    from wt.pool.names import nearest

    near = nearest(name, sorted({one.name for one in entries(pool)}))
    hint = f"did you mean: wt restore {quoted(near)}" if near else "to see what is kept: wt restore"
    return WtError(f"Nothing is kept of `{name}`.", hint)


@record
class Record:
    """What a snapshot's fourth parent says: the commits by their roles, flags of the index, where repositories went."""

    roles: tuple[tuple[str, str], ...] = ()
    operation: str = ""
    flags: tuple[str, ...] = ()
    nested: tuple[tuple[str, str], ...] = ()
    conflicts: tuple[str, ...] = ()

    def commit_of(self, role: str) -> str:
        return next((sha for name, sha in self.roles if name == role), "")


def read_record(git: Git, entry: Entry) -> Record:
    """Return the record of an entry, an empty one where it has none."""
    if len(entry.parents) < 4:
        return Record()
    commit = entry.parents[3]
    body = git.ask("log", "-1", "--format=%b", commit).split("\n")
    said = [(role, value) for role, colon, value in (line.partition(": ") for line in body) if colon]
    listed = git.ask_fields("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    flags = git.ask_fields("cat-file", "blob", f"{commit}:flags") if "flags" in listed else []
    moved = git.ask_fields("cat-file", "blob", f"{commit}:nested") if "nested" in listed else []
    sides = dict.fromkeys(path.split("/", 2)[2] for path in listed if path.startswith("stages/"))
    return Record(
        tuple((role, sha) for role, sha in said if role != "operation"),
        next((value for role, value in said if role == "operation"), ""),
        tuple(flags), tuple(zip(moved[0::2], moved[1::2], strict=True)), tuple(sides),
    )  # fmt: skip


def require_older(text: str) -> float:
    """Return the seconds of an age like `30d`; UsageError where it is none."""
    if not (text.endswith("d") and text[:-1].isascii() and text[:-1].isdigit()):
        raise UsageError(f"`{text}` is no number of days.", "e.g.: wt restore --prune 30d")
    return int(text[:-1]) * 86400.0
