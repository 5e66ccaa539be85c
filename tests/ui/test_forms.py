from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QComboBox, QSpinBox

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import Config, quantity
from napari_uda.core.spec.experiment import Training
from napari_uda.core.spec.methods import METHODS, PRESET_NAMES, GrlConfig, method_config
from napari_uda.ui.editors import FloatEdit, Limits, editor_value, set_editor_value
from napari_uda.ui.forms import ConfigForm

ALL = [
    *(method_config(name, preset) for name in METHODS for preset in PRESET_NAMES),
    Training(),
    Training(device="cuda:1", seed=2**31 - 1, threads=3, memory=0.125),
]


class Odd(Config):
    tiny: Annotated[float, quantity("V", gt=0)] = 1e-4
    """A small number."""
    limit: Annotated[float, Field(ge=0, le=2)] | None = None
    """Perhaps a number."""
    count: Annotated[int, Field(ge=0)] = 0
    kind: Literal["a", "b"] = "a"


def make(qtbot, config, **options):
    form = ConfigForm(config, **options)
    qtbot.addWidget(form)
    return form


@pytest.mark.parametrize("config", ALL, ids=lambda c: type(c).__name__)
def test_every_configuration_survives_the_form(qtbot, config):
    assert make(qtbot, config).value() == config
    form = make(qtbot, type(config)())
    form.setValue(config)
    assert form.value() == config


@pytest.mark.parametrize(
    "number", [1e-4, 0.1, 0.999, 3e-7, 1 / 3, 12345.678, 2e-38, 1e22]
)
def test_a_float_is_kept_exactly_over_many_decades(qtbot, number):
    form = make(qtbot, Odd())
    form.setValue(Odd(tiny=number))
    assert form.value().tiny == number


@pytest.mark.parametrize(
    ("typed", "number"), [("1e-4", 1e-4), ("0.0003", 3e-4), ("2,5", 2.5), ("1E3", 1e3)]
)
def test_numbers_can_be_typed_in_scientific_notation(qtbot, typed, number):
    form = make(qtbot, Odd(tiny=0.7))
    editor = form.findChild(FloatEdit)
    editor.lineEdit().selectAll()
    qtbot.keyClicks(editor.lineEdit(), typed)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert form.value().tiny == number


@pytest.mark.parametrize("typed", ["0", "-1", "abc", "", "1e999"])
def test_what_is_not_allowed_falls_back_to_the_last_number(qtbot, typed):
    form = make(qtbot, Odd(tiny=0.7))
    editor = form.findChild(FloatEdit)
    editor.lineEdit().selectAll()
    qtbot.keyClick(editor.lineEdit(), Qt.Key.Key_Backspace)
    qtbot.keyClicks(editor.lineEdit(), typed)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert form.value().tiny == 0.7


def test_arrow_keys_climb_decades_or_stay_in_a_fraction(qtbot):
    rate = FloatEdit(Limits(0, 1, low_excluded=True))
    fraction = FloatEdit(Limits(0, 1, high_excluded=True))
    for editor in (rate, fraction):
        qtbot.addWidget(editor)
    rate.setValue(1e-4)
    rate.stepBy(1)
    assert rate.value() == 2e-4
    rate.stepBy(-2)
    assert rate.value() == 5e-5
    fraction.setValue(0.98)
    fraction.stepBy(1)
    assert fraction.value() == 0.98
    fraction.stepBy(-1)
    assert fraction.value() == pytest.approx(0.93)


def test_none_has_a_state_of_its_own(qtbot):
    form = make(qtbot, Odd())
    assert form.value().limit is None
    form.setValue(Odd(limit=0.0))
    assert form.value().limit == 0.0
    form.setValue(Odd(limit=None))
    assert form.value().limit is None


def test_labels_are_yaml_keys_and_the_name_is_hidden(qtbot):
    config = GrlConfig()
    form = make(qtbot, config)
    keys = list(config.model_dump())
    assert list(form._labels) == [key for key in keys if key != "name"]
    assert form._labels["patch_size"].text() == "patch_size"


def test_a_tooltip_has_sentence_unit_and_range(qtbot):
    form = make(qtbot, GrlConfig())
    tip = form._editors["learning_rate"].toolTip()
    assert "Learning rate of Adam for the segmenter." in tip
    assert "per step" in tip
    assert "(0, 1]" in tip


def test_changes_are_marked_and_can_be_reset(qtbot):
    form = make(qtbot, GrlConfig())
    with qtbot.waitSignal(form.valueChanged):
        form._editors["patch_size"].setValue(256)
    assert list(form.changed()) == ["patch_size"]
    assert form._labels["patch_size"].font().bold()
    assert "preset: 128" in form._labels["patch_size"].toolTip()
    form.reset()
    assert not form.changed()
    assert not form._labels["patch_size"].font().bold()
    assert form.value() == GrlConfig()


def test_the_reference_can_follow_the_data(qtbot):
    form = make(qtbot, GrlConfig())
    fitted = GrlConfig(patch_size=64)
    form.setReference(fitted)
    assert list(form.changed()) == ["patch_size"]
    form.setValue(fitted)
    assert not form.changed()


def test_values_that_do_not_fit_together_are_explained(qtbot):
    form = make(qtbot, GrlConfig())
    form._editors["patch_size"].setValue(16)
    form._editors["levels"].setValue(7)
    assert "too small for 7 levels" in form.problem
    with pytest.raises(UserError, match="too small"):
        form.value()


def test_integers_reach_their_limits(qtbot):
    form = make(qtbot, Training())
    seed = form._editors["seed"]
    assert isinstance(seed, QSpinBox)
    assert seed.maximum() == 2**31 - 1
    assert form._editors["log_every"].minimum() == 1


def test_choices_keep_their_type(qtbot):
    form = make(qtbot, GrlConfig())
    dims = form._editors["dims"]
    assert isinstance(dims, QComboBox)
    set_editor_value(dims, 3)
    assert editor_value(dims) == 3
    assert form.value().dims == 3


def test_the_wheel_scrolls_past_an_editor_without_focus(qtbot):
    form = make(qtbot, GrlConfig())
    form.show()
    editor = form._editors["steps"]
    before = form.value()
    event = QWheelEvent(
        QPointF(5, 5), QPointF(editor.mapToGlobal(QPoint(5, 5))), QPoint(0, 0),
        QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    form.setFocus()
    QApplication.sendEvent(editor, event)
    assert form.value() == before


def test_some_fields_can_be_changed_and_foreign_ones_are_left_out(qtbot):
    form = make(qtbot, GrlConfig())
    form.change({"batch_size": 2, "no_such_field": 1})
    assert form.changed() == {"batch_size": 2}
