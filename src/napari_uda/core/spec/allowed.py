"""What may stand at a place in a configuration, in words for an error message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

Place = tuple[int | str, ...]
"""Where in a configuration, as pydantic says it: with the names of union members."""

_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
}


def settings_at(model: type[BaseModel], place: Place) -> list[str]:
    """Return the names of the settings that there are at a place in a model."""
    return list(_schema(model, place).get("properties", {}))


def allowed_at(model: type[BaseModel], place: Place) -> str:
    """Say what is allowed at a place: the kind of value, its range, its unit.

    Returns
    -------
    str
        Such as "a whole number from 1 to 1,024 (patches), such as 8"; empty where it
        takes more than a value to say.
    """
    schema = _schema(model, place)
    members = schema.get("anyOf", [schema])
    optional = {"type": "null"} in members
    members = [one for one in members if one != {"type": "null"}]
    if len(members) != 1:
        return ""
    value = members[0]
    choices = value.get("enum", [value["const"]] if "const" in value else [])
    if choices:
        words = _listed([*map(_plain, choices), *["null"] * optional])
        return f"one of {words}" if len(choices) > 1 else words
    kind = _KINDS.get(value.get("type", ""), "")
    if not kind or kind == "text":
        return ""
    unit = value.get("unit") or schema.get("unit")
    words = " ".join(filter(None, (kind, _range(value), f"({unit})" if unit else "")))
    if optional:
        words += ", or null for none"
    default = schema.get("default")
    example = default is not None and not isinstance(default, bool)
    return f"{words}, such as {_plain(default)}" if example else words


def _schema(model: type[BaseModel], place: Place) -> dict[str, Any]:
    """Return the JSON schema of a place in a model; empty if there is none."""
    schema = model.model_json_schema()
    here: dict[str, Any] = schema
    for part in place:
        members = here.get("discriminator", {}).get("mapping", {})
        others = here.get("additionalProperties") or here.get("items")
        inner = {**here.get("properties", {}), **members}.get(str(part), others)
        said = inner if isinstance(inner, dict) else {"$ref": inner or ""}
        name = said.get("$ref", "").rpartition("/")[2]
        # What is said beside a reference, such as a default, is said of this place.
        here = {**schema.get("$defs", {}).get(name, {}), **said}
    return here


def _range(value: dict[str, Any]) -> str:
    low, high = value.get("minimum"), value.get("maximum")
    if low is not None and high is not None:
        return f"from {_plain(low)} to {_plain(high)}"
    above, below = value.get("exclusiveMinimum"), value.get("exclusiveMaximum")
    limits = (
        ("of at least", low),
        ("above", above),
        ("of at most" if above is None else "up to", high),
        ("below", below),
    )
    said = [f"{word} {_plain(limit)}" for word, limit in limits if limit is not None]
    return " and ".join(said)


def _plain(value: Any) -> str:
    """Write a value as YAML would, whole numbers with their thousands apart."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.10g}"
    return value if isinstance(value, str) else json.dumps(value)


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
