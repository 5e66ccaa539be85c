from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtCore import QObject, QSettings, Signal

from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import session as module
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.kept_queue import kept_queue
from napari_uda.ui.session import Session


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    """Keep the settings of whoever runs the tests out of it, and theirs alone."""
    monkeypatch.delenv("NAPARI_UDA_RUNS", raising=False)
    file = str(tmp_path / "settings.ini")

    def own():
        return QSettings(file, QSettings.Format.IniFormat)

    monkeypatch.setattr(module, "_settings", own)
    return own


def test_every_widget_of_a_viewer_gets_the_same_session(qapp):
    viewer, other = ViewerModel(), ViewerModel()
    assert Session.of(viewer) is Session.of(viewer)
    assert Session.of(PublicOnlyProxy(viewer)) is Session.of(viewer)
    assert Session.of(other) is not Session.of(viewer)
    assert Session.of(PublicOnlyProxy(viewer)).viewer is viewer


def test_a_session_dies_with_its_viewer(qapp):
    viewer = ViewerModel()
    session = weakref.ref(Session.of(viewer))
    assert session() is not None
    del viewer
    gc.collect()
    assert session() is None


def test_choosing_is_announced(qapp, qtbot):
    viewer = ViewerModel()
    session = Session.of(viewer)
    with qtbot.waitSignal(session.choices_changed):
        session.choose("source", DomainChoice(folder=None))
    assert session.choices["source"].empty


def test_a_removed_layer_leaves_the_choice(qapp, qtbot):
    viewer = ViewerModel()
    session = Session.of(viewer)
    image, other = viewer.add_image(np.zeros((4, 4))), viewer.add_image(np.ones((4, 4)))
    labels = viewer.add_labels(np.zeros((4, 4), int))
    pairs = (LayerPair(image, labels), LayerPair(other))
    session.choose("source", DomainChoice(layers=pairs))
    with qtbot.waitSignal(session.choices_changed):
        viewer.layers.remove(labels)
    assert session.choices["source"].layers == pairs[1:]


def test_readiness_is_announced_once(qapp, qtbot):
    viewer = ViewerModel()
    session = Session.of(viewer)
    assert session.problem
    with qtbot.waitSignal(session.ready_changed):
        session.set_problem("")
    with qtbot.assertNotEmitted(session.ready_changed):
        session.set_problem("")


def test_the_runs_folder_is_remembered(qapp, tmp_path, settings):
    one, two = ViewerModel(), ViewerModel()
    Session.of(one).runs_folder = tmp_path / "runs"
    assert Session.of(two).runs_folder == tmp_path / "runs"


def test_the_environment_goes_before_what_was_chosen(qapp, tmp_path, monkeypatch):
    one, two = ViewerModel(), ViewerModel()
    Session.of(one).runs_folder = tmp_path / "chosen"
    monkeypatch.setenv("NAPARI_UDA_RUNS", str(tmp_path / "given"))
    assert Session.of(two).runs_folder == tmp_path / "given"


def test_a_job_leaves_when_it_has_ended(qapp, qtbot, tmp_path):
    class Ending(QObject):
        ended = Signal(object)
        run = RunFolder(tmp_path)

    viewer = ViewerModel()
    session = Session.of(viewer)
    job = Ending()
    with qtbot.waitSignal(session.job_changed):
        session.job = job
    with qtbot.waitSignals([session.job_changed, session.runs_changed]):
        job.ended.emit(None)
    assert session.job is None


def test_what_waits_in_a_window_is_offered_by_the_next_one_only(qapp, tmp_path):
    viewers = [ViewerModel() for _ in range(3)]
    first, beside, later = map(Session.of, viewers)
    run = RunFolder(tmp_path / "waits")
    first.queue.add(run, "process")
    assert beside.left_queue() == []
    first.closing = True
    assert later.left_queue() == [run.path]
    later.queue.add(run, "process")
    assert kept_queue(module._settings(), also_own=True) == [run.path]


def test_selecting_the_same_run_again_is_no_news(qapp, qtbot, tmp_path):
    viewer = ViewerModel()
    session = Session.of(viewer)
    with qtbot.waitSignal(session.run_selected):
        session.selected_run = RunFolder(tmp_path)
    with qtbot.assertNotEmitted(session.run_selected):
        session.selected_run = RunFolder(tmp_path)
