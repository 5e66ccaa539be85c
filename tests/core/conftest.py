"""Small domains, small experiments, and one processor thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure
from napari_uda.core.spec.experiment import Experiment, Training, with_target_labels
from napari_uda.core.spec.methods import MethodConfig, method_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLASSES = {1: Structure(name="cell"), 2: Structure(name="vessel")}


class MakeDataset(Protocol):
    """Signature of the fixture `make_dataset`."""

    def __call__(
        self,
        *,
        dims: int = ...,
        overlapping: bool = ...,
        samples: int = ...,
        role: str = ...,
        poison: int | None = ...,
    ) -> Dataset: ...


class MakeExperiment(Protocol):
    """Signature of the fixture `make_experiment`."""

    def __call__(
        self,
        method: str = ...,
        data: Dataset | None = ...,
        *,
        training: dict[str, Any] | None = ...,
        **settings: Any,
    ) -> Experiment: ...


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataset:
    """Return a function that writes two small domains of blobs in noise.

    `poison` replaces the target's labels by random ones.
    """

    def make(
        *,
        dims: int = 2,
        overlapping: bool = False,
        samples: int = 2,
        role: str = "evaluate",
        poison: int | None = None,
    ) -> Dataset:
        shape = (40, 44) if dims == 2 else (9, 40, 36)
        domains = {}
        for seed, name in enumerate(("source", "target")):
            folder = tmp_path / f"{name}-{dims}-{overlapping}-{poison}"
            folder.mkdir(exist_ok=True)
            random = np.random.default_rng(seed)
            domains[name] = Domain(
                samples=tuple(
                    _sample(
                        folder, f"s{i}", shape, random, overlapping=overlapping,
                        role=role, poison=poison if name == "target" else None,
                    )
                    for i in range(samples)
                ),
                classes=CLASSES,
                overlapping=overlapping,
            )  # fmt: skip
        return Dataset(source=domains["source"], target=domains["target"])

    return make


def _sample(
    folder: Path,
    name: str,
    shape: tuple[int, ...],
    random: np.random.Generator,
    *,
    overlapping: bool,
    role: str,
    poison: int | None,
) -> Sample:
    noise = ndimage.gaussian_filter(random.normal(size=shape), 3)
    index = np.digitize(noise, np.quantile(noise, [0.6, 0.85])).astype(np.uint8)
    image = 60 * index + random.normal(0, 10, shape)
    np.save(folder / f"{name}.npy", image.astype(np.float32))
    truth = index
    if poison is not None:
        truth = np.random.default_rng(poison).integers(0, 3, shape).astype(np.uint8)
    if not overlapping:
        labels: Any = folder / f"{name}_label.npy"
        np.save(labels, truth)
    else:
        labels = {}
        for structure, mask in (("cell", truth > 0), ("vessel", truth > 1)):
            labels[structure] = folder / f"{name}_{structure}.npy"
            np.save(labels[structure], mask.astype(np.uint8))
    return Sample(
        name=name, image=folder / f"{name}.npy", labels=labels, labels_role=role
    )


@pytest.fixture
def make_config(smallest: Any) -> Any:
    """Return a function that makes the smallest settings of a method."""

    def make(name: str, dims: int = 2, **changes: Any) -> MethodConfig:
        return method_config(name, "quick", **(smallest(name, dims) | changes))

    return make


@pytest.fixture
def make_experiment(make_dataset: MakeDataset, make_config: Any) -> MakeExperiment:
    """Return a function that makes an experiment of the smallest settings."""

    def make(
        method: str = "source_only",
        data: Dataset | None = None,
        *,
        training: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Experiment:
        config = make_config(method, settings.pop("dims", 2), **settings)
        data = data or make_dataset(dims=config.dims)
        if type(config).target_labels == "required":
            data = with_target_labels(data)
        usual = {
            "device": "cpu", "precision": "float32", "threads": 1, "log_every": 1,
            "validate_every": 3, "preview_every": 3, "checkpoint_every": 2,
        }  # fmt: skip
        return Experiment(
            name=method,
            data=data,
            method=config,
            training=Training(**(usual | (training or {}))),
        )

    return make


def same(one: Any, other: Any, where: str = "") -> None:
    """Assert that two nested structures of tensors are equal to the last bit."""
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            same(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for i, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            same(mine, theirs, f"{where}/{i}")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    else:
        assert one == other or (one != one and other != other), where


@pytest.fixture
def assert_same() -> Any:
    """Return a function that compares nested structures of tensors exactly."""
    return same
