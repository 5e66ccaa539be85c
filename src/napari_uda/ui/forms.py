"""A form for any configuration, made from the one place that defines it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import Config, parse
from napari_uda.core.spec.describe import groups_of

from .muted import mute_placeholder
from .room import make_room
from .section import Section
from .setting_rows import SettingRows, describe
from .words import marked_text

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent
    from qtpy.QtWidgets import QToolButton


@dataclass(eq=False)
class _Group:
    """Settings that are shown and folded together."""

    names: list[str]
    """The settings."""
    section: Section
    """Their title, and what is below it."""
    rows: SettingRows | None = None
    """Their editors, once they were to be seen."""


class ConfigForm(QWidget):
    """Edits a configuration; labels are the keys of its YAML file.

    Settings are in groups that fold, if the class of the configuration says what
    belongs together; the first is open. Editors are made when they are first seen.

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
        self._values = dict(config)
        self._problem = ""
        self._groups: dict[str, _Group] = {}
        self._unfolded: list[_Group] | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a setting")
        mute_placeholder(self.search)
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_search)
        self.complaint = QLabel()
        self.complaint.setWordWrap(True)
        self.complaint.hide()
        self._layout.addWidget(self.search)
        self._layout.addWidget(self.complaint)
        for title, names in groups_of(type(config)).items():
            if shown := [name for name in names if name not in hidden]:
                self._add(title, shown)
        only = len(self._groups) == 1
        self.search.setHidden(only)
        for group in self._groups.values():
            group.section.head.setHidden(only)
        next(iter(self._groups.values())).section.unfold()

    @property
    def names(self) -> list[str]:
        """The settings that can be edited, in the order of their class."""
        shown = {name for group in self._groups.values() for name in group.names}
        return [name for name in type(self._config).model_fields if name in shown]

    def value(self) -> Config:
        """Return the configuration as edited.

        Raises
        ------
        UserError
            If the values do not fit together; `problem` says the same.
        """
        return parse(type(self._config), self._values)

    def setValue(self, config: Config) -> None:
        """Show a configuration of the same kind."""
        self._config = config
        self._values = dict(config)
        self._on_changed()

    def change(self, values: dict[str, Any]) -> None:
        """Change some fields; names that there are not are left out."""
        self._values |= {name: values[name] for name in self.names if name in values}
        self._on_changed()

    def fitting(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return those of some values that a setting of that name could have."""
        kind = type(self._config)
        fits = {}
        for name in values.keys() & set(self.names):
            with suppress(UserError):
                parse(kind, dict(self._reference) | {name: values[name]})
                fits[name] = values[name]
        return fits

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

    def current(self, name: str) -> Any:
        """Return the value of a setting, whether or not it fits the others."""
        return self._values[name]

    def changed(self) -> dict[str, Any]:
        """Return the fields that differ from the reference, with their values."""
        return {
            name: self._values[name]
            for name in self.names
            if self._values[name] != getattr(self._reference, name)
        }

    def reset(self) -> None:
        """Return to the reference."""
        self.setValue(self._reference)

    def section(self, name: str) -> Section:
        """Return the group that a setting is in."""
        return self._group(name).section

    def editor(self, name: str) -> QWidget:
        """Return the editor of a setting."""
        return self._rows(self._group(name)).editors[name]

    def label(self, name: str) -> QLabel:
        """Return the label of a setting."""
        return self._rows(self._group(name)).labels[name]

    def reset_button(self, name: str) -> QToolButton:
        """Return the button that resets a setting."""
        return self._rows(self._group(name)).resets[name]

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the editors that can be seen now."""
        self._make_open()
        super().showEvent(event)

    def _add(self, title: str, names: list[str]) -> None:
        section = Section(title)
        section.toggled.connect(self._on_toggled)
        self._groups[title] = _Group(names, section)
        self._layout.addWidget(section)

    def _group(self, name: str) -> _Group:
        return next(one for one in self._groups.values() if name in one.names)

    def _rows(self, group: _Group) -> SettingRows:
        """Return the editors of a group, made now if they were not there yet."""
        if group.rows is None:
            longest = max(self.names, key=len)
            group.rows = SettingRows(type(self._config), group.names, longest)
            group.rows.show_values(self._values)
            group.rows.mark(self.changed(), self._reference)
            group.rows.edited.connect(self._on_edited)
            group.rows.reset_asked.connect(self._on_reset_asked)
            group.section.content.addWidget(group.rows)
            group.rows.show()
            if self.isVisible():
                make_room(group.rows)
        return group.rows

    def _make_open(self) -> None:
        for group in self._groups.values():
            if group.section.is_open:
                self._rows(group)

    def _mark(self) -> None:
        changed = self.changed()
        for group in self._groups.values():
            count = sum(name in changed for name in group.names)
            group.section.note = f"{count} changed" if count else ""
            if group.rows is not None:
                group.rows.mark(changed, self._reference)

    def _point_out(self) -> None:
        """Say what does not fit together, and unfold the groups that it is in."""
        before, self._problem = self._problem, self.problem
        self.complaint.setText(marked_text("warning", f"does not fit: {self._problem}"))
        self.complaint.setVisible(bool(self._problem))
        if not self._problem or self._problem == before:
            return
        said = set(re.findall(r"\w+", self._problem))
        for group in self._groups.values():
            if said & set(group.names):
                group.section.unfold()
                if self._unfolded is not None:
                    self._unfolded.append(group)

    def _on_changed(self) -> None:
        """Show values that did not come from the editors."""
        for group in self._groups.values():
            if group.rows is not None:
                group.rows.show_values(self._values)
        self._tell()

    def _on_edited(self) -> None:
        for group in self._groups.values():
            if group.rows is not None:
                self._values |= group.rows.values()
        self._tell()

    def _on_reset_asked(self, name: str) -> None:
        self.change({name: getattr(self._reference, name)})

    def _tell(self) -> None:
        self._mark()
        self._point_out()
        self.valueChanged.emit()

    def _on_toggled(self) -> None:
        if self.isVisible():
            self._make_open()

    def _on_search(self, text: str) -> None:
        """Show the settings whose name or description has these words."""
        if self._unfolded is None:
            self._unfolded = [g for g in self._groups.values() if g.section.is_open]
        for group in self._groups.values():
            found = [name for name in group.names if self._is_about(name, text)]
            group.section.setVisible(bool(found))
            if found and (text or group in self._unfolded):
                group.section.unfold()
            else:
                group.section.fold()
            if group.rows is not None:
                group.rows.show_only(found)
        if not text:
            self._unfolded = None

    def _is_about(self, name: str, text: str) -> bool:
        about = f"{name} {name.replace('_', ' ')} {describe(type(self._config), name)}"
        return text.lower() in about.lower()
