"""`.meta/config.yaml`, contract section 6: written flat, read flat, and by PyYAML where somebody made it richer.

The flat reader exists for speed alone (PyYAML costs more than an acquire's git processes); it accepts only lines whose
meaning in YAML is beyond doubt and leaves every other file to PyYAML's safe loader, with aliases and tags refused.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import ConfigError, UsageError, quoted
from wt.model import Config
from wt.pool import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

SCHEMA = 1
_KEYS = ("schema_version", "pool_id", "source", "default_commit", "base", "max_slots", "groups", "layout", "recycle",
         "keep", "submodule_mirror_mode", "submodule_mirror_base")  # fmt: skip
_CHOICES = {
    "layout": ("rename", "stable"),
    "recycle": ("keep", "clean"),
    "submodule_mirror_mode": ("bare-mirror", "git-modules"),
}
_REQUIRED = ("schema_version", "pool_id", "source", "base", "max_slots")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+~ ")
_NO_WORDS = frozenset("null true false yes no on off y n".split())


def load(path: str, warn: Callable[[str], None] | None = None) -> Config:
    """Read a pool's config; ConfigError names the file, the key and the value.

    `warn` is called with a sentence for each key that is not known.
    """
    text = files.read_text(path)
    if text is None:
        raise ConfigError(f"{path} cannot be read.", f"to look at it: ls -l {quoted(path)}")
    values = {key: value for key, value in _read(path, text).items() if value is not None}
    for key in values:
        if warn is not None and key not in _KEYS:
            near = names.nearest(key, list(_KEYS))
            warn(f"{path}: the key `{key}` is not known" + (f"; is `{near}` meant?" if near else "."))
    return _checked(path, values)


def read(text: str) -> Config | None:
    """Read the text of a config; None where it is not flat, or wrong."""
    values = _read_flat(text)
    try:
        return (
            None
            if values is None
            else _checked("", {key: value for key, value in values.items() if value is not None})
        )
    except ConfigError:
        return None


def _read(path: str, text: str) -> dict[str, object]:
    flat = _read_flat(text.removeprefix("\ufeff"))
    return _read_yaml(path, text) if flat is None else flat


def _read_flat(text: str) -> dict[str, object] | None:
    values: dict[str, object] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line or (line[0] == "#" and line.isprintable()):
            continue
        key, colon, value = line.partition(": ")
        read = _flat_value(value.strip(" "))
        if (
            not colon
            or not key.replace("_", "").isalpha()
            or not _is_word(key)
            or key in values
            or read is None
        ):
            return None
        values[key] = read
    return values


def _flat_value(text: str) -> str | int | None:
    """Return what every YAML reads a scalar as; None where that takes knowing YAML."""
    if _is_number(text):
        return int(text)
    if _is_word(text):
        return text
    inner = text[1:-1]
    quoted = len(text) > 1 and text[0] == text[-1] == '"' and not {'"', "\\"}.intersection(inner)
    return inner if quoted and inner.isprintable() else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") and len(text) < 20


def _is_word(text: str) -> bool:
    """Whether a plain scalar is this very string: not a number, a date, a truth value or nothing, in any YAML."""
    if not text or not _PLAIN.issuperset(text) or text != text.strip() or text.casefold() in _NO_WORDS:
        return False
    if text[0].isdigit():  # `90d`, and ids; not `0x1f`, `1e3`
        letters = {c for c in text.casefold() if c.isalpha()}
        return text.isalnum() and bool(letters - {"e"}) and text[1:2] not in set("xXbBoO")
    return text[0].isalpha() or text[0] == "/" or text.startswith("~/")


def _read_yaml(path: str, text: str) -> dict[str, object]:
    import yaml

    try:
        tokens = list(yaml.scan(text))
        if any(isinstance(token, (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken)) for token in tokens):
            raise _unusable(path, " uses aliases or tags, which a pool's config has no use for")
        _refuse_duplicates(path, yaml.compose(text, Loader=yaml.SafeLoader))
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        failure = _unusable(path, f" is not valid YAML{f' (line {line})' if line else ''}")
        failure.details = str(getattr(error, "problem", "") or "")
        raise failure from error
    if any(isinstance(value, int) and value.bit_length() > 64 for value in _each(values)):
        raise _unusable(path, " holds a number of more than twenty digits")
    if not isinstance(values, dict):
        raise _unusable(path, " holds no keys")
    return {str(key): value for key, value in values.items()}


def _each(values: object) -> list[object]:
    return list(values.values()) if isinstance(values, dict) else []


def _refuse_duplicates(path: str, node: object) -> None:
    import yaml

    seen: set[str] = set()
    for key, _value in node.value if isinstance(node, yaml.MappingNode) else ():
        if not isinstance(key, yaml.ScalarNode) or key.value in seen:
            raise _unusable(path, f": the key `{key.value}` stands there twice or is no word")
        seen.add(key.value)


def _unusable(path: str, why: str) -> ConfigError:
    return ConfigError(f"{path}{why}.", f"to mend it: ${{EDITOR:-vi}} {quoted(path)}")


def _checked(path: str, values: dict[str, object]) -> Config:
    for key in _REQUIRED:
        if key not in values:
            raise _unusable(path, f": the key `{key}` is missing")
    if values["schema_version"] != SCHEMA or isinstance(values["schema_version"], bool):
        _refuse(path, "schema_version", values["schema_version"], f"this program reads {SCHEMA}")
    for key, allowed in _CHOICES.items():
        if key in values and values[key] not in allowed:
            _refuse(path, key, values[key], f"known are {', '.join(allowed)}")
    pair = [key for key in ("submodule_mirror_mode", "submodule_mirror_base") if key in values]
    if len(pair) == 1:
        _refuse(path, pair[0], values[pair[0]], "mode and base go together")
    slots = values["max_slots"]
    if not isinstance(slots, int) or isinstance(slots, bool) or slots < 1:
        _refuse(path, "max_slots", slots, "a number from 1 on is needed")
    keep = str(values.get("keep", "forever"))
    if keep != "forever" and not (keep.endswith("d") and _is_number(keep[:-1])):
        _refuse(path, "keep", keep, "a number of days as in `90d`, or `forever`, is needed")
    return _made(path, values)


def _refuse(path: str, key: str, value: object, why: str) -> NoReturn:
    raise _unusable(path, f": `{key}` is `{value}`; {why}")


def _made(path: str, values: dict[str, object]) -> Config:
    groups = _groups(path, values.get("groups"))
    fields = {key: values[key] for key in _KEYS[1:] if key in values and key != "groups"}
    for key, value in fields.items():
        if key != "max_slots" and (not isinstance(value, str) or not value):
            _refuse(path, key, value, "a word is needed")
    for key in ("source", "submodule_mirror_base"):
        if key in fields:
            fields[key] = place = os.path.expanduser(str(fields[key]))
            if not os.path.isabs(place):
                _refuse(path, key, place, "a path that begins with / or ~ is needed")
    return Config(**fields, groups=groups)  # type: ignore[arg-type]  # each checked above


def _groups(path: str, value: object) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value if value is not None else []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        _refuse(path, "groups", value, "a list of words is needed")
    groups = tuple(word.strip() for word in words if word.strip())
    try:
        names.check_groups(groups)
    except UsageError as error:
        _refuse(path, "groups", ", ".join(groups), error.sentence.rstrip("."))
    return groups


def render(config: Config) -> str:
    """Return the file that `load` reads back to an equal value."""
    lines = [f"schema_version: {SCHEMA}"]
    for key in _KEYS[1:]:
        value = getattr(config, key)
        if value is None or value == ():
            continue
        lines.append(f"{key}: {_rendered(value)}")
    return "\n".join(lines) + "\n"


def _rendered(value: str | int | tuple[str, ...]) -> str:
    if isinstance(value, int):
        return str(value)
    return _scalar(",".join(value) if isinstance(value, tuple) else value)


def _scalar(text: str) -> str:
    return text if _is_word(text) else '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    code = ord(character)
    return character if character.isprintable() else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
