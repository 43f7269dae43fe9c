"""`.meta/config.yaml`, contract section 6: written flat, read flat, and by PyYAML where somebody made it richer.

The flat reader exists for speed alone (PyYAML costs more than an acquire's git processes); it accepts only lines whose
meaning in YAML is beyond doubt and leaves every other file to PyYAML's safe loader, with aliases and tags refused.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import ConfigError, UsageError
from wt.model import Config
from wt.pool import names

TYPE_CHECKING = False
if TYPE_CHECKING:
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


def load(path: str, warn: object = None) -> Config:
    """Read a pool's config; ConfigError names the file, the key and the value.

    `warn` is called with a sentence for each key that is not known.
    """
    text = files.read_text(path)
    if text is None:
        raise ConfigError(f"{path} cannot be read.", f"to look at it: ls -l {path}")
    values = _read(path, text)
    for key in values:
        if key not in _KEYS and callable(warn):
            near = names.nearest(key, list(_KEYS))
            warn(f"{path}: the key `{key}` is not known" + (f"; is `{near}` meant?" if near else "."))
    return _checked(path, values)


def _read(path: str, text: str) -> dict[str, object]:
    flat = _read_flat(text.removeprefix("\ufeff"))
    return _read_yaml(path, text) if flat is None else flat


def _read_flat(text: str) -> dict[str, object] | None:
    values: dict[str, object] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line or line.startswith("#"):
            continue
        key, colon, value = line.partition(": ")
        if not colon or not key.replace("_", "").isalpha() or key in values or not _PLAIN.issuperset(value):
            return None
        values[key] = int(value) if value.isdigit() else value.strip()
        if not value.strip() or value.casefold() in ("null", "true", "false", "yes", "no", "on", "off", "~"):
            return None
    return values


def _read_yaml(path: str, text: str) -> dict[str, object]:
    import yaml

    try:
        tokens = list(yaml.scan(text))
        if any(isinstance(token, (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken)) for token in tokens):
            raise ConfigError(f"{path} uses aliases or tags, which a pool's config has no use for.")
        _refuse_duplicates(path, yaml.compose(text, Loader=yaml.SafeLoader))
        values = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise ConfigError(f"{path} is not valid YAML{f' (line {line})' if line else ''}.") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no keys.")
    return {str(key): value for key, value in values.items()}


def _refuse_duplicates(path: str, node: object) -> None:
    seen: set[str] = set()
    for key, _value in getattr(node, "value", None) or ():
        if not isinstance(getattr(key, "value", None), str) or key.value in seen:
            raise ConfigError(
                f"{path}: the key `{getattr(key, 'value', '?')}` stands there twice or is no word."
            )
        seen.add(key.value)


def _checked(path: str, values: dict[str, object]) -> Config:
    for key in _REQUIRED:
        if key not in values:
            raise ConfigError(f"{path}: the key `{key}` is missing.")
    if values["schema_version"] != SCHEMA:
        _refuse(path, "schema_version", values["schema_version"], f"this program reads {SCHEMA}")
    for key, allowed in _CHOICES.items():
        if values.get(key) is not None and values[key] not in allowed:
            _refuse(path, key, values[key], f"known are {', '.join(allowed)}")
    if (values.get("submodule_mirror_mode") is None) != (values.get("submodule_mirror_base") is None):
        _refuse(
            path, "submodule_mirror_mode", values.get("submodule_mirror_mode"), "mode and base go together"
        )
    slots = values["max_slots"]
    if not isinstance(slots, int) or isinstance(slots, bool) or slots < 1:
        _refuse(path, "max_slots", slots, "a number from 1 on is needed")
    return _made(path, values)


def _refuse(path: str, key: str, value: object, why: str) -> NoReturn:
    raise ConfigError(f"{path}: `{key}` is `{value}`; {why}.", f"to mend it: ${{EDITOR:-vi}} {path}")


def _made(path: str, values: dict[str, object]) -> Config:
    groups = _groups(path, values.get("groups"))
    fields = {key: values[key] for key in _KEYS[1:] if values.get(key) is not None and key != "groups"}
    for key, value in fields.items():
        if key != "max_slots" and not isinstance(value, str):
            fields[key] = (
                str(value) if isinstance(value, int) else _refuse(path, key, value, "a word is needed")
            )
    for key in ("source", "submodule_mirror_base"):
        if key in fields:
            fields[key] = os.path.expanduser(str(fields[key]))
    return Config(**fields, groups=groups)  # type: ignore[arg-type]  # each checked above


def _groups(path: str, value: object) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value if value is not None else []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        _refuse(path, "groups", value, "a list of words is needed")
    groups = tuple(word.strip() for word in words if word.strip())
    try:
        names.check_groups(groups)
    except UsageError as error:
        raise ConfigError(f"{path}: {error.sentence}") from error
    return groups


def render(config: Config) -> str:
    """Return the file that `load` reads back to an equal value."""
    lines = [f"schema_version: {SCHEMA}"]
    for key in _KEYS[1:]:
        value = getattr(config, key)
        if value is None or value == ():
            continue
        lines.append(f"{key}: {_scalar(','.join(value) if isinstance(value, tuple) else str(value))}")
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    plain = _PLAIN.issuperset(text) and text == text.strip() and not text.startswith(("-", "~ ")) and text
    if plain and text.casefold() not in ("null", "true", "false", "yes", "no", "on", "off", "~", "n", "y"):
        return text
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\u{ord(character):04x}"
