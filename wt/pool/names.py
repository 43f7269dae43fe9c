"""What may be called what: contract section 5. Everything here is pure; who holds a name is the survey's business."""

from __future__ import annotations

import unicodedata

from wt.errors import UsageError, again
from wt.git.layout import is_object_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.model import Config

LIMIT = 200
BIRTH_PREFIX = (
    "wt!"  # no slot name or id can begin so; in the pool root, so that relative links keep their depth
)
_EXTRA = frozenset("._-/+@=,")
_RESERVED = frozenset(("head", "fetch_head", "orig_head", "merge_head", "@"))


def check_name(name: str, config: Config) -> None:
    """Raise UsageError unless a new slot and branch may be called `name`; stricter than git-check-ref-format(1)."""
    _check_form(name, "name")
    if name.casefold() == config.base.casefold():
        raise _bad("name", name, "is the base branch")
    _check_reserved(name, "name", config.groups)


def is_ours(branch: str, config: Config) -> bool:
    """Whether the directory of a branch that exists already would be one of the pool's own, or could not be made."""
    directory = slug(branch)
    is_slot = _slot_parts(directory.casefold(), tuple(group.casefold() for group in config.groups))
    too_long = len(directory.encode("utf-8", "surrogateescape")) > 255
    return branch == config.base or bool(is_slot) or too_long or directory.startswith((".", BIRTH_PREFIX))


def check_key(key: str) -> None:
    _check_form(key, "pool key", slash=False)
    _check_reserved(key, "pool key", ())


def check_groups(groups: tuple[str, ...]) -> None:
    for group in groups:
        _check_form(group, "group", slash=False)
        _check_reserved(group, "group", ())
        if group.casefold() == "slot" or group.rpartition("-")[2].isdigit():
            raise _bad("group", group, "would make slot ids ambiguous")
    if len({group.casefold() for group in groups}) != len(groups):
        raise UsageError(
            "Two groups differ by case alone.", again("to name each group once", {"--groups": "ios,android"})
        )


def _check_form(name: str, what: str, *, slash: bool = True) -> None:
    reason = _fault(name, slash=slash)
    if reason:
        raise _bad(what, name, reason)


def _check_reserved(name: str, what: str, groups: tuple[str, ...]) -> None:
    folded = name.casefold()
    if folded in _RESERVED or folded.startswith("refs/"):
        raise _bad(what, name, "is git's own word")
    if name.isdigit() or is_object_id(folded):
        raise _bad(what, name, "could be taken for a number or a commit id")
    if _slot_parts(slug(folded), tuple(group.casefold() for group in groups)):
        raise _bad(what, name, "has the form of a slot id, which is reserved")


def _bad(what: str, name: str, reason: str) -> UsageError:
    fine = f"letters, digits and . _ - {'' if what != 'name' else '/ '}+ @ = , are fine, e.g."
    if what == "name":
        return UsageError(f"The {what} `{name}` {reason}.", again(fine, words={name: "feature-x"}))
    option = {"--pool": "app"} if what == "pool key" else {"--groups": "ios,android"}
    return UsageError(f"The {what} `{name}` {reason}.", again(fine, dict(option)))


def _fault(name: str, *, slash: bool) -> str | None:
    if not name:
        return "is empty"
    wrong = next((c for c in name if not _allowed(c, slash=slash)), None)
    if wrong is not None:
        return f"holds {_described(wrong)}"
    if len(name.encode()) > LIMIT:
        return f"is {len(name.encode())} bytes long; the limit is {LIMIT}"
    if not (name[0].isalnum() or name[0] == "_"):
        return "begins with something other than a letter, a digit or _"
    return next((fault for part in name.split("/") if (fault := _component_fault(part))), None)


def _component_fault(part: str) -> str | None:
    if not part:
        return "has an empty component"
    if part[0] in "-.":
        return f"has a component that begins with `{part[0]}`"
    if part.casefold().endswith(".lock") or part.endswith("."):
        return "has a component that ends with `.lock` or `.`"
    if ".." in part:
        return "holds `..`"
    return None


def _allowed(character: str, *, slash: bool) -> bool:
    if character in _EXTRA:
        return slash or character != "/"
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd"


def _described(character: str) -> str:
    if character == " ":
        return "a blank"
    return f"`{character}`" if character.isprintable() else f"the character U+{ord(character):04X}"


def slug(name: str) -> str:
    """Return the directory name of a slot's name."""
    return name.replace("/", "-")


def fold(name: str) -> str:
    """Return what two names share if a file system that folds case or normalises Unicode would confuse them."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def slot_id(group: str | None, number: int) -> str:
    return f"{group or 'slot'}-{number}"


def parse_slot_id(text: str, groups: tuple[str, ...]) -> tuple[str | None, int] | None:
    """Return (group, number) of a slot id, None for anything else."""
    prefix, digits = _slot_parts(text, groups) or ("", "")
    if not digits or digits != str(int(digits[:9])):
        return None
    return None if prefix == "slot" else prefix, int(digits)


def _slot_parts(text: str, groups: tuple[str, ...]) -> tuple[str, str] | None:
    """Split what has the form of a slot id, `slot-03` too, which is none of ours and never a name."""
    prefix, dash, digits = text.rpartition("-")
    is_id = dash and digits.isascii() and digits.isdigit() and (prefix == "slot" or prefix in groups)
    return (prefix, digits) if is_id else None


def nearest(word: str, known: list[str]) -> str | None:
    """Return the known word that a person most likely meant, None where nothing is near."""
    import difflib

    return next(iter(difflib.get_close_matches(word, known, 1)), None)
