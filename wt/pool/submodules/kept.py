"""What was set aside in submodules: `<common git dir>/worktree-pool/kept.git` has its objects and refs (section 13).

A commit of a submodule is set aside in its store first, by the code that does so in a slot; from there it is fetched into
kept.git, which outlives the store. Its ref there ends in the submodule's path, written so that git takes it for a name.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import WtError, quoted
from wt.git import layout, refs
from wt.git.run import Git
from wt.model import record
from wt.pool import gitlocks, keep, mutex, sourcelock
from wt.pool import kept as entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Slot
    from wt.pool.location import Pool
    from wt.pool.mutex import Mutex

_PLAIN = frozenset("_-/")
_FETCH = ("-c", "core.fsync=all", "-c", "protocol.version=2", "fetch", "-q", "--no-tags", "--no-write-fetch-head",
          "--update-shallow", "--no-recurse-submodules")  # fmt: skip
LOCAL = {"GIT_ALLOW_PROTOCOL": "file"}


_LANDED = "refs/wt/landed/"
_FIELDS = ("refname", "objecttype", "objectname", "parent", "subject", "body")


@record
class Kept:
    """One commit of a submodule that was set aside: under which label, of which submodule (its path), and where.

    `parents` are those of a snapshot, empty for a commit as it was; `hold` and `after` as in wt.pool.kept.Entry.
    """

    ref: str
    sha: str
    label: str
    moment: str
    path: str
    parents: tuple[str, ...] = ()
    hold: str = ""
    after: int = 0

    @property
    def head(self) -> str:
        """The commit that the submodule was at."""
        return self.parents[0] if self.parents else self.sha


def repository(pool: Pool) -> str:
    return f"{pool.common}/worktree-pool/kept.git"


def list_all(pool: Pool) -> list[Kept]:
    """Return all that is kept of submodules, oldest label first."""
    where = repository(pool)
    if not os.path.isdir(where):
        return []
    form = "--format=" + "".join(f"%({field})%00" for field in _FIELDS)
    values = Git(where).ask("for-each-ref", form, keep.PREFIX.rstrip("/")).split("\0")
    rows = zip(*(values[n :: len(_FIELDS)] for n in range(len(_FIELDS))), strict=False)
    return [one for row in rows if (one := _parsed(*row)) is not None]


def _parsed(name: str, kind: str, sha: str, parent: str, subject: str, body: str) -> Kept | None:
    name = name.lstrip("\n")
    parts = name[len(keep.PREFIX) :].split("/")
    at = next((n for n, part in enumerate(parts) if n and _is_stamp(part)), 0)
    if not at or kind != "commit":
        return None
    label, moment, path = (
        "/".join(parts[:at]),
        parts[at].partition("-")[0],
        _decoded("/".join(parts[at + 1 :])),
    )
    if not entries.is_snapshot(subject, parent):
        return Kept(name, sha, label, moment, path)
    return Kept(name, sha, label, moment, path, tuple(parent.split()), *entries.order_of(body))


def of_one(pool: Pool, label: str, moment: str, hold: str = "") -> dict[str, Kept]:
    """Return for each submodule of which something was kept under a label, at a moment, what says how it was: of snapshots
    the first, else the only commit."""
    found: dict[str, list[Kept]] = {}
    for one in list_all(pool):
        if (one.label, one.moment) == (label, moment) and (not hold or one.hold in ("", hold)):
            found.setdefault(one.path, []).append(one)
    leaders = {}
    for path, several in found.items():
        snapshots = sorted((one for one in several if one.parents), key=lambda one: one.after)
        if snapshots or len(several) == 1:
            leaders[path] = (snapshots or several)[0]
    return leaders


def entry_of(pool: Pool, word: str) -> entries.Entry | None:
    """Return the newest moment of NAME, or of NAME@TIME, at which work in submodules alone was kept: an entry of no commit."""
    name, _, time = word.rpartition("@")
    moments = [
        (one.moment, one.label)
        for one in list_all(pool)
        if one.label == word or (one.label == name and one.moment.startswith(time.partition("-")[0]))
    ]
    if not moments:
        return None
    moment, label = max(moments)
    return entries.Entry(f"{keep.PREFIX}{label}/{moment}", "", label, moment)


def _is_stamp(part: str) -> bool:
    """`<YYYYMMDDThhmmssZ>-<8 hex>`, as keep.Label writes it."""
    time, _, sha = part.partition("-")
    return len(time) == 16 and time[8] == "T" and time[-1] == "Z" and len(sha) == 8


def _encoded(path: str) -> str:
    """Letters of any script stay: three signs for each of their bytes would make a name longer than a file may have."""
    plain = (
        c if c.isalnum() or c in _PLAIN else "".join(f"%{byte:02X}" for byte in os.fsencode(c)) for c in path
    )
    return "".join(plain).strip("/")


def _decoded(text: str) -> str:
    pieces = text.split("%")
    data = pieces[0].encode() + b"".join(bytes([int(one[:2], 16)]) + one[2:].encode() for one in pieces[1:])
    return os.fsdecode(data)


def in_store(store: str) -> list[refs.Ref]:
    """Return what was set aside in a store and may not be in kept.git yet."""
    if not keep.is_any(store):
        return []
    return refs.list_refs(Git(store), keep.PREFIX.rstrip("/"))


def transfer(pool: Pool, store: str, path: str, keep_open: tuple[int, ...]) -> list[str]:
    """Bring what was set aside in a store into kept.git; returns the refs that are new there."""
    found = in_store(store)
    if not found:
        return []
    with _alone(pool, "set aside") as held:
        keep_open = (*keep_open, held.descriptor)
        where = _ensured(pool, keep_open, store)
        wanted = {f"{ref.name}/{_encoded(path)}": ref.sha for ref in found}
        missing = {name: sha for name, sha in wanted.items() if refs.read_file(where, name) != sha}
        if missing:
            Git(where, keep_open).do(*_FETCH, store, *dict.fromkeys(missing.values()), env=LOCAL)
            for name, sha in missing.items():
                with sourcelock.Step(pool, keep_open, gitlocks.of_ref(where, name)) as source:
                    refs.point(Git(where, source.keep), name, sha, "set aside", keep.SYNCED)
        return list(missing)


def _alone(pool: Pool, verb: str) -> Mutex:
    """Hold kept.git: what comes, and has no ref yet, meets nobody who prunes. In the order of locks it is before source.lock."""
    files.ensure_directory(f"{pool.common}/worktree-pool")
    held = mutex.take(
        f"{pool.common}/worktree-pool/kept.lock", pool.tell, what="what was set aside in submodules"
    )
    held.note(verb)
    return held


def keep_landed(pool: Pool, store: str, pin: str, keep_open: tuple[int, ...]) -> None:
    """Keep for good a commit of a submodule that the base is about to record, and that nobody else may have."""
    with _alone(pool, "land") as held:
        keep_open = (*keep_open, held.descriptor)
        where = _ensured(pool, keep_open, store)
        name = f"{_LANDED}{pin}"
        if refs.read_file(where, name) is None:
            Git(where, keep_open).do(*_FETCH, store, pin, env=LOCAL)
            with sourcelock.Step(pool, keep_open, gitlocks.of_ref(where, name)) as source:
                Git(where, source.keep).do("-c", "core.fsync=all", "update-ref", name, pin)


def forget_in_store(pool: Pool, store: str, keep_open: tuple[int, ...]) -> None:
    """Drop from a store what kept.git has: the slot is not there any more where it was."""
    for ref in in_store(store):
        with sourcelock.of_ref(replaced_common(pool, store), keep_open, ref.name) as git:
            refs.delete(git, ref.name, ref.sha)


def replaced_common(pool: Pool, store: str) -> Pool:
    from wt.pool.submodules.stores import as_pool

    return as_pool(pool, store)


def _ensured(pool: Pool, keep_open: tuple[int, ...], store: str) -> str:
    """Make kept.git where it is missing, whole at once; its object format is that of the store."""
    where = repository(pool)
    if layout.at(where) is not None:
        return where
    born = f"{where}.wt!{os.getpid()}-{os.urandom(4).hex()}"
    form = Git(store).ask("rev-parse", "--show-object-format")
    with sourcelock.Step(pool, keep_open, []) as source:
        for left in files.list_directory(os.path.dirname(where)):
            if left.startswith("kept.git.wt!"):
                files.remove_tree(f"{os.path.dirname(where)}/{left}")
        if layout.at(where) is None:
            source.do("init", "-q", "--bare", "--template=", f"--object-format={form}", born)
            files.rename(born, where)
            files.sync_directory(os.path.dirname(where))
    return where


def way_to(pool: Pool, ref: str, top: str) -> str:
    """Return the command that has a kept commit again in a submodule's directory: a stash as changes, commits as FETCH_HEAD."""
    where = repository(pool)
    subject = Git(where).ask("log", "-1", "--format=%s", ref)
    fetch = f"git -C {quoted(top)} fetch {quoted(where)} {quoted(ref)}"
    if subject.startswith("On ") and subject.endswith(": set aside by wt"):
        return f"{fetch} && git -C {quoted(top)} merge -q --ff-only FETCH_HEAD^ && git -C {quoted(top)} stash apply --index FETCH_HEAD"
    return f"{fetch} && git -C {quoted(top)} log FETCH_HEAD"


