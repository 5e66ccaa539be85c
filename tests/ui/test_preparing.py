from __future__ import annotations

import time

import pytest

from napari_uda.core.spec.experiment import Training
from napari_uda.core.spec.methods import GrlConfig
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import preparing
from napari_uda.ui.preparing import Preparation


class EndlessSnapshot:
    """Writes for ever, as layers on a slow drive would."""

    def dataset(self, run, progress):
        run.data.mkdir(parents=True)
        (run.data / "half.npy").write_bytes(b"half")
        for step in range(10_000):
            progress("Copying", step / 10_000)
            time.sleep(0.005)


class BrokenSnapshot:
    def dataset(self, run, progress):
        run.data.mkdir(parents=True)
        raise RuntimeError("the drive is gone")


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "run")


def prepare(snapshot, run):
    preparation = Preparation(snapshot, run, GrlConfig(), Training())
    outcomes, texts = [], []
    preparation.done.connect(outcomes.append)
    preparation.progressed.connect(texts.append)
    preparation.start()
    return preparation, outcomes, texts


class SlowSnapshot:
    """Writes a fifth in ten seconds, and a half in thirty."""

    def __init__(self, clock):
        self.clock = clock

    def dataset(self, run, progress):
        progress("Scanning the source folder", 0.0)
        for done, now in ((0.001, 1.0), (0.2, 10.0), (0.5, 30.0)):
            self.clock[0] = now
            progress("Copying layer 'MR'", done)
        raise RuntimeError("the drive is gone")


def test_it_says_how_much_is_copied_and_how_long_the_rest_takes(
    qtbot, run, monkeypatch
):
    clock = [0.0]
    monkeypatch.setattr(preparing, "monotonic", lambda: clock[0])
    _, outcomes, texts = prepare(SlowSnapshot(clock), run)
    qtbot.waitUntil(lambda: bool(outcomes), timeout=10_000)
    assert texts == [
        "Scanning the source folder \N{HORIZONTAL ELLIPSIS}",
        "Copying layer 'MR' \N{HORIZONTAL ELLIPSIS} 0 %",
        "Copying layer 'MR' \N{HORIZONTAL ELLIPSIS} 20 %, 40 s left",
        "Copying layer 'MR' \N{HORIZONTAL ELLIPSIS} 50 %, 30 s left",
    ]


def test_cancelling_leaves_nothing_behind(qtbot, run):
    preparation, outcomes, texts = prepare(EndlessSnapshot(), run)
    qtbot.waitUntil(lambda: bool(texts), timeout=10_000)
    preparation.cancel()
    qtbot.waitUntil(lambda: bool(outcomes), timeout=10_000)
    assert outcomes[0].cancelled
    assert not run.path.exists()


def test_any_error_is_told_and_leaves_nothing_behind(qtbot, run):
    _, outcomes, _ = prepare(BrokenSnapshot(), run)
    qtbot.waitUntil(lambda: bool(outcomes), timeout=10_000)
    assert "RuntimeError: the drive is gone" in outcomes[0].problem
    assert not outcomes[0].cancelled
    assert not run.path.exists()


def test_closing_the_window_cancels(make_napari_viewer, qtbot, run):
    viewer = make_napari_viewer()
    _, outcomes, texts = prepare(EndlessSnapshot(), run)
    qtbot.waitUntil(lambda: bool(texts), timeout=10_000)
    viewer.close()
    qtbot.waitUntil(lambda: not run.path.exists(), timeout=10_000)
    assert not any(one.problem and not one.cancelled for one in outcomes)


def test_a_name_that_another_window_has_taken_is_told(qtbot, run):
    first, outcomes, texts = prepare(EndlessSnapshot(), run)
    qtbot.waitUntil(lambda: bool(texts), timeout=10_000)
    _, refused, _ = prepare(BrokenSnapshot(), run)
    qtbot.waitUntil(lambda: bool(refused), timeout=10_000)
    assert refused[0].problem == "There is a run 'run' already: choose another name."
    assert (run.data / "half.npy").exists()
    first.cancel()
    qtbot.waitUntil(lambda: bool(outcomes), timeout=10_000)
