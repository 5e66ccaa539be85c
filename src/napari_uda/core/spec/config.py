"""The base of every configuration: frozen, strict, self-describing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from napari_uda.core.errors import UserError

from .allowed import allowed_at, settings_at

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

T = TypeVar("T", bound=BaseModel)


class Config(BaseModel):
    """An immutable configuration; unknown keys are errors, docstrings describe."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        ser_json_inf_nan="constants",
    )

    @model_validator(mode="before")
    @classmethod
    def _keep_truth_and_numbers_apart(cls, values: Any) -> Any:
        # YAML reads yes and on as true, which pydantic would take for 1.
        if not isinstance(values, Mapping):
            return values
        return {
            name: str(value).lower()
            if isinstance(value, bool) and cls._is_number(name)
            else value
            for name, value in values.items()
        }

    @classmethod
    def _is_number(cls, name: str) -> bool:
        field = cls.model_fields.get(name)
        kinds = {field.annotation, *get_args(field.annotation)} if field else set()
        return bool(kinds & {int, float}) and bool not in kinds


def parse(model: type[T], values: object, where: str = "") -> T:
    """Validate `values` as `model`, turning a failure into one clear sentence.

    Raises
    ------
    UserError
        With the offending field, what was given and what is allowed.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise UserError(explain(error, model, values, where)) from None


def explain(
    error: ValidationError, model: type[BaseModel], values: object, where: str = ""
) -> str:
    """Say in one sentence what a pydantic validation error means for the user.

    Parameters
    ----------
    error
        What went wrong.
    model
        What the values should be.
    values
        What was validated.
    where
        File or setting that they come from.
    """
    problems = [(_key(item, values), item) for item in error.errors(include_url=False)]
    # A value that fits no member of a union fails once per member: the member that
    # was meant is the one that got furthest into it.
    first = problems[0][0]
    related = [one for one in problems if one[0][: len(first)] == first]
    parts, problem = max(related, key=lambda one: (_about_key(one[1]), len(one[0])))
    key = ".".join(map(str, parts)) or "the content"
    given = "nothing" if problem["input"] is None else _short(problem["input"])
    message = _words(problem["msg"])
    context = problem.get("ctx", {})
    prefix = f"{where}: " if where else ""
    match problem["type"]:
        case "extra_forbidden":
            beside = settings_at(model, problem["loc"][:-1])
            said = no_setting(key, str(parts[-1]), beside, _elsewhere(model, values))
        case "missing":
            said = f"'{key}' is missing: add it"
        case "value_error":
            said = str(context["error"]).rstrip(".")
        case "union_tag_invalid":
            said = (
                f"there is no {key} '{context['tag']}': choose one of "
                f"{context['expected_tags']}"
            )
        case "union_tag_not_found":
            said = f"'{key}.name' is missing: add it"
        case _ if _about_key(problem):
            said = f"{given} is not allowed as a key of {key}: {message}"
        case _:
            others = [_words(p["msg"]) for k, p in related if k == parts]
            words = ", or ".join(dict.fromkeys((message, *others)))
            allowed = allowed_at(model, problem["loc"])
            said = f"{key} = {given} is not allowed: "
            said += f"give {allowed}" if allowed else words
    return f"{prefix}{said}."


def no_setting(
    name: str,
    part: str,
    known: list[str],
    elsewhere: Mapping[str, list[str]] = MappingProxyType({}),
) -> str:
    """Say that there is no setting `name`, and which is meant or what there is.

    Parameters
    ----------
    name
        As it was written, such as `method.step`.
    part
        The part of it that is not known.
    known
        What could stand in its place.
    elsewhere
        The settings of each section.
    """
    for section, names in elsewhere.items():
        if part in names and part not in known:
            meant = f"{section}.{part}"
            return f"unknown setting '{name}': did you mean '{meant}'? Else remove it"
    if close := get_close_matches(part, known, n=1, cutoff=0.75):
        meant = ".".join(close[0] if one == part else one for one in name.split("."))
        return f"unknown setting '{name}': did you mean '{meant}'? Else remove it"
    known_ones = f"'{part}' is none of {', '.join(known)}" if known else "remove it"
    return f"unknown setting '{name}': {known_ones}"


def _elsewhere(model: type[BaseModel], values: object) -> dict[str, list[str]]:
    """Return the settings of every section that has a name or none but its own."""
    found = {}
    for section in settings_at(model, ()):
        given = values.get(section) if isinstance(values, Mapping) else None
        tag = given.get("name") if isinstance(given, Mapping) else None
        names = settings_at(model, (section,))
        found[section] = names or settings_at(model, (section, str(tag)))
    return found


def _key(problem: ErrorDetails, values: object) -> tuple[int | str, ...]:
    """Return where a problem is, without the names of union members pydantic adds."""
    parts: list[int | str] = []
    for part in problem["loc"]:
        inside = isinstance(values, Mapping) and part in values
        if isinstance(values, list | tuple) and isinstance(part, int):
            inside = part < len(values)
        if inside:
            values = values[part]  # type: ignore[index]
            parts.append(part)
        elif problem["type"] == "missing" and part == problem["loc"][-1]:
            parts.append(part)
    return tuple(parts[:-1] if _about_key(problem) else parts)


def _about_key(problem: ErrorDetails) -> bool:
    return problem["loc"][-1:] == ("[key]",)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:56]} ..."


def _words(message: str) -> str:
    message = message.replace("Input should", "it should").replace("String", "it")
    message = message.replace("a valid tuple", "a list")
    message = message.replace("a valid string", "text")
    message = re.sub("a valid integer(, .*)?", "a whole number", message)
    message = re.sub("a valid number(, .*)?", "a number", message)
    return re.sub(
        r"a valid dictionary( or (instance of \w+|object to extract fields from))?",
        "keys and values",
        message,
    )


def matching(pattern: str, allowed: str) -> BeforeValidator:
    """Accept text that matches a regular expression; `allowed` says so in words."""

    def check(value: object) -> object:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        raise PydanticCustomError(
            "pattern", "it should be {allowed}", {"allowed": allowed}
        )

    return BeforeValidator(check)


def quantity(unit: str, **limits: Any) -> Any:
    """Describe a numeric field with its unit; `limits` are ge, le, gt and lt."""
    return Field(json_schema_extra={"unit": unit}, **limits)
