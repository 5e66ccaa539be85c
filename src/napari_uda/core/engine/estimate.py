"""Memory and time that a run will need, from a few real steps with small patches."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import psutil
import torch

from napari_uda.core.data.load import LoadedSample
from napari_uda.core.data.workload import workload_of
from napari_uda.core.spec.estimate import Estimate
from napari_uda.core.spec.workload import Workload

from . import device as devices
from .build import HELD_OUT
from .crowding import NOTICED, Crowding, others_now
from .gallery import JUDGED, SHOWN, cut_views
from .rehearsal import Measured, Rehearsal

if TYPE_CHECKING:
    from napari_uda.core.spec.experiment import Experiment
    from napari_uda.core.spec.methods import AnyMethod

BUDGET = 6.0
"""Seconds that measuring may take, about."""
SLACK = 1.1
"""Tensors do not lie in memory without gaps, and libraries take some for themselves."""
SPARE = 0.9
"""Part of the free memory that the tensors of a suggestion may use."""
CAUTION = 0.5
"""Part of the free memory that measuring itself may use."""
PLENTY = 130_000
"""Pixels of the smallest patches beyond which a batch is measured in part."""
ROUNDS = 4
"""Steps of every stage that measuring takes, about."""
SMALLEST = 32
"""Least side of a patch to begin with."""
ENOUGH = 16_000
"""Pixels of a stage's batch below which a step mostly waits for Python."""


def estimate(what: Experiment | Workload, *, budget: float = BUDGET) -> Estimate:
    """Return what a run will need, after doing some of its steps.

    Parameters
    ----------
    what
        The experiment, or its workload.
    budget
        Seconds that measuring may take, about; with more, less is extrapolated.

    Raises
    ------
    UserError
        If the device is not available, or not even the smallest patches fit.
    """
    began = time.perf_counter()
    workload = what if isinstance(what, Workload) else workload_of(what)
    device = devices.pick_device(workload.training.device)
    threads = devices.set_threads(workload.training)
    free, total = devices.memory_free(device)
    if device.type == "cpu":
        free += _resident()  # what this process gives back when it ends
    need = _Needs(workload, device, free, threads)
    points = need.measure(began + budget)
    memory = need.memory(workload.method, points)
    suggestion: dict[str, int] = {}
    suggested = 0.0
    if memory > free:
        suggestion, suggested = need.suggestion(points)
    return Estimate(
        device=str(device),
        memory=memory,
        free=free,
        total=total,
        seconds=need.seconds(points),
        crowded=need.crowded,
        measured=points[-1].pixels / math.prod(workload.method.patch_shape),
        suggestion=suggestion,
        suggested_memory=suggested,
    )


