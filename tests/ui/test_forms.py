from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QFont, QWheelEvent
from qtpy.QtWidgets import QApplication, QComboBox, QSpinBox

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import Config, quantity
from napari_uda.core.spec.experiment import Training
from napari_uda.core.spec.methods import (
    METHODS,
    PRESET_NAMES,
    AccsegConfig,
    GrlConfig,
    method_config,
)
from napari_uda.ui.editors import FloatEdit, Limits, editor_value, set_editor_value
from napari_uda.ui.forms import ConfigForm
from napari_uda.ui.section import Section
from napari_uda.ui.setting_rows import SettingRows

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
    form = make(qtbot, type(config)())
    for _ in range(2):  # before there are editors, and with them
        form.setValue(config)
        assert form.value() == config
        shown = {name: editor_value(form.editor(name)) for name in form.names}
        assert shown == {name: getattr(config, name) for name in form.names}
        form.setValue(type(config)())
    assert form.value() == type(config)()


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
    editor = form.editor("tiny")
    editor.lineEdit().selectAll()
    qtbot.keyClicks(editor.lineEdit(), typed)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert form.value().tiny == number


@pytest.mark.parametrize("typed", ["0", "-1", "abc", "", "1e999"])
def test_what_is_not_allowed_falls_back_to_the_last_number(qtbot, typed):
    form = make(qtbot, Odd(tiny=0.7))
    editor = form.editor("tiny")
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
    assert form.names == [key for key in keys if key != "name"]
    assert form.label("patch_size").text() == "patch_size"


def test_a_tooltip_has_sentence_unit_and_range(qtbot):
    form = make(qtbot, GrlConfig())
    tip = form.editor("learning_rate").toolTip()
    assert "Learning rate of Adam for the segmenter." in tip
    assert "per step" in tip
    assert "above 0, up to 1" in tip


def test_what_zero_means_is_said_where_it_is_not_a_number(qtbot):
    form = ConfigForm(Training())
    qtbot.addWidget(form)
    threads = form.editor("threads")
    assert threads.text() == "all cores"
    assert form.value().threads == 0
    threads.setValue(2)
    assert threads.text() == "2 threads"


def test_changes_are_marked_and_can_be_reset(qtbot):
    form = make(qtbot, GrlConfig())
    with qtbot.waitSignal(form.valueChanged):
        form.editor("patch_size").setValue(256)
    assert list(form.changed()) == ["patch_size"]
    assert form.label("patch_size").font().bold()
    assert "preset: 128" in form.label("patch_size").toolTip()
    form.reset()
    assert not form.changed()
    assert not form.label("patch_size").font().bold()
    assert form.value() == GrlConfig()


def test_one_setting_can_be_reset_alone(qtbot):
    form = make(qtbot, GrlConfig())
    form.resize(400, 700)
    form.show()
    form.section("patch_size").unfold()
    qtbot.wait(50)
    button, places = form.reset_button("patch_size"), []
    for value in (256, 128):
        assert not button.isVisible()
        form.editor("steps").setValue(77)
        form.editor("patch_size").setValue(value)
        qtbot.wait(20)
        places.append(form.editor("patch_size").geometry())
        if value == 256:
            assert button.isVisible()
            assert "128" in button.toolTip()
            with qtbot.waitSignal(form.valueChanged):
                button.click()
        assert form.changed() == {"steps": 77}
    assert places[0] == places[1]


def test_a_bold_name_moves_no_editor(qtbot):
    form = make(qtbot, GrlConfig())
    form.show()
    longest = max(form.names, key=len)
    form.section(longest).unfold()
    qtbot.wait(50)
    before = form.editor(longest).geometry()
    form.label(longest).setFont(QFont(form.label(longest).font()))
    bold = form.label(longest).font()
    bold.setBold(True)
    form.label(longest).setFont(bold)
    qtbot.wait(50)
    assert form.label(longest).sizeHint().width() <= form.label(longest).width()
    assert form.editor(longest).geometry() == before


def test_the_reference_can_follow_the_data(qtbot):
    form = make(qtbot, GrlConfig())
    fitted = GrlConfig(patch_size=64)
    form.setReference(fitted)
    assert list(form.changed()) == ["patch_size"]
    form.setValue(fitted)
    assert not form.changed()


def test_values_that_do_not_fit_together_are_explained(qtbot):
    form = make(qtbot, GrlConfig())
    form.editor("patch_size").setValue(16)
    form.editor("levels").setValue(7)
    assert "too small for 7 levels" in form.problem
    with pytest.raises(UserError, match="too small"):
        form.value()


def test_integers_reach_their_limits(qtbot):
    form = make(qtbot, Training())
    seed = form.editor("seed")
    assert isinstance(seed, QSpinBox)
    assert seed.maximum() == 2**31 - 1
    assert form.editor("log_every").minimum() == 1


