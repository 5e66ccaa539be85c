"""What an inspection says about labels and classes that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from inspected import SHAPE, labels, only, with_domain, with_sample, write
from napari_uda.core.data.inspect import inspect
from napari_uda.core.spec.domain import Structure
from napari_uda.core.spec.methods import method_config

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import Dataset


def test_labels_of_another_shape_are_an_error_that_names_both(
    data: Dataset, tmp_path: Path
) -> None:
    path = write(tmp_path, "wrong", labels((160, 150)))
    problem = only(inspect(with_sample(data, "source", labels=path)), "labels")
    assert problem.level == "error"
    assert "160 x 150" in problem.message
    assert "160 x 160" in problem.message


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (labels().astype(np.int16) - 1, "negative"),
        (labels() * 0.5, "fractions"),
        (np.where(labels() == 1, np.nan, 0), "fractions or NaN"),
    ],
)
def test_labels_that_are_no_labels_are_an_error(
    data: Dataset, tmp_path: Path, array: NDArray[Any], words: str
) -> None:
    path = write(tmp_path, "bad", array)
    problem = only(inspect(with_sample(data, "source", labels=path)), "labels")
    assert problem.level == "error"
    assert words in problem.message


def test_float_labels_with_whole_numbers_are_fine(
    data: Dataset, tmp_path: Path
) -> None:
    path = write(tmp_path, "whole", labels().astype(np.float32))
    assert inspect(with_sample(data, "source", labels=path)).severity == "ok"


def test_values_that_are_no_class_are_named(data: Dataset, tmp_path: Path) -> None:
    path = write(tmp_path, "more", labels(SHAPE, 1, 3, 7))
    problem = only(inspect(with_sample(data, "source", labels=path)), "unlisted")
    assert problem.level == "warning"
    assert "3, 7" in problem.message


def test_ignored_pixels_count_neither_as_class_nor_as_background(
    data: Dataset, tmp_path: Path
) -> None:
    drawn = labels()
    drawn[:80] = 255
    path = write(tmp_path, "partly", drawn)
    found = inspect(with_sample(data, "source", labels=path))
    assert found.severity == "ok"
    assert found.samples[0].labelled == 80 * 160


def test_a_class_missing_on_either_side_is_noticed(
    data: Dataset, tmp_path: Path
) -> None:
    both = {1: Structure(name="mitochondrion"), 2: Structure(name="nucleus")}
    two = write(tmp_path, "two", labels(SHAPE, 1, 2))
    nowhere = with_domain(data, "source", classes=both)
    source = with_sample(nowhere, "source", labels=two)
    target = with_domain(data, "target", classes=both)
    target = with_sample(target, "target", labels=two)
    for changed, code in (
        (nowhere, "absent_in_source"),
        (source, "absent_in_target"),
        (target, "unknown_class"),
    ):
        assert "nucleus" in only(inspect(changed), code).message


def test_domains_without_a_common_class_are_an_error(data: Dataset) -> None:
    other = {1: Structure(name="Mitochondrion"), 2: Structure(name="nucleus")}
    problem = only(
        inspect(with_domain(data, "target", classes=other)), "no_common_class"
    )
    assert problem.level == "error"
    assert "(Mitochondrion, nucleus)" in problem.message
    assert "(mitochondrion)" in problem.message


def test_empty_labels_are_noticed(data: Dataset, tmp_path: Path) -> None:
    path = write(tmp_path, "empty", np.zeros(SHAPE, np.uint8))
    assert only(inspect(with_sample(data, "source", labels=path)), "empty_labels")


def test_an_unlabelled_source_is_an_error(data: Dataset) -> None:
    assert only(inspect(with_sample(data, "source", labels=None)), "no_labels")


def test_target_labels_for_training_are_said_to_be_ignored(data: Dataset) -> None:
    changed = with_sample(data, "target", labels_role="train")
    problem = only(inspect(changed, method_config("source_only")), "labels_ignored")
    assert problem.level == "note"
    assert inspect(changed, method_config("grl")).problems == ()


def test_a_missing_mask_of_overlapping_structures_is_noticed(
    data: Dataset, tmp_path: Path
) -> None:
    classes = {1: Structure(name="left"), 2: Structure(name="right")}
    masks = {name: write(tmp_path / name, "a", labels()) for name in ("left", "right")}
    changed = with_domain(data, "source", classes=classes, overlapping=True)
    changed = with_domain(changed, "target", classes=classes, overlapping=True)
    for domain in ("source", "target"):
        for number in (0, 1):
            changed = with_sample(changed, domain, number, labels=masks)
    assert inspect(changed).severity == "ok"
    changed = with_sample(changed, "source", labels={"left": masks["left"]})
    assert "right" in only(inspect(changed), "missing_mask").message


def test_membranes_are_counted_from_instances(data: Dataset, tmp_path: Path) -> None:
    instances = np.ones(SHAPE, np.uint16)
    instances[:, 80:] = 2
    path = write(tmp_path, "cells", instances)
    changed = data
    for domain in ("source", "target"):
        changed = with_domain(changed, domain, membrane_width=20.0)
        for number in (0, 1):
            changed = with_sample(changed, domain, number, labels=path)
    found = inspect(changed)
    assert found.problems == ()
    assert found.source.prevalence == {"membrane": pytest.approx(4 / 160)}
