"""The training loop: one for all methods, on one screen, stoppable at every step."""

from __future__ import annotations

import gc
import math
import time
import traceback
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_uda.core.errors import UserError
from napari_uda.core.io.atomic import atomic_path
from napari_uda.core.spec import events as ev

from . import device
from .build import Materials, build_method, changed_files
from .checkpoint import (
    all_finite,
    load_checkpoint,
    random_state,
    restore_random_state,
    save_checkpoint,
    seed_everything,
)
from .failure import disk_full, explain_failure, is_disk_full, require_kept
from .learner import Learner
from .opponents import guessing_losses
from .selection import is_best

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from torch import Tensor

    from napari_uda.core.spec.run import Request, RunFolder

POLL = 0.2
"""Seconds between two looks at the control file while paused."""
RETRY = 2.0
"""Seconds between two attempts to save on a full disk."""


class Trainer:
    """Trains the experiment of a run folder, from its last checkpoint if there is one.

    Parameters
    ----------
    run
        A prepared run folder.
    since
        Requests older than this time (seconds since 1970) are not obeyed.
    """

    def __init__(self, run: RunFolder, since: float) -> None:
        self.run = run
        self.experiment = run.experiment()
        self.training = self.experiment.training
        self.config = self.experiment.method
        self.steps = self.config.steps
        self.step = 0
        self._since = since
        self._history: list[dict[str, float]] = []
        self._rolled_back = False
        self._last = run.checkpoints / "last.pt"

    @property
    def progress(self) -> float:
        """Part of the training that is done, in [0, 1)."""
        return self.step / self.steps

    def events(self) -> Iterator[ev.Event]:
        """Train, yielding events; the last is Finished, Stopped or Failed.

        Raises
        ------
        UserError
            If another trainer holds the run.
        """
        with self.run.lock():
            try:
                for event in self._train():
                    self._record(event)
                    yield event
            except Exception as error:
                detail = traceback.format_exc()
                self._let_go(error)
                said = explain_failure(error, self.experiment)
                failed = ev.Failed(**self._about(), **said, detail=detail)
                self._record(failed)
                yield failed

    def _train(self) -> Iterator[ev.Event]:
        self._set_up()
        yield from self._begin()
        started = mark = time.perf_counter()
        marked, waited = self.step, 0.0
        while self.step < self.steps:
            request = self.run.requested(self._since)
            if request in ("pause", "stop"):
                pause = time.perf_counter()
                yield from self._save()
                if request == "stop" or (yield from self._wait()) == "stop":
                    self.run.clear_request()
                    yield ev.Stopped(**self._about())
                    return
                waited += time.perf_counter() - pause
                mark, marked = time.perf_counter(), self.step
            self._one_step()
            require_kept(self.run)
            if self.step == 1 or self._due(self.training.log_every):
                losses = self._losses()
                if not all(map(math.isfinite, losses.values())):
                    yield from self._roll_back()
                    mark, marked = time.perf_counter(), self.step
                    continue
                now = time.perf_counter()
                speed = (self.step - marked) / max(1e-9, now - mark)
                mark, marked = now, self.step
                yield ev.Step(
                    **self._about(),
                    losses=losses,
                    speed=speed,
                    remaining=(self.steps - self.step) / speed,
                    memory=device.memory_used(self._device),
                )
            yield from self._look()
            if self._due(self.training.checkpoint_every):
                yield from self._save()
        yield ev.Finished(
            **self._about(), seconds=time.perf_counter() - started - waited
        )

    def _set_up(self) -> None:
        self._device = device.pick_device(self.training.device)
        device.set_threads(self.training)
        seed_everything(self.training.seed)
        method = build_method(self.experiment)
        self._materials = Materials(
            self.experiment, self.run.data, self._device, method.domains
        )
        self._learner = Learner(method, self.training, self._device)
        self._method = self._learner.method
        self._average = self._learner.average
        self._networks = self._learner.networks
        self._optimizers = self._learner.optimizers
        self._sums: dict[str, Tensor] = {}
        self._summed: dict[str, int] = {}

    def _begin(self) -> Iterator[ev.Event]:
        if self._last.exists():
            self._load()
            yield ev.Resumed(**self._about(), **self._plan())
            return
        yield ev.Started(**self._about(), **self._plan())
        for message in changed_files(self.experiment):
            yield ev.Warned(**self._about(), code="changed", message=message)
        yield from self._save()

    def _one_step(self) -> None:
        patches = {
            name: sampler.batch(self.step)
            for name, sampler in self._materials.samplers.items()
        }
        losses = self._learner.learn(patches, self.step, self.steps)
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + loss.detach().float()
            self._summed[name] = self._summed.get(name, 0) + 1
        self.step += 1

    def _losses(self) -> dict[str, float]:
        """Return the mean losses since the last call: the only synchronisation."""
        totals = torch.stack(list(self._sums.values())).tolist()
        counts, self._sums, self._summed = self._summed, {}, {}
        return {
            name: total / counts[name]
            for name, total in zip(counts, totals, strict=True)
        }

    def _due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.steps

    def _look(self) -> Iterator[ev.Event]:
        """Score and show the averaged model when it is time."""
        if self._due(self.training.validate_every):
            # Nothing is yielded inside autocast: it would hold for the caller, too.
            with self._learner.autocast():
                found = self._materials.gallery.judge(self._average)
            yield ev.Validation(**self._about(), **found._asdict())
            truth = found.truth.get("mean", 0.0)
            self._history.append({**found.scores, "truth": truth})
            ready = self._method.ready(self.progress)
            if (self._is_best() or not ready) and all_finite(self._networks.values()):
                yield from self._write("best", self._for_prediction())
            if not ready:
                # What cannot adapt yet is no rival of what can.
                self._history.clear()
        if self.step == 1 or self._due(self.training.preview_every):
            yield from self._preview()

    def _preview(self) -> Iterator[ev.Event]:
        with self._learner.autocast():
            arrays = self._materials.gallery.preview(self._average)
        file = f"previews/{self.step:06d}.npz"
        try:
            with atomic_path(self.run.path / file) as temporary:
                np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]
        except OSError as error:
            # Training goes on without: the next checkpoint waits for room.
            if not is_disk_full(error):
                raise
            return
        yield ev.Preview(**self._about(), file=file)

    def _is_best(self) -> bool:
        match self.training.selection:
            case "last":
                return True
            case "oracle":
                return is_best(self._history, ("truth",), veto=0.0)
            case _:
                return is_best(self._history, self._method.judged_by)

    def _for_prediction(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "average": {
                name: self._average.get_submodule(name).state_dict()
                for name in self._method.averaged
            },
        }

    def _save(self) -> Iterator[ev.Event]:
        """Write last.pt unless the weights are broken."""
        if not all_finite(self._networks.values()):
            yield from self._roll_back()
            return
        content = {
            **self._for_prediction(),
            "networks": {n: net.state_dict() for n, net in self._networks.items()},
            "optimizers": {n: o.state_dict() for n, o in self._optimizers.items()},
            "history": self._history,
            "rate_scale": self._learner.rate_scale,
            "rolled_back": self._rolled_back,
            "random": random_state(),
            "sums": self._sums,
            "summed": self._summed,
        }
        yield from self._write("last", content)

    def _write(self, name: str, content: dict[str, Any]) -> Iterator[ev.Event]:
        """Write a checkpoint; on a full disk wait for room instead of losing it."""
        file = f"checkpoints/{name}.pt"
        warned = False
        while True:
            try:
                save_checkpoint(self.run.path / file, content)
                break
            except (OSError, RuntimeError) as error:
                if not is_disk_full(error):
                    raise
            if not warned:
                warned = True
                yield ev.Warned(
                    **self._about(),
                    code="disk",
                    message=disk_full(self.run.path / file, content),
                )
            if self.run.requested(self._since) == "stop":
                raise UserError(
                    f"{self.run.path / file} could not be written as the disk is full: "
                    "make room and resume the run; the last checkpoint is untouched."
                )
            time.sleep(RETRY)
        yield ev.Checkpoint(**self._about(), file=file, best=name == "best")

    def _load(self) -> None:
        content = load_checkpoint(self._last, self._device)
        try:
            for name, state in content["networks"].items():
                self._networks[name].load_state_dict(state)
            for name, state in content["average"].items():
                self._average.get_submodule(name).load_state_dict(state)
            for name, state in content["optimizers"].items():
                self._optimizers[name].load_state_dict(state)
        except (RuntimeError, ValueError, LookupError, AttributeError):
            raise UserError(
                f"{self._last} does not fit the experiment of its run: experiment.yaml "
                "was changed after training began; undo that or start a new run."
            ) from None
        self.step = content["step"]
        self._history = content["history"]
        self._learner.rate_scale = content["rate_scale"]
        self._rolled_back = content["rolled_back"]
        self._sums, self._summed = content["sums"], content["summed"]
        restore_random_state(content["random"])

    def _roll_back(self) -> Iterator[ev.Event]:
        """Return to the last good checkpoint with half the learning rate, once."""
        at = self.step
        if self._rolled_back or not self._last.exists():
            raise UserError(
                f"the losses became invalid (NaN) at step {at} again after the "
                "learning rate was halved: lower method.learning_rate or set "
                "method.gradient_clip to 1."
            )
        self._load()
        self._sums, self._summed = {}, {}
        self._rolled_back = True
        self._learner.rate_scale *= 0.5
        yield ev.Warned(
            **self._about(),
            code="nan",
            message=f"The losses became invalid (NaN) at step {at}: rolled back to "
            f"step {self.step} and halved the learning rate.",
        )
        yield ev.Resumed(**self._about(), **self._plan())
        yield from self._save()

    def _wait(self) -> Generator[ev.Event, None, Request | None]:
        """Pause until asked to go on; the generator's value is the request."""
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        yield ev.Paused(**self._about())
        while (request := self.run.requested(self._since)) == "pause":
            time.sleep(POLL)
        if request != "stop":
            # Before anybody hears of it, so that no newer request is forgotten.
            self.run.clear_request()
            yield ev.Continued(**self._about())
        return request

    def _let_go(self, error: Exception) -> None:
        """Free the memory of what has failed: to explain it needs some, too."""
        traceback.clear_frames(error.__traceback__)
        for name in ("learner", "method", "average", "networks", "optimizers",
                     "materials"):  # fmt: skip
            self.__dict__.pop(f"_{name}", None)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _about(self) -> dict[str, Any]:
        return {"run": self.run.id, "step": self.step}

    def _plan(self) -> dict[str, Any]:
        """Return what is said whenever training begins or goes on."""
        return {
            "method": self.config.name,
            "steps": self.steps,
            "device": device.describe(self._device),
            "precision": "bfloat16" if self._learner.bfloat16 else "float32",
            "loss_groups": self._method.losses,
            "guessing": guessing_losses(self._method),
            "phases": [round(part * self.steps) for part in self.config.stages],
            "expected": self._materials.gallery.expected,
        }

    def _record(self, event: ev.Event) -> None:
        try:
            self.run.append(event)
        except OSError:
            # A full or vanished disk must not end a training that can go on; a
            # checkpoint that cannot be written is reported by _save.
            if isinstance(event, ev.Started):
                raise
