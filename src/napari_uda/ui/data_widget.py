"""Choose source and target, and hear what is wrong before hours of training."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtCore import QTimer
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_uda.core.data.inspection import SampleReport

from .choice import DomainChoice
from .class_table import ClassTable
from .domain_gap import DomainGap
from .domain_picker import DomainPicker, same_choice
from .inspecting import Looked, Planned, look_safely, plan_look
from .layers import images_in, labels_in
from .listening import Latest, Listener
from .page import page_of
from .parting import Parting
from .progress import Count
from .readiness import all_problems, readiness, remedy
from .resample_button import ResampleButton
from .samples_box import SamplesBox
from .session import Session
from .steady_label import SteadyLabel
from .words import count_text

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_uda.core.data.inspection import Inspection
    from napari_uda.core.spec.domain import Dataset, Domain, DomainName

DOMAINS: tuple[DomainName, ...] = ("source", "target")
LINES = 3
"""Lines that the verdict has room for."""
WAIT = 300
"""Milliseconds without a change before looking begins."""
WAIT_PAINTING = 2000
"""The same while somebody paints labels."""
LOOKING = "Looking at the data \N{HORIZONTAL ELLIPSIS}"
STOPPED = "Looking at the data was stopped: look again (F5) before training."
OR_SAMPLE = "; or open a pair to try: File > Open Sample > napari-uda"

_EVENTS = ("data", "scale", "units", "axis_labels")


class DataWidget(QWidget):
    """Choose source and target from layers or folders, and look at them.

    Parameters
    ----------
    napari_viewer
        The viewer whose layers are offered.
    """

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("napari-uda data")
        Parting(self)
        self.session = Session.of(napari_viewer)
        self._worker = Latest(self)
        self._listener, self._names, self._pixels = (Listener(self) for _ in range(3))
        self._looked: Looked | None = None
        self._count = Count(0)
        self._suggested = {name: DomainChoice() for name in DOMAINS}
        self.pickers = {name: DomainPicker(name) for name in DOMAINS}
        self.classes = ClassTable()
        self.classes.hide()
        self.samples = SamplesBox(self.session)
        self.samples.hide()
        self.table, self.note = self.samples.table, self.samples.note
        self.fix = ResampleButton(self.session)
        self.gap = DomainGap()
        self.gap.hide()
        self.verdict = SteadyLabel(LINES)
        self._lay_out()

        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        for picker in self.pickers.values():
            picker.valueChanged.connect(self._on_picked)
            picker.voxel_size.valueChanged.connect(self._on_typed)
            picker.axes.activated.connect(self._on_typed)
            picker.voxel_size.problemChanged.connect(self._say)
        self.classes.valueChanged.connect(self._on_classes_edited)
        self.classes.forgotten.connect(self._on_classes_forgotten)
        self.samples.againClicked.connect(self._look)
        self.samples.stopClicked.connect(self._on_stop_clicked)
        QShortcut(QKeySequence("F5"), self).activated.connect(self._look)
        self.session.choices_changed.connect(self._on_choices_changed)
        layers = self.session.viewer.layers
        for event in (
            layers.events.inserted,
            layers.events.removed,
            layers.events.reordered,
        ):
            self._listener.connect(event, self._on_layers_changed)
        for name, picker in self.pickers.items():
            picker.folder.setRecent(self.session.recent_folders(name))
        self._on_layers_changed()
        if not all(choice.empty for choice in self.session.choices.values()):
            self._on_choices_changed()
        self._say()

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(2, 2, 6, 2)
        column.setSpacing(12)
        column.addWidget(self.pickers["source"])
        column.addWidget(self.pickers["target"])
        column.addWidget(self.samples, 1)
        column.addWidget(self.classes)
        column.addWidget(self.gap)
        column.addStretch()
        scroll = page_of(content)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(self.fix)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(scroll)
        layout.addWidget(self.verdict)
        layout.addLayout(foot)

    def announce(self, row: QWidget) -> None:
        """Show a row above everything else."""
        self._layout.insertWidget(0, row)

    @property
    def inspection(self) -> Inspection | None:
        """What was found last, or None while looking."""
        return self._looked.inspection if self._looked else None

    def _on_layers_changed(self, _event: Any = None) -> None:
        layers = list(self.session.viewer.layers)
        self._names.stop()
        for layer in (*images_in(layers), *labels_in(layers)):
            self._names.connect(layer.events.name, self._on_layer_renamed)
        for picker in self.pickers.values():
            with signals_blocked(picker):
                picker.setLayers(layers)
        self._suggest()

    def _on_layer_renamed(self, event: Any) -> None:
        for picker in self.pickers.values():
            with signals_blocked(picker):
                picker.setLayers(list(self.session.viewer.layers))
        if event.source in self._chosen_layers():
            self._timer.start(WAIT)

    def _chosen_layers(self) -> tuple[Layer, ...]:
        pairs = [pair for one in self.session.choices.values() for pair in one.layers]
        return tuple(layer for pair in pairs for layer in pair.layers)

    def _suggest(self) -> None:
        """Choose the layers that say they belong to a domain, until the user does."""
        for name, picker in self.pickers.items():
            current, suggestion = self.session.choices[name], picker.suggestion()
            untouched = current.empty or same_choice(current, self._suggested[name])
            if untouched and not same_choice(current, suggestion):
                self._suggested[name] = suggestion
                self.session.choose(name, suggestion)

    def _on_picked(self) -> None:
        for name, picker in self.pickers.items():
            old, new = self.session.choices[name], picker.value()
            if same_choice(old, new):
                continue
            picker.setSummary("")
            if old.folder is None and new.folder is None:
                kept = old.classes if _labels(old) == _labels(new) else {}
                size = old.size if _share_images(old, new) else None
                new = replace(new, classes=kept).with_size(size)
            self.session.voxel_size = None
            self.session.choose(name, new)

    def _on_typed(self) -> None:
        for name, picker in self.pickers.items():
            choice = self.session.choices[name]
            size, axes = picker.voxel_size.value(), picker.axes.value()
            if (size, axes) != (choice.size, choice.axes):
                self.session.voxel_size = None
                typed = replace(choice.with_size(size), axes=axes)
                self.session.choose(name, typed)

    def _on_choices_changed(self) -> None:
        choices = self.session.choices
        for name, picker in self.pickers.items():
            if not same_choice(picker.value(), choices[name]):
                picker.setValue(choices[name])
            picker.voxel_size.setValue(choices[name].size)
            picker.axes.setValue(choices[name].axes)
            picker.folder.setRecent(self.session.recent_folders(name))
            other = choices["source" if name == "target" else "target"].folder
            picker.folder.setNeighbour(other)
            if choices[name].empty:
                picker.setSummary("")
                picker.setTruth(False)
        self._watch(self._chosen_layers())
        self.session.set_problem(self._missing() or "The data are being looked at.")
        self._timer.start(WAIT)

    def _watch(self, layers: tuple[Layer, ...]) -> None:
        """Listen to what happens to the pixels of these layers."""
        self._pixels.stop()
        for layer in layers:
            for name in _EVENTS:
                if emitter := getattr(layer.events, name, None):
                    self._pixels.connect(emitter, self._on_pixels_changed)
            if hasattr(layer.events, "paint"):
                self._pixels.connect(layer.events.paint, self._on_painted)

    def _on_pixels_changed(self, _event: Any = None) -> None:
        self._timer.start(WAIT)

    def _on_painted(self, _event: Any = None) -> None:
        self._timer.start(WAIT_PAINTING)

    def _missing(self) -> str:
        empty = [name for name, one in self.session.choices.items() if one.empty]
        if not empty:
            return ""
        text = f"Choose {' and '.join(empty)} images first, from layers or a folder"
        return f"{text}{OR_SAMPLE if len(empty) > 1 else ''}."

    def _look(self) -> None:
        """Look at what is chosen now, in a worker; a look under way is given up."""
        self._worker.stop()
        choices = self.session.choices
        self._looked = None
        self.samples.clear()
        self.samples.setVisible(not all(one.empty for one in choices.values()))
        if not self.samples.isVisibleTo(self):
            self.gap.hide()
            self.classes.hide()
            self._say()
            return
        self.verdict.setText(LOOKING)
        self.samples.stop.show()
        self.fix.hide()
        worker = thread_worker(look_safely)(
            plan_look("source", choices["source"]),
            plan_look("target", choices["target"]),
            self.session.voxel_size,
        )
        self._worker.start(worker, self._on_yielded)

    def _on_yielded(self, found: Planned | SampleReport | Looked | str) -> None:
        if isinstance(found, Planned):
            self._count = Count(found.samples)
            return
        if isinstance(found, SampleReport):
            self.samples.append(found)
            self.verdict.setText(f"{LOOKING} {self._count.next()}")
            return
        self._worker.done()
        self.samples.stop.hide()
        if isinstance(found, Looked):
            self._show(found)
        else:
            self.verdict.setMarked("error", found)
            self.session.set_problem(found)

    def _on_stop_clicked(self) -> None:
        self._worker.stop()
        self.samples.stop.hide()
        self.verdict.setMarked("note", STOPPED)
        self.session.set_problem(STOPPED)

    def _show(self, looked: Looked) -> None:
        self._looked = looked
        inspection, dataset = looked.inspection, looked.dataset
        source, found = self.session.choices["source"], dict(dataset.source.classes)
        if source.folder is None and found and found != source.classes:
            with signals_blocked(self.session):
                self.session.choose("source", replace(source, classes=found))
        self._show_classes(dataset.source)
        structures = dataset.structures
        self.samples.show_inspection(inspection, len(structures))
        self.gap.setVisible(any(report.shape for report in inspection.samples))
        self.gap.show_inspection(inspection, structures)
        for name, picker in self.pickers.items():
            folder = self.session.choices[name].folder
            if folder is not None:
                usable = bool(dataset.domain(name).samples)
                self.session.note_folder(name, folder, usable)
                picker.folder.setRecent(self.session.recent_folders(name))
            picker.setSummary(_summary(name, dataset, inspection))
            picker.setTruth(bool(inspection.domain(name).labelled))
            reports = [one for one in inspection.samples if one.domain == name]
            picker.axes.setFound(one.axes for one in reports)
            picker.voxel_size.setKnown(
                inspection.domain(name),
                max([2, *(len(one.shape) for one in reports)]),
                sections=dataset.domain(name).slices == "z",
            )
        self._say()

    def _show_classes(self, found: Domain) -> None:
        """Show the classes of the source; a folder of masks is named by its folders."""
        source = self.session.choices["source"]
        of_folder = source.folder is not None
        membranes = found.membrane_width is not None
        self.classes.setValue(
            {} if membranes else found.classes,
            named_by_folder=of_folder and found.overlapping,
            typed=of_folder and bool(source.classes),
        )
        self.classes.setVisible(bool(self.classes.value()))

    def _say(self) -> None:
        """Say whether training can start, or the first reason why not."""
        looked, missing = self._looked, self._missing()
        typed = {name: one.voxel_size.problem for name, one in self.pickers.items()}
        if looked is None and not missing:
            return
        level, text, problem = readiness(looked, missing, typed)
        self.verdict.setMarked(level, text)
        self.verdict.setToolTip(all_problems(looked))
        unit = looked.inspection.source.unit if looked else None
        self.fix.offer(remedy(looked), unit)
        self.session.set_problem(problem)

    def _on_classes_edited(self) -> None:
        source = self.session.choices["source"]
        classes = self.classes.value()
        if source.folder is not None:
            classes = {**source.classes, **self.classes.changes()}
        self.session.choose("source", replace(source, classes=classes))

    def _on_classes_forgotten(self) -> None:
        source = self.session.choices["source"]
        self.session.choose("source", replace(source, classes={}))


def _labels(choice: Any) -> list[int]:
    return [id(layer) for pair in choice.layers for layer in pair.layers[1:]]


def _share_images(one: DomainChoice, other: DomainChoice) -> bool:
    """Tell whether two choices have an image layer in common."""
    return bool({id(p.image) for p in one.layers} & {id(p.image) for p in other.layers})


def _summary(name: DomainName, dataset: Dataset, inspection: Inspection) -> str:
    summary = inspection.domain(name)
    if not summary.samples:
        return ""
    parts = [count_text(summary.samples, "sample")]
    tests = len(dataset.domain(name).part("test"))
    if tests:
        parts.append(f"{tests} for testing")
    if name == "source":
        parts.append(count_text(len(dataset.structures), "class"))
    elif summary.labelled:
        parts.append(f"truth for {summary.labelled}")
    return " \N{MIDDLE DOT} ".join(parts)
