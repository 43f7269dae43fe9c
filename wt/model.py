"""The words of contract section 1 as frozen records, and the names of their states.

`record` is `dataclasses.dataclass(frozen=True, slots=True)` to a type checker and the same behaviour at run time
without importing `dataclasses`, which costs more than a git process and would be paid by every hot verb.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeVar, dataclass_transform

    T = TypeVar("T")
    State = Literal["held", "idle", "fresh", "acquiring", "releasing", "broken"]
    Layout = Literal["rename", "stable"]
    Ownership = Literal["none", "created", "adopted"]

    @dataclass_transform(frozen_default=True)
    def record(cls: type[T]) -> type[T]:
        """Make a frozen, slotted record of an annotated class."""
else:  # what a type checker never sees

    def record(cls):
        fields = tuple(cls.__annotations__)
        defaults = {name: cls.__dict__[name] for name in fields if name in cls.__dict__}
        body = {
            k: v
            for k, v in cls.__dict__.items()
            if k not in defaults and k not in ("__dict__", "__weakref__")
        }
        body.update(__slots__=fields, _defaults=defaults, __init__=_init, __repr__=_repr, __eq__=_eq,
                    __hash__=_hash, __setattr__=_frozen, __delattr__=_frozen)  # fmt: skip
        return type(cls.__name__, cls.__bases__, body)

    def _init(self, *args, **kwargs):
        names, put = self.__slots__, object.__setattr__
        values = {**self._defaults, **dict(zip(names, args, strict=False)), **kwargs}
        if (
            len(args) > len(names)
            or len(values) > len(names)
            or not kwargs.keys().isdisjoint(names[: len(args)])
        ):
            raise TypeError(f"{type(self).__name__} takes {', '.join(names)}")
        try:
            for name in names:
                put(self, name, values[name])
        except KeyError:
            raise TypeError(f"{type(self).__name__} needs {name}") from None

    def _repr(self):
        return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in self.__slots__)})"

    def _eq(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def _hash(self):
        return hash(tuple(getattr(self, name) for name in self.__slots__))

    def _frozen(self, name, *_value):
        raise AttributeError(f"{type(self).__name__}.{name} is frozen")


def replaced(value: T, **changes: Any) -> T:
    """Return a copy of a record with some fields changed."""
    fields = {name: getattr(value, name) for name in type(value).__slots__}  # type: ignore[attr-defined]  # a record
    return type(value)(**{**fields, **changes})


@record
class LockRecord:
    """The held marker of contract section 2; what a reader does not know it ignores.

    `holder` and `alias` are the library's: which process holds the slot (wt/pool/holder.py), and the caller's own
    id for it, percent-encoded. A slot with a holder is its holder's for as long as that process lives.
    `hooks` is `none` where the commit has no hooks file; `hook_group` says which process group a hook runs in.
    """

    started_at: str
    full_sha: str
    name: str
    slot: str
    layout: Layout
    group: str | None = None
    state: Literal["acquiring", "held", "releasing"] = "held"
    branch: Ownership = "none"
    pid: int = 0
    host: str = ""
    nonce: str = ""
    holder: str = ""
    alias: str = ""
    restores: str = ""  # the snapshot that this acquire puts back
    hooks: str = ""
    hook_group: str = ""


@record
class Slot:
    """One slot as it was found on disk at one moment.

    `slot` is its id, `path` the directory (absent for a fresh one), `admin` its admin dir. `problem` is set for what
    is broken, and says why; `unreadable` marks a lock that is there but cannot be understood.
    """

    slot: str
    group: str | None
    number: int
    state: State
    path: str | None
    admin: str | None
    lock: LockRecord | None = None
    unreadable: bool = False
    problem: str | None = None

    @property
    def transitional(self) -> bool:
        return self.state in ("acquiring", "releasing")

    @property
    def name(self) -> str | None:
        return self.lock.name if self.lock else None

    @property
    def directory(self) -> str:
        """The path of a slot that has one; a caller that can meet another looks at `path` first."""
        if self.path is None:
            raise ValueError(f"{self.slot} has no directory")
        return self.path

    @property
    def admin_dir(self) -> str:
        """The admin dir of a slot that has one; likewise."""
        if self.admin is None:
            raise ValueError(f"{self.slot} has no admin dir")
        return self.admin

    @property
    def held(self) -> LockRecord:
        """The lock of a slot that is known to have one."""
        if self.lock is None:
            raise ValueError(f"{self.slot} has no lock")
        return self.lock


@record
class Config:
    """`.meta/config.yaml`, contract section 6, with `~` expanded."""

    pool_id: str
    source: str
    base: str
    max_slots: int
    default_commit: str = "auto"
    groups: tuple[str, ...] = ()
    layout: Layout = "rename"
    recycle: Literal["keep", "clean"] = "keep"
    keep: str = "90d"
    submodule_mirror_mode: str | None = None
    submodule_mirror_base: str | None = None


@record
class Commit:
    """One commit for people: `when` in seconds since the epoch (committer's)."""

    sha: str
    subject: str
    author: str = ""
    when: int = 0
