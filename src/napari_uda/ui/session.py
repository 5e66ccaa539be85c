"""What the widgets of one viewer share: the choice of data, the runs and the job."""

from __future__ import annotations

import os
import weakref
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from qtpy.QtCore import QObject, QSettings, Signal

from napari_uda.core.spec.typed import Typed

from . import recent
from .choice import DomainChoice
from .kept_queue import keep_queue, kept_queue
from .run_queue import RunQueue
from .snapshot import plan_dataset
from .units import UnitFollower

if TYPE_CHECKING:
    from typing import Any

    from napari import Viewer
    from napari.layers import Layer

    from napari_uda.core.spec.domain import Dataset, DomainName
    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder

    from .jobs import Job
    from .snapshot import Progress, Snapshot
    from .stage import Stage

METADATA_KEY = "napari_uda"
"""Key of `layer.metadata` under which our layers say what they are."""

Role = Literal[
    "source", "target", "preview", "prediction", "translation", "check", "caption"
]
FOLLOWING = ("preview", "check", "caption")
"""Roles of layers that are there to look at, whatever the user's layers are."""


class Session(QObject):
    """The state that the widgets of one viewer share; use `Session.of(viewer)`.

    Its signals are Qt's, so that a connection ends with the widget that made it.
    `queue`: the runs that wait for the job to end.
    `units`: keeps the units of our layers those of the user's.
    `stage`: whose pictures the viewer shows.
    `closing`: the user has said what is to become of the job; the window may close.

    Parameters
    ----------
    viewer
        The viewer; it is not kept alive by its session.
    """

    choices_changed = Signal()
    """Source or target were chosen anew."""
    ready_changed = Signal()
    """`problem` changed."""
    run_selected = Signal(object)
    """Another run (or None) was selected."""
    job_changed = Signal()
    """A job began or ended."""
    runs_changed = Signal()
    """The runs folder or the runs in it changed."""

    _all: ClassVar[weakref.WeakKeyDictionary[Any, Session]] = (
        weakref.WeakKeyDictionary()
    )

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = weakref.ref(viewer)
        self._choices: dict[DomainName, DomainChoice] = {
            "source": DomainChoice(),
            "target": DomainChoice(),
        }
        self._voxel_size: tuple[float, ...] | None = None
        self._problem = "Choose source and target images on the Data tab first."
        self._runs_folder: Path | None = None
        self._run: RunFolder | None = None
        self._job: Job | None = None
        self.closing = False
        self._left: list[Path] | None = None
        self.queue = RunQueue(self)
        self.queue.changed.connect(self._on_queue_changed)
        self.units = UnitFollower(viewer, _follows)
        viewer.layers.events.removed.connect(self._on_layer_removed)

    @classmethod
    def of(cls, viewer: Viewer) -> Session:
        """Return the session of a viewer, the same one to every widget.

        Parameters
        ----------
        viewer
            The viewer, or the proxy of it that napari hands to widgets.
        """
        viewer = unwrapped(viewer)
        if viewer not in cls._all:
            cls._all[viewer] = cls(viewer)
        return cls._all[viewer]

    @cached_property
    def stage(self) -> Stage:
        """The viewer as the tabs share it."""
        from .stage import Stage

        return Stage(self.viewer)

    @property
    def viewer(self) -> Viewer:
        """The viewer itself, not a proxy.

        Raises
        ------
        RuntimeError
            If the viewer is gone.
        """
        viewer = self._viewer()
        if viewer is None:
            raise RuntimeError("the viewer of this session is gone")
        return viewer

    @property
    def choices(self) -> dict[DomainName, DomainChoice]:
        """What is chosen as source and target; change it with `choose`."""
        return dict(self._choices)

    def choose(self, domain: DomainName, choice: DomainChoice) -> None:
        """Choose the data of a domain; a folder is remembered for the next start.

        Another folder comes with what was typed for it before; and two folders, if
        neither has a voxel size or axes, with the resampling chosen for them.
        """
        old = self._choices[domain]
        if (folder := choice.folder) is not None:
            if folder != old.folder and choice.typed == Typed():
                choice = choice.with_typed(recent.typed_of(_settings(), folder))
            else:
                recent.remember_typed(_settings(), folder, choice.typed)
        self._choices[domain] = choice
        if choice.folder != old.folder:
            pair = self._pair()
            self._voxel_size = (
                recent.resampling_of(_settings(), *pair) if pair else None
            )
        if choice.folder is not None:
            recent.remember_folder(_settings(), domain, choice.folder)
        self.choices_changed.emit()

    def recent_folders(self, domain: DomainName) -> list[Path]:
        """Return folders chosen for a domain, also before, the most recent first."""
        return recent.recent_folders(_settings(), domain)

    @property
    def voxel_size(self) -> tuple[float, ...] | None:
        """Voxel size that both domains are resampled to, in the source's unit."""
        return self._voxel_size

    @voxel_size.setter
    def voxel_size(self, size: tuple[float, ...] | None) -> None:
        if size != self._voxel_size:
            self._voxel_size = size
            self.choices_changed.emit()

    def resample(self, size: tuple[float, ...] | None) -> None:
        """Resample both domains to a voxel size, also at the next start; None: do not.

        The size belongs to the two folders, not to voxel sizes that were typed.
        """
        if pair := self._pair():
            recent.remember_resampling(_settings(), *pair, size)
        self.voxel_size = size

    def note_folder(self, domain: DomainName, folder: Path, usable: bool) -> None:
        """Offer a folder at the next start, or no more: it holds nothing to use."""
        (recent.remember_folder if usable else recent.forget_folder)(
            _settings(), domain, folder
        )

    def _pair(self) -> tuple[Path, Path] | None:
        """Return the folders of both domains, if no voxel size or axes are typed."""
        source, target = self._choices["source"], self._choices["target"]
        if source.folder is None or target.folder is None:
            return None
        if any(one.size or one.axes for one in (source, target)):
            return None
        return source.folder, target.folder

    @property
    def problem(self) -> str:
        """Why training cannot start, in one sentence; empty if it can."""
        return self._problem

    def set_problem(self, text: str) -> None:
        """Say why training cannot start; an empty text means that it can."""
        if text != self._problem:
            self._problem = text
            self.ready_changed.emit()

    def snapshot(self) -> Snapshot:
        """Hold on to what is chosen now; cheap, for the main thread.

        Raises
        ------
        UserError
            If something is missing, or a layer cannot be a sample.
        """
        return plan_dataset(
            self._choices["source"], self._choices["target"], self._voxel_size
        )

    def dataset(
        self, run: RunFolder | None = None, progress: Progress | None = None
    ) -> Dataset:
        """Make the data set of what is chosen now; heavy where there are layers.

        In a worker thread, use `snapshot()` before and `Snapshot.dataset` there.

        Parameters
        ----------
        run
            Run folder whose `data` folder takes the pixels of layers; not needed for
            folders.
        progress
            Called with a sentence and the fraction done.

        Raises
        ------
        UserError
            If something is missing or does not fit together.
        """
        return self.snapshot().dataset(run, progress)

    @property
    def runs_folder(self) -> Path:
        """Folder of all runs; setting it is remembered for the next start."""
        if self._runs_folder is None:
            # Not at the top: choosing data needs no methods, which take time to import.
            from napari_uda.core.spec.experiment import runs_folder

            chosen = _settings().value("runs_folder", "", type=str)
            # What a script or an administrator sets goes before what was once chosen.
            remembered = chosen and "NAPARI_UDA_RUNS" not in os.environ
            self._runs_folder = Path(chosen) if remembered else runs_folder()
        return self._runs_folder

    @runs_folder.setter
    def runs_folder(self, folder: Path) -> None:
        self._runs_folder = Path(folder).expanduser().absolute()
        _settings().setValue("runs_folder", str(self._runs_folder))
        self.runs_changed.emit()

    def runs(self) -> list[RunFolder]:
        """Return the runs in the runs folder, the newest first."""
        from napari_uda.core.spec.run import list_runs

        return list_runs(self.runs_folder)

    @property
    def selected_run(self) -> RunFolder | None:
        """The run that the widgets show."""
        return self._run

    @selected_run.setter
    def selected_run(self, run: RunFolder | None) -> None:
        if (run and run.path) != (self._run and self._run.path):
            self._run = run
            self.run_selected.emit(run)

    @property
    def job(self) -> Job | None:
        """The job under way, if any."""
        return self._job

    @job.setter
    def job(self, job: Job | None) -> None:
        if job is not self._job:
            self._job = job
            if job is not None:
                job.ended.connect(self._on_job_ended)
            self.job_changed.emit()

    def left_queue(self) -> list[Path]:
        """Return the runs that waited in a window that was closed."""
        if self._left is None:
            others = (one for one in self._all.values() if one is not self)
            open_one = any(len(one.queue) and not one.closing for one in others)
            self._left = kept_queue(_settings(), also_own=not open_one)
        return self._left

    def forget_left_queue(self) -> None:
        """Offer those runs no more."""
        self._left = []
        self._on_queue_changed()

    def _on_queue_changed(self) -> None:
        # What waited in a window before is not lost as long as it is offered.
        waiting = [run.path for run in self.queue.runs]
        left = [path for path in self.left_queue() if path not in waiting]
        keep_queue(_settings(), [*waiting, *left])

    def _on_job_ended(self, last: Event) -> None:
        ended = self._job
        self.job = None
        self.runs_changed.emit()
        if ended is not None:
            self.queue.go_on(ended, last)

    def _on_layer_removed(self, event: Any) -> None:
        for domain, choice in self._choices.items():
            left = tuple(
                pair for pair in choice.layers if event.value not in pair.layers
            )
            if len(left) < len(choice.layers):
                self.choose(domain, replace(choice, layers=left))


def unwrapped(viewer: Viewer) -> Viewer:
    """Return the viewer behind the proxy that napari hands to widgets.

    Layers seen through the proxy are proxies, too, and not identical to themselves.
    """
    inner: Viewer = getattr(viewer, "__wrapped__", viewer)
    return inner


def role_of(layer: Layer) -> Role | None:
    """Return what one of our layers is, or None for a layer of the user's own."""
    role: Role | None = layer.metadata.get(METADATA_KEY, {}).get("role")
    return role


def _follows(layer: Layer) -> bool:
    return role_of(layer) in FOLLOWING


def _settings() -> QSettings:
    return QSettings("napari-uda", "napari-uda")
