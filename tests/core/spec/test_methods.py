from __future__ import annotations

from typing import Any, get_args

import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.describe import (
    choices_of,
    describe_fields,
    groups_of,
    limits_of,
)
from napari_uda.core.spec.methods import (
    METHODS,
    PRESET_NAMES,
    AnyMethod,
    SourceOnlyConfig,
    method_config,
)


@pytest.mark.parametrize("preset", PRESET_NAMES)
@pytest.mark.parametrize("name", METHODS)
def test_every_preset_is_valid(name: str, preset: str) -> None:
    config = method_config(name, preset)
    assert config.name == name
    assert parse(type(config), config.model_dump()) == config


@pytest.mark.parametrize("name", METHODS)
def test_the_paper_changes_only_settings_that_exist(name: str) -> None:
    kind = METHODS[name]
    assert set(kind.paper) <= set(kind.model_fields)
    assert method_config(name, "paper") != method_config(name, "quick")


def test_methods_of_the_papers_that_learn_from_target_labels_are_given_them() -> None:
    """The rows with a star of grl, and cycle_shape and ada with labels in both."""
    uses = {"supervised": "required", "grl": "optional"}
    uses |= {"cycle_shape": "optional", "ada": "optional"}
    assert {name: METHODS[name].target_labels for name in uses} == uses


@pytest.mark.parametrize("name", METHODS)
def test_every_method_can_be_chosen_and_introduces_itself(name: str) -> None:
    kind = METHODS[name]
    assert kind in get_args(get_args(AnyMethod)[0])
    assert kind.title
    assert kind.reference
    assert kind.summary.endswith(".")


@pytest.mark.parametrize("name", METHODS)
def test_every_setting_is_described(name: str) -> None:
    rows = {row["setting"]: row for row in describe_fields(METHODS[name])}
    fields = METHODS[name].model_fields
    assert list(rows) == [key for key in fields if key != "name"]
    for key, row in rows.items():
        assert row["description"].endswith("."), key
        assert row["allowed"], key
        assert (
            row["unit"]
            or isinstance(row["quick"], bool | str)
            or choices_of(fields[key])
        ), key


@pytest.mark.parametrize("name", METHODS)
def test_every_setting_is_in_one_group(name: str) -> None:
    groups = groups_of(METHODS[name])
    grouped = [setting for names in groups.values() for setting in names]
    assert sorted(grouped) == sorted(METHODS[name].model_fields)
    assert next(iter(groups)) == "Training"
    assert list(groups)[-1] == "Adaptation"
    declared = {
        setting
        for kind in METHODS[name].__mro__
        for names in vars(kind).get("groups", {}).values()
        for setting in names
    }
    assert declared <= set(METHODS[name].model_fields)


def test_a_new_setting_needs_no_group_to_be_shown() -> None:
    class Mine(SourceOnlyConfig):
        magic: float = 1.0

    groups = groups_of(Mine)
    assert "magic" in groups["Adaptation"]
    assert groups["Training"] == groups_of(SourceOnlyConfig)["Training"]


def test_descriptions_say_what_is_allowed() -> None:
    rows = {row["setting"]: row for row in describe_fields(METHODS["grl"])}
    assert rows["steps"]["allowed"] == "1 to 10,000,000"
    assert rows["learning_rate"]["allowed"] == "above 0, up to 1"
    assert rows["flip"]["allowed"] == "true or false"
    assert rows["schedule"]["allowed"] == "constant, linear or poly"
    assert rows["patch_size"]["unit"] == "px"
    assert (rows["steps"]["quick"], rows["steps"]["paper"]) == (400, 30_000)


def test_limits_are_those_that_are_enforced() -> None:
    for kind in METHODS.values():
        for name, field in kind.model_fields.items():
            for limit, value in limits_of(field).items():
                beyond = {"ge": value - 1, "gt": value, "le": value + 1, "lt": value}
                with pytest.raises(UserError, match=rf"^{name} = .* is not allowed"):
                    parse(kind, {name: beyond[limit]})


@pytest.mark.parametrize(
    ("arguments", "changes", "words"),
    [
        (("magic",), {}, "there is no method 'magic': choose one of source_only"),
        (("grl", "best"), {}, "there is no preset 'best': choose quick or paper"),
        (("grl",), {"speed": 1}, "method grl: unknown setting 'speed'"),
        (("grl",), {"steps": 0}, "method grl: steps = 0 is not allowed"),
        (("grl",), {"patch_size": 32, "levels": 6}, "too small for 6 levels: .* 64"),
    ],
)
def test_a_wrong_choice_is_explained(
    arguments: tuple[str, ...], changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        method_config(*arguments, **changes)


@pytest.mark.parametrize(("dims", "shape"), [(2, (64, 64)), (3, (8, 64, 64))])
def test_the_patch_follows_the_dimensions(dims: int, shape: tuple[int, ...]) -> None:
    config = method_config("grl", dims=dims, patch_size=64, patch_depth=8)
    assert config.patch_shape == shape


def test_the_quick_preset_is_smaller_in_3d_where_a_method_says_so() -> None:
    kind = METHODS["cycle_shape"]
    assert (
        kind.quick_volumes.items()
        <= method_config("cycle_shape", dims=3).model_dump().items()
    )
    assert method_config("cycle_shape", dims=3, width=12).width == 12
    assert method_config("cycle_shape", dims=2) == kind()
    assert method_config("cycle_shape", "paper", dims=3).patch_depth == 86


def test_the_three_dimensional_quick_preset_changes_only_settings_that_exist() -> None:
    for kind in METHODS.values():
        assert set(kind.quick_volumes) <= set(kind.model_fields)
