"""Asking a child process what a run would need, before it is started."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.estimate import Estimate
from napari_uda.core.spec.experiment import Experiment, with_target_labels
from napari_uda.core.spec.workload import Workload

from .fitting import shapes_of
from .priority import give_way

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_uda.core.spec.experiment import Training
    from napari_uda.core.spec.methods import MethodConfig

    from .snapshot import Snapshot

COMMAND = (sys.executable, "-m", "napari_uda", "estimate")
"""What is started; it reads a workload from its input and writes an estimate."""


class Estimating:
    """An estimate under way; `events` runs in a worker thread.

    Parameters
    ----------
    snapshot
        The data; of layers, only the shapes are needed.
    method, training
        The settings.
    command
        What to start instead of `COMMAND`, for tests.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        method: MethodConfig,
        training: Training,
        command: Sequence[str] | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._method = method
        self._training = training
        self._command = list(command or COMMAND)
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End the child process."""
        self._cancelled.set()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()  # it has nothing to lose

    def events(self) -> Iterator[Estimate | str]:
        """Yield the estimate, or why there is none; nothing if cancelled."""
        try:
            told: Estimate | str = self._told(self._workload())
        except (UserError, OSError, ValueError) as error:
            told = str(error)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
        if not self._cancelled.is_set():
            yield told

    def _workload(self) -> Workload:
        both = self._snapshot.source, self._snapshot.target
        if all(plan.folder is not None for plan in both):
            # Not at the top: it brings scipy, which would slow down the start.
            from napari_uda.core.data.workload import workload_of

            data = self._snapshot.dataset()
            if type(self._method).target_labels == "required":
                data = with_target_labels(data)
            settings = {"method": self._method, "training": self._training}
            return workload_of(parse(Experiment, {"data": data, **settings}))
        source, target = both
        classes = source.typed.classes
        if source.folder is not None:
            classes = source.domain(None, _silent).classes
        labelled = any(item.labels for item in target.layers)
        values: dict[str, Any] = {
            "method": self._method,
            "training": self._training,
            "source": shapes_of(source),
            "target": shapes_of(target),
            "structures": max(1, len(classes)),
            "overlapping": any(item.overlapping for item in source.layers),
            "truth": labelled,
            "trains_on_target_labels": labelled
            and target.labels_role == "train"
            and type(self._method).target_labels != "never",
        }
        return parse(Workload, values)

    def _told(self, workload: Workload) -> Estimate | str:
        self._process = process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        give_way(process.pid)
        if self._cancelled.is_set():
            process.kill()  # `cancel` came while it was being started
        out, error = process.communicate(workload.model_dump_json())
        for line in out.splitlines():
            with suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict) and message.pop("kind", "") == "estimate":
                    return parse(Estimate, message)
        last = error.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
        return last[0].removeprefix("Error: ")


def _silent(_text: str, _fraction: float) -> None:
    """Swallow progress."""
