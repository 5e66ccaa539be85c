"""Rows of a form: settings by the keys of their YAML file, each with its editor."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QFontMetrics
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_uda.core.spec.describe import allowed_text, descriptions, unit_of

from .editors import change_signal, editor_value, make_editor, set_editor_value
from .steady_label import place_kept

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pydantic import BaseModel
    from qtpy.QtGui import QShowEvent


class SettingRows(QWidget):
    """Edits some settings of a configuration.

    Parameters
    ----------
    kind
        The class of the configuration.
    names
        Which settings.
    longest
        The name that labels leave room for, so that the rows of several stand in line.
    """

    edited = Signal()
    """The user changed a value."""
    reset_asked = Signal(str)
    """A setting shall be as in the preset again."""

    def __init__(
        self, kind: type[BaseModel], names: Iterable[str], longest: str
    ) -> None:
        super().__init__()
        self._longest = longest
        self._tips = {name: describe(kind, name) for name in names}
        self.editors: dict[str, QWidget] = {}
        self.labels: dict[str, QLabel] = {}
        self.resets: dict[str, QToolButton] = {}
        self._fields: dict[str, QWidget] = {}
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(2)
        layout.setVerticalSpacing(4)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        wheel = _WheelGuard(self)
        for name, tip in self._tips.items():
            editor = make_editor(kind.model_fields[name])
            editor.setToolTip(tip)
            if isinstance(editor, QSpinBox) and editor.minimum() == 0:
                editor.setSpecialValueText(word_of_zero(tip))
            editor.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            editor.installEventFilter(wheel)
            change_signal(editor).connect(self.edited)
            label = QLabel(name)
            label.setToolTip(tip)
            self.editors[name], self.labels[name] = editor, label
            self._fields[name] = self._field(name)
            layout.addRow(label, self._fields[name])

    def _field(self, name: str) -> QWidget:
        """Return an editor with the button that resets it, whose place is kept free."""
        button = QToolButton()
        button.setText("\N{ANTICLOCKWISE OPEN CIRCLE ARROW}")
        button.setAutoRaise(True)
        button.setAccessibleName(f"Reset {name}")
        button.setSizePolicy(place_kept(button.sizePolicy()))
        button.clicked.connect(partial(self.reset_asked.emit, name))
        button.hide()
        self.resets[name] = button
        field = QWidget()
        line = QHBoxLayout(field)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.editors[name], 1)
        line.addWidget(button)
        return field

    def values(self) -> dict[str, Any]:
        """Return what the editors show."""
        return {name: editor_value(editor) for name, editor in self.editors.items()}

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show values, of which there may be more than rows."""
        for name, editor in self.editors.items():
            with signals_blocked(editor):
                set_editor_value(editor, values[name])

    def mark(self, changed: Collection[str], reference: BaseModel) -> None:
        """Print the names of changed settings bold, and offer what they were."""
        for name, label in self.labels.items():
            font = label.font()
            font.setBold(name in changed)
            label.setFont(font)
            default = getattr(reference, name)
            note = f"\nChanged; preset: {default}" if name in changed else ""
            label.setToolTip(self._tips[name] + note)
            self.resets[name].setVisible(name in changed)
            self.resets[name].setToolTip(f"Back to {default}, as in the preset.")

    def show_only(self, names: Collection[str]) -> None:
        """Show the rows of these settings and no others."""
        for name, field in self._fields.items():
            field.setVisible(name in names)
            self.labels[name].setVisible(name in names)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Leave room for the longest name, bold, in the letters that labels have."""
        super().showEvent(event)
        for name, label in self.labels.items():
            label.ensurePolished()
            font = label.font()
            font.setBold(True)  # nothing moves when it is changed
            metrics = QFontMetrics(font)
            margins = label.sizeHint().width() - label.fontMetrics().horizontalAdvance(
                name
            )
            label.setMinimumWidth(margins + metrics.horizontalAdvance(self._longest))


class _WheelGuard(QObject):
    """Keeps the wheel from changing values while the user scrolls past them."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Hand the wheel to the scroll area unless the editor has the focus."""
        if (
            event is not None
            and event.type() == QEvent.Type.Wheel
            and isinstance(watched, QWidget)
            and not watched.hasFocus()
        ):
            event.ignore()
            return True
        return False


def describe(config: type[BaseModel], name: str) -> str:
    """Say what a setting is, its unit and its range, for a tooltip."""
    field = config.model_fields[name]
    text = descriptions(config).get(name, "").replace("\n", " ")
    details = ", ".join(filter(None, (allowed_text(field), unit_of(field))))
    return f"{text}\n{details}" if details else text


def word_of_zero(tip: str) -> str:
    """Return what 0 means, if a description says so, as `; 0: all cores`."""
    found = re.search(r"; 0: ([^.;,]+)", tip)
    return found[1] if found else ""
