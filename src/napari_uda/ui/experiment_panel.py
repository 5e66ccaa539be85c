"""The choice of a method, its settings, the device and the name of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from napari.qt.threading import thread_worker
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.experiment import Training
from napari_uda.core.spec.methods import METHODS, PRESET_NAMES
from napari_uda.core.spec.run import TITLE_LENGTH

from .device_combo import DeviceCombo
from .estimate_row import EstimateRow
from .fitting import extent_of, preset_config
from .forms import ConfigForm
from .method_cards import MethodCombo
from .run_names import RunName, folder_name, free_name, next_name
from .section import Section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_uda.core.spec.methods import MethodConfig, Preset

    from .jobs import How
    from .run_summary import RunSummary
    from .session import Session
    from .snapshot import Snapshot

BASELINE, AFTER_IT = "source_only", "grl"
"""Methods that are suggested: without a baseline nobody can tell what helps."""
PRESET_WORDS = {
    "quick": "Small networks and patches: minutes on a processor",
    "paper": "Networks, losses and schedule of the paper: for a GPU",
}
INDENT = 4
"""Pixels that the groups of settings are to the right of their title."""


class ExperimentPanel(QWidget):
    """Edits everything of an experiment except its data.

    Parameters
    ----------
    session
        The session; the settings follow its data.
    """

    changed = Signal()
    """`problem` or the settings may have changed."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._extent: tuple[int, int] | None = None
        self._fitter: Any = None
        self._outdated = False
        self._named = ""
        self._form: ConfigForm | None = None
        self._kept: dict[str, Any] = {}
        self._suggested = BASELINE

        self.method = MethodCombo()
        self.method.setCurrentIndex(max(0, self.method.findData(BASELINE)))
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.presets = QButtonGroup(self)
        presets = QHBoxLayout()
        self._preset_buttons: dict[str, QRadioButton] = {}
        for name in PRESET_NAMES:
            button = QRadioButton(name)
            button.setToolTip(PRESET_WORDS[name])
            self.presets.addButton(button)
            presets.addWidget(button)
            self._preset_buttons[name] = button
        presets.addStretch()
        self._preset_buttons["quick"].setChecked(True)

        self.settings, self._settings_reset = _section("Settings")
        self.settings.content.setContentsMargins(INDENT, 0, 0, 0)
        self.advanced, self._advanced_reset = _section("Advanced")
        self.training = ConfigForm(Training(), hidden=("device",))
        self.advanced.content.addWidget(self.training)
        self.inside = QComboBox()
        self.inside.addItem("in a process of its own", "process")
        self.inside.addItem("inside napari", "thread")
        self.inside.setToolTip(
            "A process of its own frees the GPU when it ends, cannot take napari down, "
            "and goes on when napari is closed.\nInside napari is for bundled apps "
            "that cannot start one."
        )
        row = QFormLayout()
        row.addRow("train", self.inside)
        self.advanced.content.addLayout(row)

        self.device = DeviceCombo()
        self.run_name = QLineEdit()
        self.run_name.setMaxLength(TITLE_LENGTH)
        places = QFormLayout()
        places.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        places.addRow("Method", self.method)
        rest = QFormLayout()
        rest.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rest.addRow("Device", self.device)
        rest.addRow("Name", self.run_name)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(places)
        layout.addWidget(self.summary)
        layout.addLayout(presets)
        layout.addWidget(self.settings)
        layout.addWidget(self.advanced)
        layout.addLayout(rest)

        self.method.currentIndexChanged.connect(self._on_method)
        self.presets.buttonToggled.connect(self._on_preset)
        self.training.valueChanged.connect(self._on_edited)
        self._settings_reset.clicked.connect(self._on_reset_settings)
        self._advanced_reset.clicked.connect(self.training.reset)
        self.run_name.textChanged.connect(self._on_named)
        session.choices_changed.connect(self._on_choices)
        session.runs_changed.connect(self.suggest_name)
        self._on_method()
        self._on_choices()
        self.estimate = EstimateRow(session, self)
        layout.addWidget(self.estimate)

    @property
    def preset(self) -> Preset:
        """The chosen preset."""
        chosen = next(n for n, b in self._preset_buttons.items() if b.isChecked())
        return cast("Preset", chosen)

    @property
    def how(self) -> How:
        """Where the trainer shall run."""
        return cast("How", self.inside.currentData())

    @property
    def name(self) -> RunName:
        """What the run to be is called: what was typed, counted up if it is taken."""
        text = " ".join(self.run_name.text().split())
        return free_name(self._session.runs_folder, text or self._named)

    @property
    def problem(self) -> str:
        """Why this cannot be trained, in one sentence; empty if it can."""
        return self.form.problem or self.training.problem

    @property
    def form(self) -> ConfigForm:
        """The form of the chosen method."""
        assert self._form is not None
        return self._form

    def value(self) -> tuple[MethodConfig, Training]:
        """Return the settings of the method and of training.

        Raises
        ------
        UserError
            If they do not fit together.
        """
        device = {"device": self.device.value()}
        training = parse(Training, {**dict(self.training.value()), **device})
        return cast("MethodConfig", self.form.value()), training

    @property
    def brief(self) -> str:
        """What would be trained, in a few words."""
        count = len(self.form.changed()) + len(self.training.changed())
        changed = f", {count} changed" if count else ""
        return f"{self.method.currentText()}, {self.preset}{changed}"

    def choose_method(self, name: str) -> None:
        """Choose a method; none is suggested any more."""
        self._suggested = ""
        self.method.setCurrentIndex(self.method.findData(name))

    def suggest_method(self, runs: Iterable[RunSummary]) -> None:
        """Choose what to train next, unless the user has chosen or changed something.

        Parameters
        ----------
        runs
            The runs there are.
        """
        trained = any(
            run.method == BASELINE and run.state in ("finished", "stopped")
            for run in runs
        )
        wanted = AFTER_IT if trained else BASELINE
        untouched = self.method.currentData() == self._suggested
        if untouched and wanted != self._suggested and not self.form.changed():
            self._suggested = wanted
            self.method.setCurrentIndex(self.method.findData(wanted))

    def suggest_name(self) -> None:
        """Choose a free name; one that the user has given counts up if it is taken."""
        if self.run_name.text() not in ("", self._named):
            if not self.run_name.hasFocus():
                self.run_name.setText(self.name.title)
            self._on_named()
            return
        names = (_domain_name(choice) for choice in self._session.choices.values())
        pair = "-".join(dict.fromkeys(filter(None, names))) or "run"
        stem = folder_name(f"{pair}_{self.method.currentData()}")
        self._named = next_name(self._session.runs_folder, stem).title
        self.run_name.setText(self._named)
        self._on_named()

    def _on_named(self) -> None:
        """Say in which folder the run will be."""
        folder, title = self.name
        called = "" if title == self.run_name.text().strip() else f"{title}, "
        self.run_name.setToolTip(f"Title of the run ({called}its folder is {folder})")
        self.changed.emit()

    def _preset(self, name: str) -> MethodConfig:
        return preset_config(self.method.currentData(), name, self._extent)

    def _on_method(self) -> None:
        if self.method.currentData() != self._suggested:
            self._suggested = ""  # chosen by the user, or for them
        kind = METHODS[self.method.currentData()]
        self.summary.setText(" ".join(filter(None, (kind.summary, kind.prefer))))
        self.summary.setToolTip(f"{kind.needs}\n{kind.reference}")
        old = self._form
        self._form = ConfigForm(self._preset(self.preset))
        if old is not None:
            # What was typed stays; what this method lacks comes back with the next.
            gone = {k: v for k, v in self._kept.items() if k not in old.names}
            self._kept = gone | old.changed()
            self._form.change(self._form.fitting(self._kept))
        self._form.valueChanged.connect(self._on_edited)
        self.settings.content.addWidget(self._form)
        if old is not None:
            old.hide()
            old.deleteLater()
        self.suggest_name()
        self._on_edited()

    def _on_preset(self, _button: QRadioButton, checked: bool) -> None:
        if checked:
            self._use_preset()

    def _use_preset(self) -> None:
        config = self._preset(self.preset)
        self._kept = {}
        self.form.setReference(config)
        self.form.setValue(config)

    def _on_reset_settings(self) -> None:
        self.form.reset()

    def _on_edited(self) -> None:
        pairs = (
            (self.settings, self._settings_reset, self.form),
            (self.advanced, self._advanced_reset, self.training),
        )
        for section, reset, form in pairs:
            count = len(form.changed())
            section.note = f"{count} changed" if count else ""
            reset.setVisible(bool(count))
        self._name_presets()
        if self.form.problem:
            self.settings.unfold()
        self.changed.emit()

    def _name_presets(self) -> None:
        """Say how many steps each would train, the chosen one as it was changed."""
        for name, button in self._preset_buttons.items():
            chosen = button.isChecked()
            steps = self.form.current("steps") if chosen else self._preset(name).steps
            button.setText(f"{name}, {steps:,} steps")

    def _on_choices(self) -> None:
        self.suggest_name()
        if self._fitter is not None:
            self._outdated = True
            return
        try:
            snapshot = self._session.snapshot()
        except UserError:
            return
        self._fitter = thread_worker(_extent_of_held)([snapshot])
        self._fitter.returned.connect(self._on_extent)
        self._fitter.start()

    def _on_extent(self, extent: tuple[int, int] | None) -> None:
        self._fitter = None
        if self._outdated:
            self._outdated = False
            self._on_choices()
        elif extent != self._extent:
            own = self.form.changed()
            self._extent = extent
            self._use_preset()
            self.form.change(own)


def _extent_of_held(held: list[Snapshot]) -> tuple[int, int] | None:
    """Let go of the pixels in the end: napari keeps every worker until it closes."""
    return extent_of(held.pop())


def _section(title: str) -> tuple[Section, QToolButton]:
    """Make a section to unfold, and the button that undoes what was changed in it."""
    section = Section(title)
    reset = QToolButton()
    reset.setText("reset")
    reset.setAutoRaise(True)
    reset.setToolTip(f"Undo all changes in {title}: back to the preset")
    reset.hide()
    section.beside.addWidget(reset)
    return section, reset


def _domain_name(choice: Any) -> str:
    if choice.folder is not None:
        # Folders called source and target are told apart by what they lie in.
        generic = choice.folder.name in ("source", "target")
        return str(choice.folder.parent.name if generic else choice.folder.name)
    return str(choice.layers[0].image.name) if choice.layers else ""
