"""As much of JSON Schema (2020-12) as the schemas in docs/reference use; a word that is not known here is an error."""

import re

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
WORDS = {"$schema", "title", "description", "type", "properties", "required", "additionalProperties", "items", "enum", "anyOf",
         "minimum", "pattern", "maxItems"}  # fmt: skip


def faults(schema, value, at="$"):
    """What of a value is not as its schema says, as sentences."""
    assert not schema.keys() - WORDS, schema.keys() - WORDS
    if "anyOf" in schema:
        tries = [list(faults(one, value, at)) for one in schema["anyOf"]]
        yield from [] if [] in tries else min(tries, key=len)
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(_is(value, name) for name in names):
            yield f"{at}: {value!r} is no {' or '.join(names)}"
            return
    yield from _deeper(schema, value, at)


def _is(value, name):
    return isinstance(value, TYPES[name]) and not (name in ("integer", "number") and isinstance(value, bool))


def _deeper(schema, value, at):
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{at}: `{name}` is missing" for name in schema.get("required", ()) if name not in value)
        for name, inner in value.items():
            rest = schema.get("additionalProperties", True)
            if name in known:
                yield from faults(known[name], inner, f"{at}.{name}")
            elif rest is False:
                yield f"{at}: `{name}` is not in the schema"
            elif isinstance(rest, dict):
                yield from faults(rest, inner, f"{at}.{name}")
    elif isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            yield f"{at}: {len(value)} items"
        for number, inner in enumerate(value):
            yield from faults(schema.get("items", {}), inner, f"{at}[{number}]")
    elif isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    elif isinstance(value, int) and not isinstance(value, bool) and value < schema.get("minimum", value):
        yield f"{at}: {value} is below {schema['minimum']}"


def leaves(schema, at="$"):
    """The keys that a schema names, as paths: each has to be seen in a real answer."""
    for one in schema.get("anyOf", ()):
        yield from leaves(one, at)
    for name, inner in schema.get("properties", {}).items():
        yield f"{at}.{name}"
        yield from leaves(inner, f"{at}.{name}")
    if "items" in schema:
        yield from leaves(schema["items"], f"{at}[]")


def seen(value, at="$"):
    """The paths of a value, and those that have something other than null."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{at}.{name}", inner is not None
            yield from seen(inner, f"{at}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from seen(inner, f"{at}[]")
