from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure, Window


def sample(name: str = "a", **more: Any) -> Sample:
    return Sample(name=name, image=Path(f"{name}.tif"), **more)


def labelled(name: str = "a") -> Sample:
    return sample(name, labels=Path(f"{name}-labels.tif"))


def classes(*names: str) -> dict[int, Structure]:
    return {10 * i: Structure(name=name) for i, name in enumerate(names, start=1)}


def dataset(
    source: dict[int, Structure], target: dict[int, Structure], **more: Any
) -> Dataset:
    return Dataset(
        source=Domain(samples=(labelled(),), classes=source, **more),
        target=Domain(samples=(sample(),), classes=target),
    )


def test_structures_are_matched_by_name_across_domains() -> None:
    data = dataset(classes("liver", "kidney"), classes("kidney", "spleen", "liver"))
    assert [item.name for item in data.structures] == ["liver", "kidney"]
    assert data.label_indices("source") == {10: 1, 20: 2}
    assert data.label_indices("target") == {10: 2, 30: 1}
    assert data.outputs == 3


def test_a_target_without_classes_uses_those_of_the_source() -> None:
    data = dataset(classes("liver", "kidney"), {})
    assert data.label_indices("target") == {10: 1, 20: 2}


def test_classes_of_the_target_may_be_parts_of_one_structure() -> None:
    data = dataset(classes("kidney"), classes("kidney", "kidney"))
    assert data.label_indices("target") == {10: 1, 20: 1}


def test_overlapping_structures_need_no_background() -> None:
    assert dataset(classes("liver", "tumour"), {}, overlapping=True).outputs == 2


def test_membranes_are_one_structure_whatever_the_instances() -> None:
    data = dataset(classes("cell", "axon"), {}, membrane_width=20.0)
    assert [item.name for item in data.structures] == ["membrane"]
    assert data.outputs == 2


def test_parts_are_by_split() -> None:
    domain = Domain(samples=(sample("a"), sample("b", split="test"), sample("c")))
    assert [one.name for one in domain.part("train")] == ["a", "c"]
    assert [one.name for one in domain.part("test")] == ["b"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"samples": (sample(), sample())}, "samples named a appear more than once"),
        ({"samples": (), "voxel_size": (1, 2)}, "voxel_size has no unit"),
        ({"samples": (), "voxel_size": (1,), "unit": "nm"}, "two or three positive"),
        ({"samples": (), "voxel_size": (1, -2), "unit": "nm"}, "two or three positive"),
        ({"samples": (), "voxel_size": (1, float("nan")), "unit": "nm"}, "positive"),
        ({"samples": (), "unit": "inch"}, "unit = 'inch' is not allowed"),
        ({"samples": (), "classes": {0: Structure(name="b")}}, "label value 0"),
        ({"samples": (), "membrane_width": 0}, "a number above 0"),
        ({"samples": (), "slices": "x"}, "slices = 'x' is not allowed"),
    ],
)
def test_a_domain_refuses(values: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse(Domain, values)


def test_the_source_must_be_labelled_and_have_classes() -> None:
    target = Domain(samples=(sample(),))
    with pytest.raises(UserError, match="source sample 'a' has no labels"):
        parse(Dataset, {"source": Domain(samples=(sample(),)), "target": target})
    with pytest.raises(UserError, match="no classes"):
        parse(Dataset, {"source": Domain(samples=(labelled(),)), "target": target})


def test_one_name_for_two_classes_of_the_source_is_refused() -> None:
    with pytest.raises(ValueError, match="several classes of the source are named x"):
        dataset(classes("x", "x"), {})


@pytest.mark.parametrize("window", [(5, 5), (5, 1), (float("nan"), 1)])
def test_an_empty_window_is_refused(window: tuple[float, float]) -> None:
    with pytest.raises(UserError, match=r"give \[low, high\] with low < high"):
        parse(Window, {"window": window})


def test_configurations_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        sample().name = "b"  # type: ignore[misc]
