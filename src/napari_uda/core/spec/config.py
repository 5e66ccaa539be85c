"""The base of every configuration: frozen, strict, self-describing."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_uda.core.errors import UserError

T = TypeVar("T", bound=BaseModel)


class Config(BaseModel):
    """An immutable configuration; unknown keys are errors, docstrings describe."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=True,
        ser_json_inf_nan="constants",
    )


def parse(model: type[T], values: object, where: str = "") -> T:
    """Validate `values` as `model`, turning a failure into one clear sentence.

    Raises
    ------
    UserError
        With the first offending field, what was given and what is allowed.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise UserError(explain(error, where)) from None


def explain(error: ValidationError, where: str = "") -> str:
    """Say in one sentence what a pydantic validation error means for the user."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "value"
    message = str(first["msg"]).removeprefix("Value error, ")
    prefix = f"{where}: " if where else ""
    match first["type"]:
        case "extra_forbidden":
            return f"{prefix}unknown setting '{key}': check its spelling or remove it."
        case "missing":
            return f"{prefix}'{key}' is missing: add it."
        case "value_error":
            return f"{prefix}{message}"
        case _:
            given = first["input"]
            return f"{prefix}{key} = {given!r} is not allowed: {_lower(message)}."


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def quantity(unit: str, **limits: Any) -> Any:
    """Describe a numeric field with its unit; `limits` are ge, le, gt and lt."""
    return Field(json_schema_extra={"unit": unit}, **limits)
