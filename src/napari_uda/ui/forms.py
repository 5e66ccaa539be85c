"""A form for any configuration, made from the one place that defines it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QSizePolicy, QWidget
from superqt.utils import signals_blocked

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import Config, parse
from napari_uda.core.spec.describe import allowed_text, descriptions, unit_of

from .editors import (
    change_signal,
    editor_value,
    make_editor,
    set_editor_value,
)

if TYPE_CHECKING:
    from pydantic import BaseModel


class ConfigForm(QWidget):
    """Edits a configuration; labels are the keys of its YAML file.

    Parameters
    ----------
    config
        What to show at first, which is also what `changed` compares with.
    hidden
        Fields that keep their value and are not shown.
    parent
        Parent widget.
    """

    valueChanged = Signal()
    """The user changed a value."""

    def __init__(
        self,
        config: Config,
        hidden: tuple[str, ...] = ("name",),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._config = config
        self._reference = config
        self._editors: dict[str, QWidget] = {}
        self._labels: dict[str, QLabel] = {}
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(4)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        wheel = _WheelGuard(self)
        for name, field in type(config).model_fields.items():
            if name in hidden:
                continue
            editor = make_editor(field)
            tip = describe(type(config), name)
            editor.setToolTip(tip)
            editor.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            editor.installEventFilter(wheel)
            label = QLabel(name)
            label.setToolTip(tip)
            layout.addRow(label, editor)
            self._editors[name], self._labels[name] = editor, label
        self._show(config)
        for editor in self._editors.values():
            change_signal(editor).connect(self._on_edited)

    def value(self) -> Config:
        """Return the configuration as edited.

        Raises
        ------
        UserError
            If the values do not fit together; `problem` says the same.
        """
        return parse(type(self._config), self._values())

    def setValue(self, config: Config) -> None:
        """Show a configuration of the same kind."""
        self._config = config
        self._show(config)
        self._mark()
        self.valueChanged.emit()

    def change(self, values: dict[str, Any]) -> None:
        """Change some fields; names that there are not are left out."""
        for name in self._editors.keys() & values.keys():
            self._edit(name, values[name])
        self._on_edited()

    def setReference(self, config: Config) -> None:
        """Set what counts as unchanged, such as a preset fitted to the data."""
        self._reference = config
        self._mark()

    @property
    def problem(self) -> str:
        """Why the values do not fit together; empty if they do."""
        try:
            self.value()
        except UserError as error:
            return str(error)
        return ""

    def changed(self) -> dict[str, Any]:
        """Return the fields that differ from the reference, with their values."""
        values = self._values()
        return {
            name: values[name]
            for name in self._editors
            if values[name] != getattr(self._reference, name)
        }

    def reset(self) -> None:
        """Return to the reference."""
        self.setValue(self._reference)

    def _values(self) -> dict[str, Any]:
        edited = {name: editor_value(edit) for name, edit in self._editors.items()}
        return {**dict(self._config), **edited}

    def _show(self, config: Config) -> None:
        for name in self._editors:
            self._edit(name, getattr(config, name))

    def _edit(self, name: str, value: Any) -> None:
        with signals_blocked(self._editors[name]):
            set_editor_value(self._editors[name], value)

    def _mark(self) -> None:
        changed = self.changed()
        for name, label in self._labels.items():
            font = label.font()
            font.setBold(name in changed)
            label.setFont(font)
            default = getattr(self._reference, name)
            note = f"\nChanged; preset: {default}" if name in changed else ""
            label.setToolTip(describe(type(self._config), name) + note)

    def _on_edited(self) -> None:
        self._mark()
        self.valueChanged.emit()


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
