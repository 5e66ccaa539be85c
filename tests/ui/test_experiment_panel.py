"""What is chosen on the Train tab before a run, and what follows from the data."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import QApplication

from napari_uda.core.spec.run import TITLE_LENGTH
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.fitting import Device
from train_window import settle

pytestmark = pytest.mark.usefixtures("own_settings")


def test_start_says_why_it_is_disabled(train):
    train.session.set_problem("The source has no labels.")
    assert not train.start_button.isEnabled()
    assert train.start_button.toolTip() == "The source has no labels."
    train.session.set_problem("")
    assert train.start_button.isEnabled()
    train.experiment.form.change({"patch_size": 16, "levels": 7})
    assert "too small for 7 levels" in train.start_button.toolTip()
    assert not train.pause_button.isEnabled()
    assert train.pause_button.toolTip() == "No run is under way."


def test_settings_follow_the_data(train):
    assert train.experiment.form.value().patch_size == 64
    assert not train.experiment.form.changed()
    assert (
        train.experiment.name.title == f"{train.session.runs_folder.parent.name}_grl_01"
    )


def test_own_changes_survive_new_data(train, qtbot, pair):
    train.experiment.form.change({"steps": 77})
    big = np.zeros((200, 200), np.uint8)
    for name in ("source", "target"):
        for kind in ("images", "labels"):
            tifffile.imwrite(pair / name / kind / "a.tif", big)
        train.session.choose(name, DomainChoice(folder=pair / name))
    settle(qtbot, train)
    assert train.experiment.form.value().patch_size == 128
    assert train.experiment.form.changed() == {"steps": 77}


def test_method_and_preset_change_the_form(train):
    panel = train.experiment
    panel.method.setCurrentIndex(panel.method.findData("source_only"))
    assert panel.value()[0].name == "source_only"
    assert "baseline" in panel.summary.text()
    panel._preset_buttons["paper"].setChecked(True)
    assert panel.value()[0].steps == 30_000
    assert not panel.form.changed()
    panel.form.change({"width": 8})
    assert panel.settings.note == "1 changed"
    panel._settings_reset.click()
    assert panel.value()[0].width == 64


def test_the_chosen_preset_says_how_many_steps_were_set(train):
    panel = train.experiment
    quick, paper = (panel._preset_buttons[name] for name in ("quick", "paper"))
    assert (quick.text(), paper.text()) == ("quick, 400 steps", "paper, 30,000 steps")
    panel.form.change({"steps": 1200})
    assert (quick.text(), paper.text()) == ("quick, 1,200 steps", "paper, 30,000 steps")
    paper.setChecked(True)
    assert (quick.text(), paper.text()) == ("quick, 400 steps", "paper, 30,000 steps")


def test_settings_that_do_not_fit_are_unfolded(train):
    panel = train.experiment
    assert not panel.settings.is_open
    panel.form.change({"patch_size": 16, "levels": 7})
    assert panel.settings.is_open
    assert panel.form.section("levels").is_open
    assert panel.form.section("patch_size").is_open


def typed(train, text):
    train.experiment.run_name.setText(text)
    return train.experiment.name


def test_any_name_will_do(train):
    (train.session.runs_folder / "mine").mkdir(parents=True)
    (train.session.runs_folder / "cells_01").mkdir()
    assert typed(train, "EM: run 120") == ("EM-run-120", "EM: run 120")
    assert "its folder is EM-run-120" in train.experiment.run_name.toolTip()
    assert typed(train, " EM   run ").title == "EM run"
    assert len(typed(train, "x" * 100).title) == TITLE_LENGTH
    assert typed(train, "mine") == ("mine_02", "mine_02")
    assert "mine_02" in train.experiment.run_name.toolTip()
    assert typed(train, "cells_01") == ("cells_02", "cells_02")
    assert typed(train, "../x") == ("x", "../x")
    assert typed(train, " / ") == ("run", "/")
    assert typed(train, "  ").title.endswith("_grl_01")
    assert train.start_button.isEnabled()


def test_a_name_of_the_users_counts_up_once_it_is_taken(train):
    name = typed(train, "EM run")
    (train.session.runs_folder / name.folder).mkdir(parents=True)
    train.session.runs_changed.emit()
    assert train.experiment.run_name.text() == "EM run_02"
    assert train.start_button.isEnabled()
    assert train.experiment.name == ("EM-run_02", "EM run_02")


def test_what_was_typed_stays_when_the_method_changes(train):
    panel = train.experiment
    panel.form.change({"steps": 120, "domain_width": 24})
    panel.choose_method("cyclegan")
    assert panel.form.changed() == {"steps": 120}
    assert panel.settings.note == "1 changed"
    panel.form.change({"batch_size": 3})
    panel.choose_method("grl")
    assert panel.form.changed() == {"steps": 120, "domain_width": 24, "batch_size": 3}
    panel._settings_reset.click()
    panel.choose_method("cyclegan")
    assert not panel.form.changed()
    panel.form.change({"steps": 120})
    panel._preset_buttons["paper"].setChecked(True)
    panel.choose_method("grl")
    assert not panel.form.changed()


def test_another_method_has_its_room_soon(train, qtbot):
    train.session.viewer.window.show()
    panel = train.experiment
    panel.settings.unfold()
    qtbot.waitUntil(lambda: panel.form.height() == panel.form.sizeHint().height())
    panel.choose_method("cyclegan")
    for _ in range(3):  # level by level, it took eight
        QApplication.processEvents()
    assert panel.form.editor("steps").isVisible()
    assert panel.form.height() == panel.form.sizeHint().height()


def test_a_card_that_pytorch_cannot_use_is_not_offered_and_says_why(train):
    box = train.experiment.device
    why = "cuda:0 T4, 15 GB cannot be used: PyTorch was installed without CUDA."
    box.set_devices(
        [
            Device("auto", "auto: cpu, as PyTorch lacks CUDA"),
            Device("cpu", "cpu"),
            Device("cuda:0", "cuda:0 T4, 15 GB", why),
        ]
    )
    enabled = [box.model().item(row).isEnabled() for row in range(box.count())]
    assert enabled == [True, True, False]
    assert "PyTorch lacks CUDA" in box.currentText()
    assert why in box.explanation()
    assert train.experiment.value()[1].device == "auto"