def require_none(pool: Pool, store: str, path: str, keep_open: tuple[int, ...]) -> None:
    """WtError unless all that was set aside in a store is in kept.git: the last look before a store is removed."""
    transfer(pool, store, path, keep_open)
    if any(
        refs.read_file(repository(pool), f"{one.name}/{_encoded(path)}") != one.sha for one in in_store(store)
    ):
        raise WtError(f"What was set aside in the submodule `{path}` could not be kept; nothing was removed.",
                      f"to see it: git -C {quoted(store)} for-each-ref refs/wt/kept")  # fmt: skip


def ways_back(pool: Pool, label: str, moment: str, slot: Slot | None, besides: set[str]) -> list[str]:
    """Say of each commit kept under a label at a moment, but for some refs, how to have it again, in the slot's own submodule if it is there."""
    from wt.pool.submodules import stores

    tops = {one.words: one.top for one in stores.of_slot(slot) if one.top} if slot is not None else {}
    lines = []
    for one in list_all(pool):
        if (one.label, one.moment) == (label, moment) and one.ref not in besides:
            top = tops.get(one.path)
            look = f"git -C {quoted(repository(pool))} log {quoted(one.ref)}"
            lines.append(f"submodule {one.path}: {way_to(pool, one.ref, top) if top else look}")
    return lines