def test_choices_keep_their_type(qtbot):
    form = make(qtbot, GrlConfig())
    dims = form.editor("dims")
    assert isinstance(dims, QComboBox)
    set_editor_value(dims, 3)
    assert editor_value(dims) == 3
    assert form.value().dims == 3


def test_the_wheel_scrolls_past_an_editor_without_focus(qtbot):
    form = make(qtbot, GrlConfig())
    form.show()
    editor = form.editor("steps")
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


def test_settings_are_in_groups_of_which_the_first_is_open(qtbot):
    form = make(qtbot, AccsegConfig())
    form.show()
    titles = [section.title.text() for section in form.findChildren(Section)]
    assert titles == [
        "Training", "Data and patches", "Segmenter", "Translation", "Adaptation",
    ]  # fmt: skip
    assert form.editor("steps").isVisible()
    assert not form.editor("generator_width").isVisible()
    form.section("generator_width").unfold()
    assert form.editor("generator_width").isVisible()
    assert form.editor("steps").isVisible()


def test_editors_are_made_when_they_are_first_seen(qtbot):
    form = make(qtbot, AccsegConfig())
    assert not form.findChildren(QSpinBox)
    form.show()
    assert len(form.findChildren(SettingRows)) == 1
    form.section("patch_size").unfold()
    assert len(form.findChildren(SettingRows)) == 2


def test_a_folded_group_says_how_many_settings_were_changed(qtbot):
    form = make(qtbot, AccsegConfig())
    form.change({"nce_weight": 2.0, "mind_weight": 0.0, "steps": 7})
    assert form.section("nce_weight").note == "2 changed"
    assert form.section("steps").note == "1 changed"
    assert form.section("width").note == ""
    assert form.editor("nce_weight").value() == 2
    assert form.label("nce_weight").font().bold()
    form.reset()
    assert form.section("nce_weight").note == ""
    assert form.editor("nce_weight").value() == 1


def test_a_configuration_without_groups_is_a_plain_list(qtbot):
    form = make(qtbot, Training())
    form.show()
    assert form.editor("seed").isVisible()
    assert not form.search.isVisible()
    assert not form.section("seed").title.isVisible()


def test_a_setting_is_found_by_its_name_or_what_it_does(qtbot):
    form = make(qtbot, AccsegConfig())
    form.show()
    form.section("width").unfold()
    form.search.setText("contrast")  # in "contrastive" and in "contrast", of intensity
    found = [name for name in form.names if form.editor(name).isVisible()]
    assert {"nce_weight", "nce_places", "intensity"} <= set(found)
    assert not {"steps", "width", "mind_weight"} & set(found)
    assert not form.section("width").isVisible()
    form.search.setText("patch size")
    assert form.editor("patch_size").isVisible()
    assert not form.editor("nce_weight").isVisible()
    form.search.clear()
    opened = {name for name in form.names if form.section(name).is_open}
    assert {"steps", "width"} <= opened
    assert not {"nce_weight", "patch_size", "intensity"} & opened
    assert form.editor("learning_rate").isVisible()


def test_what_does_not_fit_is_said_and_unfolded(qtbot):
    form = make(qtbot, AccsegConfig())
    form.show()
    form.change({"patch_size": 16, "levels": 7})
    assert "too small for 7 levels" in form.complaint.text()
    assert form.complaint.isVisible()
    assert form.editor("patch_size").isVisible()
    assert form.editor("levels").isVisible()
    assert not form.section("nce_weight").is_open
    form.section("levels").fold()
    form.change({"levels": 6})  # does not fit, either
    assert form.section("levels").is_open
    form.change({"levels": 2})
    assert not form.complaint.isVisible()


def test_what_a_narrow_form_cuts_of_a_choice_is_in_its_tooltip(qtbot):
    form = make(qtbot, method_config("cyclegan"))
    form.resize(260, 900)
    form.show()
    form.section("route").unfold()
    route = form.editor("route")
    qtbot.waitUntil(lambda: "\N{HORIZONTAL ELLIPSIS}" in route.shown_text)
    assert route.explanation().startswith("segment_on_fakes\n")


def test_the_editors_of_all_groups_stand_in_line(qtbot):
    form = make(qtbot, AccsegConfig())
    form.resize(330, 900)
    form.change({"nce_weight": 2.0})
    form.show()
    for name in form.names:
        form.section(name).unfold()
    form.change(dict.fromkeys(("steps", "batch_size"), 7))
    qtbot.wait(50)
    lefts = {form.editor(name).mapTo(form, QPoint(0, 0)).x() for name in form.names}
    assert len(lefts) == 1
    for name in form.names:
        assert form.label(name).width() >= form.label(name).sizeHint().width(), name
