"""From what is chosen in the window to a run folder that is ready to train."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtCore import QObject, Signal

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.experiment import Experiment, with_target_labels

from .progress import how_far

if TYPE_CHECKING:
    from napari_uda.core.spec.experiment import Training
    from napari_uda.core.spec.methods import MethodConfig
    from napari_uda.core.spec.run import RunFolder

    from .snapshot import Snapshot


@dataclass(frozen=True)
class Prepared:
    """What came of preparing a run."""

    run: RunFolder
    """The run."""
    problem: str = ""
    """Why it could not be prepared, in one sentence; empty if it was."""
    cancelled: bool = False
    """Whether the user changed their mind; nothing is left of the run then."""


class Preparation(QObject):
    """Writes layers and the experiment into a new run folder, in a worker.

    Parameters
    ----------
    snapshot
        The data.
    run
        A folder that does not exist yet; it is removed again if this fails.
    method, training
        The settings.
    title
        What the run is called, if not by its id.
    """

    progressed = Signal(str)
    """What is being done."""
    done = Signal(object)
    """The `Prepared` run."""

    def __init__(
        self,
        snapshot: Snapshot,
        run: RunFolder,
        method: MethodConfig,
        training: Training,
        title: str = "",
    ) -> None:
        super().__init__()
        self._held = [snapshot]
        self._run = run
        self._method = method
        self._training = training
        self._title = title
        self._cancelled = threading.Event()
        self._worker: Any = None
        self._began = monotonic()

    def start(self) -> None:
        """Begin."""
        self._began = monotonic()
        self._worker = thread_worker(self._prepare)()
        self._worker.returned.connect(self.done)
        self._worker.start()

    def cancel(self) -> None:
        """Give up as soon as possible."""
        self._cancelled.set()

    def _prepare(self) -> Prepared:
        """Prepare the run; runs in the worker and lets no exception out."""
        run = self._run
        claimed = False
        try:
            claimed = _claim(run)
            # napari keeps every worker until it closes; it shall not keep the pixels.
            data = self._held.pop().dataset(run, self._say)
            if type(self._method).target_labels == "required":
                data = with_target_labels(data)
            values = {
                "name": run.id,
                "data": data,
                "method": self._method,
                "training": self._training,
            }
            run.create(parse(Experiment, values))
            if self._title:
                run.rename(self._title)
        except Exception as error:
            if claimed and not run.exists:
                shutil.rmtree(run.path, ignore_errors=True)
            if isinstance(error, UserError):
                return Prepared(run, str(error))
            what = f"{type(error).__name__}: {error}"
            return Prepared(
                run,
                f"The run could not be prepared ({what}).",
                isinstance(error, _CancelledError),
            )
        return Prepared(run)

    def _say(self, text: str, done: float) -> None:
        if self._cancelled.is_set() or self._worker.abort_requested:
            raise _CancelledError
        far = how_far(done, monotonic() - self._began) if done else ""
        self.progressed.emit(f"{text} \N{HORIZONTAL ELLIPSIS} {far}".rstrip())


def _claim(run: RunFolder) -> bool:
    """Make the folder: another window that gives the same name does not write to it."""
    try:
        run.path.mkdir(parents=True)
    except FileExistsError:
        raise UserError(
            f"There is a run '{run.id}' already: choose another name."
        ) from None
    return True


class _CancelledError(Exception):
    """The user changed their mind."""
