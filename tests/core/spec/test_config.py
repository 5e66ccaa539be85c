from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import Config, matching, parse


class Cat(Config):
    name: Literal["cat"] = "cat"
    lives: Annotated[int, Field(ge=1, le=9)] = 9


class Dog(Config):
    name: Literal["dog"] = "dog"


class Home(Config):
    pet: Annotated[Cat | Dog, Field(discriminator="name")] = Cat()
    door: Literal["open"] | Cat = "open"
    street: Annotated[str, matching("[A-Z].*", "a name with a capital")] = "Main"
    rooms: dict[int, str] = Field({})
    size: tuple[float, ...] = ()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"pett": 1}, "unknown setting 'pett': did you mean 'pet'? Else remove it."),
        (
            {"zoo": 1},
            "unknown setting 'zoo': 'zoo' is none of pet, door, street, rooms, size.",
        ),
        (
            {"pet": {"name": "cat", "live": 3}},
            "unknown setting 'pet.live': did you mean 'pet.lives'? Else remove it.",
        ),
        (
            {"door": {"live": 3}},
            "unknown setting 'door.live': remove it.",
        ),
        (
            {"pet": {"name": "cat", "lives": 12}},
            "pet.lives = 12 is not allowed: give a whole number from 1 to 9, such as "
            "9.",
        ),
        (
            {"pet": {"name": "cow"}},
            "there is no pet 'cow': choose one of 'cat', 'dog'.",
        ),
        ({"pet": {}}, "'pet.name' is missing: add it."),
        ({"door": {"lives": 0}}, "door.lives = 0 is not allowed: it should be greater "
         "than or equal to 1."),
        ({"door": 3}, "door = 3 is not allowed: it should be 'open', or it should be "
         "keys and values."),
        ({"street": "low"}, "street = 'low' is not allowed: it should be a name with a "
         "capital."),
        ({"rooms": {"hall": "big"}}, "'hall' is not allowed as a key of rooms: it "
         "should be a whole number."),
        ({"size": 3}, "size = 3 is not allowed: it should be a list."),
        ({"size": [1, "x"]}, "size.1 = 'x' is not allowed: give a number."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(Home, values, where="home.yaml")
    assert str(caught.value) == f"home.yaml: {sentence}"


def test_what_was_given_is_cut_short() -> None:
    with pytest.raises(UserError) as caught:
        parse(Home, {"size": "x" * 10_000})
    assert len(str(caught.value)) < 200
