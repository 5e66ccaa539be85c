"""A configuration in words: the table behind `methods NAME`, forms and docs."""

from __future__ import annotations

import ast
import inspect
import sys
import types
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import annotated_types

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

OTHERS = "Adaptation"
"""Title of the settings that a method does not put elsewhere."""


def describe_fields(config: type[BaseModel]) -> list[dict[str, Any]]:
    """Return one row per setting: name, default, allowed values, unit, description.

    Parameters
    ----------
    config
        A configuration class; presets in its `paper` are shown beside the defaults.
    """
    paper = getattr(config, "paper", {})
    return [
        {
            "setting": name,
            "quick": field.default,
            "paper": paper.get(name, field.default),
            "allowed": allowed_text(field),
            "unit": unit_of(field),
            "description": descriptions(config).get(name, ""),
        }
        for name, field in config.model_fields.items()
        if name != "name"
    ]


def groups_of(config: type[BaseModel]) -> dict[str, list[str]]:
    """Return the names of the settings by the title of their group, in order.

    Parameters
    ----------
    config
        A configuration class; it and its bases may say in `groups` what belongs where.
        The other settings are in a last group of their own.
    """
    places: dict[str, str] = {}
    for kind in reversed(config.__mro__):
        for title, names in vars(kind).get("groups", {}).items():
            places |= dict.fromkeys(names, title)
    found: dict[str, list[str]] = {title: [] for title in (*places.values(), OTHERS)}
    for name in config.model_fields:
        found[places.get(name, OTHERS)].append(name)
    return found


def descriptions(config: type[BaseModel]) -> dict[str, str]:
    """Return the docstring below each field of a configuration, by field.

    Pydantic can collect them, but does so for every class when it is made, which takes
    longer than the whole plugin may take to open.
    """
    found: dict[str, str] = {}
    for kind in reversed(config.__mro__):
        if kind.__module__.partition(".")[0] == "napari_uda":
            found |= _field_docstrings(kind.__module__).get(kind.__name__, {})
    return found


@cache
def _field_docstrings(module: str) -> dict[str, dict[str, str]]:
    """Return the docstrings of the fields of every class in a module."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        kind.name: {
            field.target.id: inspect.cleandoc(str(text.value.value))
            for field, text in pairwise(kind.body)
            if isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        }
        for kind in tree.body
        if isinstance(kind, ast.ClassDef)
    }


def limits_of(field: FieldInfo) -> dict[str, float]:
    """Return the numeric limits of a field by pydantic's names ge, gt, le, lt."""
    limits: dict[str, float] = {}
    for item in field.metadata:
        for key in ("ge", "gt", "le", "lt"):
            kind = getattr(annotated_types, key.capitalize())
            if isinstance(item, kind):
                limits[key] = getattr(item, key)
    return limits


def unit_of(field: FieldInfo) -> str:
    """Return the unit of a field, or an empty string."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def choices_of(field: FieldInfo) -> tuple[Any, ...]:
    """Return the choices of a Literal field, or none."""
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(arg for arg in get_args(kind) if arg is not type(None))
    return get_args(kind) if get_origin(kind) is Literal else ()


def allowed_text(field: FieldInfo) -> str:
    """Say which values a field may take, such as `1 to 1,024` or `above 0`."""
    if choices := choices_of(field):
        *others, last = map(str, choices)
        return f"{', '.join(others)} or {last}" if others else last
    if field.annotation is bool:
        return "true or false"
    limits = limits_of(field)
    words = {key: f"{limit:,.10g}" for key, limit in limits.items()}
    match words:
        case {"ge": low, "le": high}:
            return f"{low} to {high}"
        case {"ge": low, "lt": high}:
            return f"{low} or more, below {high}"
        case {"gt": low, "le": high}:
            return f"above {low}, up to {high}"
        case {"gt": low, "lt": high}:
            return f"above {low}, below {high}"
        case {"ge": low}:
            return f"{low} or more"
        case {"gt": low}:
            return f"above {low}"
        case {"le": high}:
            return f"up to {high}"
        case {"lt": high}:
            return f"below {high}"
    return ""