class _Needs:
    """Measures a workload with small patches, and extrapolates.

    `crowded`: the part of the processor that others take, where that is much.
    """

    def __init__(
        self, workload: Workload, device: torch.device, free: float, threads: int = 1
    ) -> None:
        self._workload = workload
        self._device = device
        self._threads = threads
        self.crowded = 0.0
        self._base = 0.0
        self._free = free
        self._views, self._view_pixels = _views(workload)

    def measure(self, until: float) -> list[Measured]:
        """Measure with growing patches until there is no time for larger ones."""
        if self._device.type == "cpu":
            self._notice(others_now())
        ladder = _ladder(self._workload.method)
        points: list[Measured] = []
        while ladder:
            points.append(self._rehearse(ladder.pop(0), timed=True))
            left = until - time.perf_counter()
            while ladder and (
                _cost(ladder[-1], points) > left
                or self.memory(ladder[-1], points) > CAUTION * self._free
            ):
                ladder.pop()
            del ladder[:-1]
        return points

    def memory(self, config: AnyMethod, points: list[Measured]) -> float:
        """Return the bytes of the whole run with patches of some size."""
        w, pixels = self._workload, math.prod(config.patch_shape)
        last = points[-1]
        looking = last.looking * self._view_pixels
        results = 16 * self._views * self._view_pixels * (w.structures + 1)
        peak = max(
            _line([(p.pixels, p.learning) for p in points], last.static, pixels),
            _line([(p.pixels, p.updating) for p in points], last.updating, pixels),
            last.static + looking + results,
        )
        pooled = last.pooled * pixels / last.pixels
        images, loading = _data(w, self._device)
        training = SLACK * peak + pooled + images
        return self._base + max(training, last.static / 2 + loading)

    def seconds(self, points: list[Measured]) -> float:
        """Return how long the run takes, with the processor to itself."""
        method, training = self._workload.method, self._workload.training
        pixels, seen = math.prod(method.patch_shape), self._view_pixels
        edges = (0.0, *method.stages, 1.0)
        total = 0.0
        for stage, share in enumerate(np.diff(edges)):
            times = [(p.pixels, p.seconds[stage]) for p in points]
            total += share * method.steps * _line(times, 0.0, pixels)
        judging = _line([(p.pixels, p.judging) for p in points], 0.0, seen)
        preview = _line([(p.pixels, p.preview) for p in points], 0.0, seen)
        rounds = math.ceil(method.steps / training.validate_every)
        previews = 1 + math.ceil(method.steps / training.preview_every)
        total += rounds * self._views * judging
        return total + previews * min(SHOWN, self._views) * preview

    def suggestion(self, points: list[Measured]) -> tuple[dict[str, int], float]:
        """Return settings that fit, as close to those wanted as can be, and bytes."""
        method = self._workload.method
        limit = self._base + SPARE * (self._free - self._base)
        batch, wanted = method.batch_size, points
        changes: dict[str, int] = {}
        while batch > 1:
            batch //= 2
            changes = {"batch_size": batch}
            smaller = method.model_copy(update=changes)
            part = batch / method.batch_size
            hoped = [_of_batch(point, part) for point in wanted]
            if batch > 1 and self.memory(smaller, hoped) > limit:
                continue  # at best it is proportional
            points = [self._rehearse(one, timed=False) for one in _ladder(smaller)[:1]]
            needed = self.memory(smaller, points)
            if needed <= limit:
                return changes, needed
        for side in range((method.patch_size - 1) // 16 * 16, 15, -16):
            smaller = method.model_copy(update={**changes, "patch_size": side})
            needed = self.memory(smaller, points)
            if side >= 2**method.levels and needed <= limit:
                return {**changes, "patch_size": side}, needed
        return {}, 0.0

    def _rehearse(self, config: AnyMethod, *, timed: bool) -> Measured:
        smallest = math.prod(_ladder(config)[0].patch_shape)
        batch = min(config.batch_size, max(4, PLENTY // smallest))
        few = config.model_copy(update={"batch_size": batch})
        rehearsal = Rehearsal(self._workload, few, self._device)
        measured = rehearsal.memory()
        if self._device.type == "cpu" and not self._base:
            # Python, and what libraries take once they have worked.
            self._base = _resident() - measured.static
        if timed:
            measured = self._time(rehearsal, measured)
        return _of_batch(measured, config.batch_size / batch)

    def _time(self, rehearsal: Rehearsal, measured: Measured) -> Measured:
        if not self.crowded:
            with Crowding() as crowding:
                timed = rehearsal.time(measured)
            if self._device.type == "cpu":
                self._notice(crowding.others)
            if not self.crowded:
                return timed
        return rehearsal.time(measured, shared=self._threads)

    def _notice(self, others: float) -> None:
        """Go on with one thread where others keep the processor busy.

        Several would wait for each other longer than they compute.
        """
        if others >= NOTICED:
            self.crowded = others
            torch.set_num_threads(1)


def _of_batch(measured: Measured, factor: float) -> Measured:
    """Return what a batch takes that is so many times as large."""
    return replace(
        measured,
        learning=measured.static + factor * (measured.learning - measured.static),
        seconds=tuple(factor * one for one in measured.seconds),
    )


def _resident() -> float:
    return float(psutil.Process().memory_info().rss)


def _line(points: list[tuple[int, float]], origin: float, at: float) -> float:
    """Extend a line through the last two points, or through one and the origin."""
    x, y = points[-1]
    before_x, before_y = points[-2] if len(points) > 1 else (0, origin)
    slope = max(0.0, y - before_y) / (x - before_x)
    return y + slope * (at - x)


def _cost(config: AnyMethod, points: list[Measured]) -> float:
    """Return about how long it would take to measure with larger patches."""
    pixels, last = math.prod(config.patch_shape), points[-1]
    rounds = ROUNDS * last.slowed
    if len(points) == 1:
        # Small patches do not take as much less time as they are smaller.
        return float(rounds * sum(last.seconds) * (pixels / last.pixels) ** 0.75)
    slow = zip(points[-2].seconds, last.seconds, strict=True)
    pairs = [[(points[-2].pixels, a), (last.pixels, b)] for a, b in slow]
    return rounds * sum(_line(pair, 0.0, pixels) for pair in pairs)


def _ladder(config: AnyMethod) -> list[AnyMethod]:
    """Return settings with ever larger patches, up to the patches wanted."""
    unit = max(16, 2**config.levels)
    sides = [config.patch_size]
    while (side := math.ceil(sides[0] / 2 / unit) * unit) < sides[0] and (
        side >= SMALLEST
    ):
        sides.insert(0, side)
    # Volumes that are less deep would be pooled otherwise.
    least = 2 ** (max(4, config.levels) + 1)
    ladder: list[AnyMethod] = []
    for side in sides:
        depth = math.ceil(config.patch_depth * side / config.patch_size / unit) * unit
        depth = min(config.patch_depth, max(least, depth))
        changes = {"patch_size": side, "patch_depth": depth}
        ladder.append(config.model_copy(update=changes))
    # Where a stage takes part of the batch, that is what its steps take time for.
    fewest = getattr(config, "translation_batch_size", config.batch_size)
    enough = ENOUGH / min(fewest, config.batch_size)
    while len(ladder) > 1 and math.prod(ladder[0].patch_shape) < enough:
        ladder.pop(0)
    return ladder


def _views(workload: Workload) -> tuple[int, int]:
    """Return how many images of a domain scores look at, and their pixels."""
    shapes = {
        "source": workload.source[HELD_OUT - 1 :: HELD_OUT] or workload.source,
        "target": workload.target,
        "tested": workload.tested or workload.target,
    }
    counts, pixels = [], 0
    for name, some in shapes.items():
        samples = [
            LoadedSample(name, np.broadcast_to(np.float32(0), shape), None)
            for shape in some
        ]
        images = cut_views(
            samples, workload.method, 0, prefer_labelled=False,
            device=torch.device("cpu"),
        ).images  # fmt: skip
        counts.append(len(images))
        pixels = max(pixels, math.prod(images.shape[2:]))
    return min(JUDGED, max(counts)), pixels


def _data(workload: Workload, device: torch.device) -> tuple[float, float]:
    """Return the bytes of the data while training, and while they are loaded."""
    w = workload
    source, target = w.image_bytes(w.source), w.image_bytes(w.target)
    tested = w.image_bytes(w.tested or w.target)
    largest = max(map(w.image_bytes, ((s,) for s in (*w.source, *w.target))))
    labels = w.label_bytes(w.source)
    if w.trains_on_target_labels:
        labels += w.label_bytes(w.target)
    truth = w.label_bytes(w.tested or w.target) if w.truth else 0
    if device.type == "cuda":
        # Half precision there; what is loaded first lies in the other memory.
        return (source + target) / 2 + labels, 0.0
    limit = w.training.memory * 1e9
    kept = min(source, limit) + min(target, limit) + labels
    # Normalising makes two more copies of an image.
    return kept, kept + min(tested, limit) + truth + 2 * largest
