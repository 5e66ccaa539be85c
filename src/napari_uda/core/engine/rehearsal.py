"""Steps of a run on made-up patches, to see what they take."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_uda.core.data.appearance import AS_IT_IS
from napari_uda.core.data.load import LoadedSample
from napari_uda.core.data.patches import PatchSampler
from napari_uda.core.losses.pool import ImagePool
from napari_uda.core.method import Task

from .build import appearance_of, new_method
from .gallery import Gallery, Views
from .learner import Learner
from .live_bytes import LiveBytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uda.core.spec.domain import DomainName
    from napari_uda.core.spec.methods import AnyMethod
    from napari_uda.core.spec.workload import Workload

COUNTED = 1000
"""Steps that a rehearsed training is said to have."""
LONG_ENOUGH = 0.5
"""Seconds of a stage after which no more of its steps are timed, if there are some."""
TOO_LONG = 3.0
"""Seconds of a stage after which even less of its steps do."""
FEWEST_TIMED, MOST_TIMED = 3, 9
"""Steps of a stage that are timed; the middle one counts, as any may be disturbed."""
EVENLY = 0.9
"""Power of the number of threads by which they are faster than one."""
TWICE = 2
"""Times that scores and previews are timed; the faster one counts."""


@dataclass(frozen=True)
class Measured:
    """What a run takes with patches of one size."""

    pixels: int
    """Pixels of a patch."""
    static: float
    """Bytes that stay between steps: weights, gradients, averages, optimisers."""
    learning: float
    """Most bytes on the way forward and back, in the most demanding stage."""
    updating: float
    """Most bytes while an optimiser changes weights."""
    looking: float
    """Bytes that scores and previews take for a pixel, beyond those that stay."""
    pooled: float
    """Bytes of image pools once they are full."""
    seconds: tuple[float, ...] = ()
    """Time of a step in each stage, if it was measured."""
    judging: float = 0.0
    """Time of a round of scores for one image of each kind, as large as a patch."""
    preview: float = 0.0
    """Time of a preview of them."""
    slowed: float = 1.0
    """How many times as long measuring itself took, where the processor is busy."""


class Rehearsal:
    """A run on noise instead of its images, otherwise as the trainer would do it.

    Parameters
    ----------
    workload
        The run.
    config
        Its settings, perhaps with smaller patches.
    device
        Where to compute.
    """

    def __init__(
        self, workload: Workload, config: AnyMethod, device: torch.device
    ) -> None:
        edges = (0.0, *config.stages, 1.0)
        self._stages = [(a + b) / 2 for a, b in itertools.pairwise(edges)]
        self._device = device
        self._pixels = math.prod(config.patch_shape)
        self._live = LiveBytes(device)
        self._learning = self._updating = 0.0
        self._shared, self._passed, self._told = 0, 0.0, 0.0
        names = tuple(map(str, range(workload.structures)))
        task = Task(config.dims, 1, names, workload.overlapping)
        with self._live:
            method = new_method(config, task)
            self._learner = Learner(method, workload.training, device)
        self._samplers = {
            name: _sampler(workload, config, name, device, name == method.domains[0])
            for name in method.domains
        }
        views = _views(workload, config, device)
        self._gallery = Gallery(
            *(views,) * 4, names, workload.overlapping, torch.full((len(names),), 0.1)
        )
        for optimizer in self._learner.optimizers.values():
            optimizer.register_step_pre_hook(self._before_update)
            optimizer.register_step_post_hook(self._after_update)

    def memory(self) -> Measured:
        """Do steps of every stage, scores and a preview, and count bytes."""
        with self._live as live:
            for stage in self._stages:
                # Gradients and the states of optimisers stay: the second step counts.
                self._step(stage)
                self._step(stage)
                self._learning = max(self._learning, live.peak)
            static = live.now
            live.begin()
            self._look(self._gallery.judge)
            self._look(self._gallery.preview)
        pools = [m for m in self._learner.method.modules() if isinstance(m, ImagePool)]
        return Measured(
            pixels=self._pixels,
            static=static,
            learning=self._learning,
            updating=self._updating,
            looking=(live.peak - static) / self._pixels,
            pooled=sum(p.size * p.images[0].nbytes for p in pools if p.images),
        )

    def time(self, measured: Measured, shared: int = 0) -> Measured:
        """Do it again, as fast as it goes, and add how long it took.

        What `memory` did has warmed up caches and allocators.

        Parameters
        ----------
        measured
            What is known so far.
        shared
            Threads that would share the work, where the processor is busy with others:
            its time counts then, which one thread took, not that of the clock.
        """
        self._shared, self._passed, self._told = shared, 0.0, 0.0
        steps = tuple(self._timed(stage) for stage in self._stages)
        judging, preview = (
            min(self._clocked(self._look, what) for _ in range(TWICE))
            for what in (self._gallery.judge, self._gallery.preview)
        )
        return replace(
            measured,
            seconds=steps,
            judging=judging,
            preview=preview,
            slowed=self._passed / max(self._told, 1e-9),
        )

    def _timed(self, stage: float) -> float:
        """Return the time of a step."""
        took: list[float] = []
        fewest, most = FEWEST_TIMED, FEWEST_TIMED if self._shared else MOST_TIMED
        while (
            not took
            or (len(took) < fewest and len(took) * min(took) < TOO_LONG)
            or (len(took) < most and sum(took) < LONG_ENOUGH)
        ):
            took.append(self._clocked(self._step, stage))
        return median(took)

    def _step(self, stage: float) -> None:
        step = int(COUNTED * stage)
        patches = {name: one.batch(step) for name, one in self._samplers.items()}
        self._learner.learn(patches, step, COUNTED)

    def _look(self, what: Callable[[Any], object]) -> None:
        with self._learner.autocast():
            what(self._learner.average)

    def _clocked(self, act: Callable[[Any], None], what: Any) -> float:
        began, worked = time.perf_counter(), time.process_time()
        act(what)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        passed = told = time.perf_counter() - began
        if self._shared:
            told = (time.process_time() - worked) / self._shared**EVENLY
        self._passed, self._told = self._passed + passed, self._told + told
        return told

    def _before_update(self, *_: Any) -> None:
        self._learning = max(self._learning, self._live.peak)
        self._live.begin()

    def _after_update(self, *_: Any) -> None:
        self._updating = max(self._updating, self._live.peak)
        self._live.begin()


def _sampler(
    workload: Workload,
    config: AnyMethod,
    domain: DomainName,
    device: torch.device,
    first: bool,
) -> PatchSampler:
    """Cut patches from noise, with all the augmentation that the run has."""
    random = np.random.default_rng(0)
    labelled = domain == "source" or workload.trains_on_target_labels
    image, labels = _noise(workload, config, random)
    return PatchSampler(
        [LoadedSample("noise", image, labels if labelled else None)],
        config,
        outputs=workload.structures if workload.overlapping else 0,
        seed=0,
        stream=0,
        device=device,
        augment_intensity=config.intensity if first else 0.0,
        appearance=appearance_of(config) if first else AS_IT_IS,
    )


def _views(workload: Workload, config: AnyMethod, device: torch.device) -> Views:
    image, labels = _noise(workload, config, np.random.default_rng(1))
    return Views(
        torch.from_numpy(image)[None, None].to(device),
        torch.from_numpy(labels)[None].to(device),
    )


def _noise(
    workload: Workload, config: AnyMethod, random: np.random.Generator
) -> tuple[Any, Any]:
    """Return an image of the shape of a patch, and its labels."""
    shape, count = config.patch_shape, workload.structures
    image = random.uniform(-1, 1, shape).astype(np.float32)
    if workload.overlapping:
        return image, random.integers(0, 2, (count, *shape), np.uint8)
    return image, random.integers(0, count + 1, shape, np.uint8)