def made_at(pool: Pool, one: Kept) -> float:
    return keep.made_at(repository(pool), one.ref, one.moment)


def prune(pool: Pool, before: float, name: str | None) -> list[tuple[str, str]]:
    """Drop what was made before a moment (of a label), objects and all but those of the last day; returns the labels and moments."""
    with _alone(pool, "prune") as held:
        old = [one for one in list_all(pool) if name in (None, one.label) and made_at(pool, one) < before]
        if old:
            _drop(pool, old)
            git = Git(repository(pool), (held.descriptor,))
            git.do("repack", "-q", "-A", "-d", "--unpack-unreachable=1.day.ago")
            git.do("prune", "--expire=1.day.ago")
    return list(dict.fromkeys((one.label, one.moment) for one in old))


def drop_older(pool: Pool, before: float, most: int) -> int:
    """Drop at most so many refs of kept.git that were made before a moment; returns how many."""
    old = [one for one in list_all(pool) if made_at(pool, one) < before][:most]
    if old:
        _drop(pool, old)
    return len(old)


def _drop(pool: Pool, old: list[Kept]) -> None:
    where = repository(pool)
    locks = [path for one in old for path in gitlocks.of_ref(where, one.ref)]
    data = "".join(f"delete {one.ref} {one.sha}\n" for one in old)
    with sourcelock.Step(pool, (), list(dict.fromkeys(locks))) as source:
        Git(where, source.keep).do("update-ref", "--stdin", data=data.encode())
