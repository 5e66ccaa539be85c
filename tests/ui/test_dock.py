from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from qtpy.compat import isalive
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QApplication, QLayout, QMessageBox

import napari_uda
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import dock as dock_module
from napari_uda.ui.about import AboutButton
from napari_uda.ui.background_row import BackgroundRow
from napari_uda.ui.launch import main, open_dock, open_sample, train_when_ready
from napari_uda.ui.run_summary import RunSummary
from napari_uda.ui.train_widget import TrainWidget


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


def test_the_dock_has_a_tab_per_step_and_fits_a_narrow_place(viewer):
    dock = open_dock(viewer)
    tabs = dock.tabs
    names = [tabs.tabText(i) for i in range(tabs.count())]
    assert names == ["1 Data", "2 Train", "3 Predict", "4 Check"]
    assert dock.minimumSizeHint().width() <= 350
    for page in (dock.data, dock.train, dock.predict, dock.check):
        assert page.minimumSizeHint().width() <= 350
        assert page.session is dock.session


def test_at_twice_the_scale_nothing_is_cut_in_a_narrow_dock(tmp_path):
    script = str(Path(__file__).with_name("narrow_window.py"))
    done = subprocess.run(
        [sys.executable, script, str(tmp_path), "2", "light"],
        env=os.environ | {"QT_SCALE_FACTOR": "2"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_the_data_tab_comes_first_and_the_others_by_themselves(viewer, qtbot):
    dock = open_dock(viewer)
    assert not dock.complete
    assert dock.tabs.currentWidget() is dock.data
    hints = [dock.tabs.tabToolTip(i) for i in range(4)]
    qtbot.waitUntil(lambda: dock.complete, timeout=20_000)
    pages = [dock.data, dock.train, dock.predict, dock.check]
    assert [dock.tabs.widget(i) for i in range(dock.tabs.count())] == pages
    assert [dock.tabs.tabToolTip(i) for i in range(4)] == hints
    assert dock.tabs.currentWidget() is dock.data
    qtbot.waitUntil(lambda: not dock._turn.isActive())


def test_a_tab_is_there_as_soon_as_it_is_chosen(viewer, qtbot, monkeypatch):
    monkeypatch.setattr(dock_module, "SOON", 10_000_000)
    dock = open_dock(viewer)
    qtbot.waitUntil(dock.isVisible)
    dock.tabs.tabBar().setCurrentIndex(2)
    assert dock.tabs.currentIndex() == 2
    assert dock.tabs.currentWidget().objectName() == "napari-uda predict"
    assert dock.predict.isVisible()
    assert not dock.complete


def test_a_window_can_be_closed_before_all_tabs_are_made(viewer, qtbot):
    dock = open_dock(viewer)
    qtbot.waitUntil(dock._turn.isActive)
    viewer.close()
    for _ in range(20):
        QApplication.processEvents()
    assert not isalive(dock._turn) or not dock._turn.isActive()
    assert not dock.complete


def test_nothing_is_made_while_the_dock_is_hidden(viewer, qtbot):
    dock = open_dock(viewer)
    qtbot.waitUntil(dock._turn.isActive)
    dock.parentWidget().hide()
    assert not dock._turn.isActive()
    dock.parentWidget().show()
    qtbot.waitUntil(lambda: dock.complete)


def test_a_tab_made_later_knows_of_a_run_under_way(viewer, tmp_path):
    dock = open_dock(viewer)
    run = RunFolder(tmp_path / "a run")
    dock.session.selected_run = run
    assert dock.train.status.title.text() == "a run"


def test_every_button_explains_itself_and_main_ones_name_their_key(viewer):
    dock = open_dock(viewer)
    assert all((dock.data, dock.train, dock.predict, dock.check))
    # What is decided about a slice explains itself once there is one.
    buttons = [
        one
        for one in dock.findChildren(QAbstractButton)
        if one.text() and not dock.check.panel.isAncestorOf(one)
    ]
    assert len(buttons) > 30
    assert [one.text() for one in buttons if not one.toolTip()] == []
    for button in buttons:
        if button.isEnabled() and not button.shortcut().isEmpty():
            assert f"({button.shortcut().toString()})" in button.toolTip()


def test_the_about_box_says_what_it_is_not_for(viewer, qtbot):
    dock = open_dock(viewer)
    button = dock.findChild(AboutButton)
    assert "(Shift+F1)" in button.toolTip()
    qtbot.waitUntil(button.isVisible)
    viewer.window._qt_window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is not None)
    qtbot.keyClick(dock, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: dock.window().findChild(QMessageBox) is not None)
    box = dock.window().findChild(QMessageBox)
    assert "Research use only: not a medical device." in box.text()
    assert f"napari-uda {napari_uda.__version__}" in box.text()
    box.close()


def test_keys_go_to_the_tabs(viewer, qtbot):
    dock = open_dock(viewer)
    viewer.window._qt_window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is not None)
    qtbot.keyClick(dock, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert dock.tabs.currentWidget() is dock.predict
    qtbot.keyClick(dock, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    assert dock.tabs.currentWidget() is dock.check
    qtbot.keyClick(dock, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert dock.tabs.currentWidget() is dock.data


def test_the_sample_pair_is_ready_to_train_and_the_demo_starts(
    viewer, qtbot, monkeypatch
):
    dock = open_dock(viewer)
    open_sample(viewer)
    started = []
    monkeypatch.setattr(dock.train, "resume", started.append)
    train_when_ready(dock, "grl")
    assert dock.tabs.currentWidget() is dock.train
    qtbot.waitUntil(lambda: len(started) == 1, timeout=20_000)
    run = started[0]
    experiment = run.experiment()
    assert experiment.method.name == "grl"
    assert experiment.data.source.unit == "nm"
    assert experiment.data.source.slices == "z"
    assert dock.session.problem == ""


def test_closing_the_dock_ends_what_it_listens_to(viewer, qtbot):
    dock = open_dock(viewer)
    open_sample(viewer)
    viewer.window.remove_dock_widget(dock)
    dock.close()
    dock.deleteLater()
    QApplication.processEvents()
    viewer.layers[0].name = "renamed"
    viewer.layers.clear()


def test_an_unknown_method_is_a_sentence(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--demo", "--method", "magic"])
    assert ended.value.code == 2
    assert "there is no method 'magic'" in capsys.readouterr().err


def test_the_first_tab_waits_for_nothing_that_others_need():
    code = (
        "import sys\nfrom napari.components import ViewerModel\n"
        "from qtpy.QtWidgets import QApplication\napp = QApplication([])\n"
        "from napari_uda.ui.dock import AdaptationDock\n"
        "dock = AdaptationDock(ViewerModel())\n"
        "slow = 'napari_uda.core.spec.methods', 'scipy.ndimage', 'torch'\n"
        "sys.exit(' '.join(name for name in slow if name in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


def test_opening_imports_no_torch():
    code = (
        "import sys\nfrom napari.components import ViewerModel\n"
        "from qtpy.QtCore import QThreadPool\n"
        "from qtpy.QtWidgets import QApplication\napp = QApplication([])\n"
        "from napari_uda.ui.check_widget import CheckWidget\n"
        "from napari_uda.ui.data_widget import DataWidget\n"
        "from napari_uda.ui.predict_widget import PredictWidget\n"
        "viewer = ViewerModel()\nDataWidget(viewer)\nPredictWidget(viewer)\n"
        "CheckWidget(viewer)\n"
        "assert 'torch' not in sys.modules\n"
        "assert 'scipy.ndimage' not in sys.modules\n"
        # Python must not end while workers begin.
        "QThreadPool.globalInstance().waitForDone()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_first_tab_tells_of_a_run_that_trains(viewer, qtbot, tmp_path, monkeypatch):
    followed = []
    monkeypatch.setattr(TrainWidget, "attach", lambda _, run: followed.append(run))
    dock = open_dock(viewer)
    qtbot.waitUntil(lambda: dock.complete, timeout=20_000)
    (row,) = dock.data.findChildren(BackgroundRow)
    qtbot.waitUntil(lambda: dock.train.run_list._reader is None)
    assert row.isHidden()
    run = RunFolder(tmp_path / "a run")
    dock.train.run_list.listed.emit([RunSummary(run, "running", 240, None)])
    assert row.isVisible()
    assert "a run is being trained in the background, step 240" in row.words.text()
    row.follow.click()
    assert followed == [run]
    assert dock.tabs.currentWidget() is dock.train


def neighbours_of(widget):
    """Return the visible widgets that one layout puts side by side, for each layout."""
    for layout in widget.findChildren(QLayout):
        items = [layout.itemAt(number).widget() for number in range(layout.count())]
        yield [one for one in items if one is not None and one.isVisible()]


@pytest.mark.parametrize("width", [350, 700])
def test_nothing_lies_over_its_neighbour(make_napari_viewer, qtbot, width):
    dock = open_dock(make_napari_viewer(show=True))
    qtbot.waitUntil(lambda: dock.complete, timeout=20_000)
    dock.setParent(None)
    qtbot.addWidget(dock)
    dock.resize(width, 900)
    dock.show()
    seen = 0
    for page in (dock.data, dock.train, dock.predict, dock.check):
        dock.tabs.setCurrentWidget(page)
        qtbot.wait(50)
        for widgets in neighbours_of(page):
            for one, other in itertools.combinations(widgets, 2):
                assert not one.geometry().intersects(other.geometry()), (one, other)
                seen += 1
    assert seen > 100
