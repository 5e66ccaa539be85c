"""Editors of single values: exact numbers of any size, choices, optional values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from qtpy.QtCore import Signal
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from napari_uda.core.spec.describe import limits_of, unit_of

from .narrow_combo import NarrowCombo

LARGEST_INT = 2**31 - 1
LARGEST_FLOAT = 1e300
DECIMALS = 60
"""Digits kept behind the point: enough for 1e-40 without loss."""
LONGEST_SUFFIX = 4
FINE_STEP = 0.05
"""What an arrow key adds to a fraction or a probability."""


@dataclass(frozen=True)
class Limits:
    """Smallest and largest value of a field, and whether they are excluded."""

    low: float = -math.inf
    high: float = math.inf
    low_excluded: bool = False
    high_excluded: bool = False

    @classmethod
    def of(cls, field: FieldInfo) -> Limits:
        """Read the limits of a pydantic field."""
        limits = limits_of(field)
        low = limits.get("ge", limits.get("gt", -math.inf))
        high = limits.get("le", limits.get("lt", math.inf))
        return cls(low, high, "gt" in limits, "lt" in limits)

    def allow(self, value: float) -> bool:
        """Tell whether a value is allowed."""
        above = value > self.low if self.low_excluded else value >= self.low
        below = value < self.high if self.high_excluded else value <= self.high
        return above and below


class FloatEdit(QDoubleSpinBox):
    """A number over any number of decades, as `0.0001` or `1e-4`, kept exactly.

    Parameters
    ----------
    limits
        Allowed values.
    """

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits
        self.setDecimals(DECIMALS)
        self.setRange(max(limits.low, -LARGEST_FLOAT), min(limits.high, LARGEST_FLOAT))
        self.setKeyboardTracking(False)

    def textFromValue(self, value: float) -> str:
        """Return the shortest text that reads back as the same number."""
        short = f"{value:g}"
        return short if float(short) == value else repr(value)

    def valueFromText(self, text: str | None) -> float:
        """Read a number."""
        number = _number(self._bare(text or ""))
        return self.value() if number is None else number

    def validate(
        self, text: str | None, position: int
    ) -> tuple[QValidator.State, str, int]:
        """Accept allowed numbers; anything else is not yet one."""
        text = text or ""
        number = _number(self._bare(text))
        fine = number is not None and self._limits.allow(number)
        state = QValidator.State.Acceptable if fine else QValidator.State.Intermediate
        return state, text, position

    def fixup(self, text: str | None) -> str:
        """Return to the last number when what was typed is none."""
        return self.textFromValue(self.value()) + self.suffix()

    def stepBy(self, steps: int) -> None:
        """Step by 0.05 in a range up to 1, else along 1, 2, 5, 10, ..."""
        value = self.value()
        if self._limits.high <= 1 and not self._limits.low_excluded:
            value = round(value + steps * FINE_STEP, 10)
        else:
            for _ in range(abs(steps)):
                value = _ladder(value, up=steps > 0)
        value = min(max(value, self.minimum()), self.maximum())
        if self._limits.allow(value):
            self.setValue(value)

    def _bare(self, text: str) -> str:
        return text.removesuffix(self.suffix()).strip()


class OptionalEdit(QWidget):
    """A tick box for `None`, and an editor for everything else.

    Parameters
    ----------
    editor
        Edits the value where there is one.
    """

    changed = Signal()

    def __init__(self, editor: QWidget) -> None:
        super().__init__()
        self.check = QCheckBox()
        self.editor = editor
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.check)
        layout.addWidget(editor, 1)
        editor.setEnabled(False)
        self.check.toggled.connect(editor.setEnabled)
        self.check.toggled.connect(self.changed)
        change_signal(editor).connect(self.changed)


def make_editor(field: FieldInfo) -> QWidget:
    """Make the editor that fits a pydantic field.

    Raises
    ------
    TypeError
        If no editor fits the type of the field.
    """
    unit = unit_of(field)
    return _editor(field.annotation, Limits.of(field), f" {unit}" if unit else "")


def editor_value(editor: QWidget) -> Any:
    """Return what an editor shows."""
    match editor:
        case OptionalEdit():
            return editor_value(editor.editor) if editor.check.isChecked() else None
        case QCheckBox():
            return editor.isChecked()
        case QComboBox():
            return editor.currentData()
        case QLineEdit():
            return editor.text()
        case QSpinBox() | FloatEdit():
            return editor.value()
    raise TypeError(f"{type(editor).__name__} is no editor")


def set_editor_value(editor: QWidget, value: Any) -> None:
    """Show a value in an editor."""
    match editor:
        case OptionalEdit():
            editor.check.setChecked(value is not None)
            if value is not None:
                set_editor_value(editor.editor, value)
        case QCheckBox():
            editor.setChecked(value)
        case QComboBox():
            editor.setCurrentIndex(editor.findData(value))
        case QLineEdit():
            editor.setText(value)
        case QSpinBox() | FloatEdit():
            editor.setValue(value)


def change_signal(editor: QWidget) -> Any:
    """Return the signal that an editor emits when its value changes."""
    match editor:
        case OptionalEdit():
            return editor.changed
        case QCheckBox():
            return editor.toggled
        case QComboBox():
            return editor.currentIndexChanged
        case QLineEdit():
            return editor.textChanged
        case QSpinBox() | FloatEdit():
            return editor.valueChanged
    raise TypeError(f"{type(editor).__name__} is no editor")


def _editor(kind: Any, limits: Limits, suffix: str) -> QWidget:
    kinds = get_args(kind)
    if get_origin(kind) is Literal:
        combo = NarrowCombo()
        for choice in kinds:
            combo.addItem(str(choice), choice)
        return combo
    if type(None) in kinds and len(kinds) == 2:
        inner = kinds[0] if kinds[1] is type(None) else kinds[1]
        # The limits of the inner type are its own, as in Annotated[float, ...] | None.
        field = FieldInfo.from_annotation(inner)
        return OptionalEdit(_editor(field.annotation, Limits.of(field), suffix))
    if kind is bool:
        return QCheckBox()
    if kind is str:
        return QLineEdit()
    if kind is int:
        whole = QSpinBox()
        low, high = limits.low + limits.low_excluded, limits.high - limits.high_excluded
        whole.setRange(int(max(low, -LARGEST_INT)), int(min(high, LARGEST_INT)))
        whole.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        whole.setKeyboardTracking(False)
        whole.setSuffix(suffix)
        return whole
    if kind is float:
        edit = FloatEdit(limits)
        # Words such as "per step" leave no room for digits: they are in the tooltip.
        edit.setSuffix(suffix if len(suffix) <= LONGEST_SUFFIX else "")
        return edit
    raise TypeError(f"no editor for {kind}")


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _ladder(value: float, up: bool) -> float:
    """Return the next of 1, 2, 5, 10, ... times a power of ten."""
    if value == 0:
        return 0.1 if up else 0.0
    if value < 0:
        return -_ladder(-value, not up)
    decade = math.floor(math.log10(value))
    rungs = [
        float(f"{digit}e{power}")
        for power in range(decade - 1, decade + 3)
        for digit in (1, 2, 5)
    ]
    if up:
        return next(rung for rung in rungs if rung > value * (1 + 1e-9))
    return next(rung for rung in reversed(rungs) if rung < value * (1 - 1e-9))
