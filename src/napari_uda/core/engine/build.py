"""From an experiment to its method, samplers and gallery."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from napari_uda.core.data.appearance import AS_IT_IS, Appearance
from napari_uda.core.data.load import LoadedSample, load_samples
from napari_uda.core.data.patches import PatchSampler
from napari_uda.core.errors import UserError
from napari_uda.core.method import Method, Task
from napari_uda.core.spec.folders import fingerprint
from napari_uda.core.spec.methods import NoisyUnetConfig

from .gallery import SHOWN, Gallery, Views, cut_views, structure_shares

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import torch

    from napari_uda.core.spec.domain import DomainName, Sample
    from napari_uda.core.spec.experiment import Experiment
    from napari_uda.core.spec.methods import AnyMethod, MethodConfig

HELD_OUT = 6
"""Every sixth source sample is held out to score on, if there are that many."""


def task_of(experiment: Experiment) -> Task:
    """Return what an experiment segments."""
    data = experiment.data
    return Task(
        dims=experiment.method.dims,
        channels=1,
        structures=tuple(structure.name for structure in data.structures),
        overlapping=data.overlapping,
    )


def build_method(experiment: Experiment) -> Method[Any]:
    """Make the method of an experiment with fresh weights."""
    return new_method(experiment.method, task_of(experiment))


def new_method(config: AnyMethod, task: Task) -> Method[Any]:
    """Make the method that settings are those of, for a task, with fresh weights."""
    module = importlib.import_module(f"napari_uda.core.methods.{config.name}")
    method: Method[Any] = module.METHOD(config, task)
    return method


def changed_files(experiment: Experiment) -> Iterator[str]:
    """Yield a sentence for every image that is not what the experiment was made of."""
    data = experiment.data
    for sample in (*data.source.samples, *data.target.samples):
        known = sample.fingerprint
        if known is not None and fingerprint(sample.image) != known:
            yield (
                f"{sample.image.name} has changed since the experiment was made; "
                "training uses it as it is now."
            )


def may_train(sample: Sample) -> bool:
    """Tell whether the labels of a target sample may be seen in training."""
    return sample.labels_role == "train"


def split_source(samples: tuple[Sample, ...]) -> tuple[list[Sample], list[Sample]]:
    """Split source samples into those to train on and those held out to score on.

    With fewer than HELD_OUT samples nothing is held out and all are scored on.
    """
    held = list(samples[HELD_OUT - 1 :: HELD_OUT])
    if not held:
        return list(samples), list(samples)
    return [sample for sample in samples if sample not in held], held


def appearance_of(config: MethodConfig) -> Appearance:
    """Return how a method wants its labelled patches to be made to look otherwise."""
    if not isinstance(config, NoisyUnetConfig):
        return AS_IT_IS
    return Appearance(config.augmentation, config.noise, config.noise_probability)


class Materials:
    """Everything a run trains on and is judged by.

    Parameters
    ----------
    experiment
        The experiment.
    cache
        Folder for memory-mapped copies of large images.
    device
        Where patches are cut.
    domains
        Domains the method looks at.
    """

    def __init__(
        self,
        experiment: Experiment,
        cache: Path,
        device: torch.device,
        domains: tuple[DomainName, ...],
    ) -> None:
        data, config, training = experiment.data, experiment.method, experiment.training
        masks = len(data.structures) if data.overlapping else 0
        budget = training.memory * 1e9

        def load(
            name: DomainName, samples: list[Sample], truth: bool
        ) -> list[LoadedSample]:
            return load_samples(
                data,
                name,
                samples,
                may_see=(lambda _: True) if truth else may_train,
                cache=cache,
                memory=budget,
            )

        for name in ("source", "target"):
            if not data.domain(name).part("train"):
                raise UserError(
                    f"the {name} has no training samples: list some under split: train "
                    "in its dataset.yaml."
                )
        learn, held = split_source(data.source.part("train"))
        sources = load("source", learn, truth=True)
        judged_source = sources if held == learn else load("source", held, truth=True)
        target_train = list(data.target.part("train"))
        targets = load("target", target_train, truth=False)
        if type(config).target_labels == "required":
            targets = [sample for sample in targets if sample.labels is not None]
        if type(config).target_labels == "never":
            targets = [LoadedSample(s.name, s.image, None) for s in targets]
        # Truth goes to the gallery's tested views alone: the samplers never hold it.
        tested = list(data.target.part("test")) or target_train
        judged_target = [LoadedSample(s.name, s.image, None) for s in targets]

        pools: dict[DomainName, list[LoadedSample]] = {
            "source": sources,
            "target": targets,
        }
        self.samplers = {
            name: PatchSampler(
                pools[name],
                config,
                outputs=masks,
                seed=training.seed,
                stream=stream,
                device=device,
                augment_intensity=config.intensity if name == domains[0] else 0.0,
                appearance=appearance_of(config) if name == domains[0] else AS_IT_IS,
                labelled_fraction=getattr(config, "labelled_fraction", 0.0)
                if name == "target"
                else 0.0,
            )
            for stream, name in enumerate(("source", "target"))
            if name in domains
        }

        def views(samples: list[LoadedSample], labelled: bool) -> Views:
            return cut_views(
                samples, config, masks, prefer_labelled=labelled, device=device
            )

        held_views = views(judged_source, True)
        few = len(held_views.images) < SHOWN
        self.gallery = Gallery(
            source=held_views,
            target=views(judged_target, False),
            tested=views(load("target", tested, truth=True), False),
            shown=views([*judged_source, *sources], True) if few else held_views,
            structures=task_of(experiment).structures,
            overlapping=data.overlapping,
            expected=structure_shares(sources, len(data.structures), data.overlapping),
        )
