"""What Predict says: in one place, which run is better, and whose masks are which."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_uda.core.spec import events as ev
from predict_window import folder, predict, runs, viewer, widget

__all__ = ["folder", "runs", "viewer", "widget"]


@pytest.fixture
def predicted(widget, qtbot, folder):
    """Predict both files with truth, in a narrow dock."""
    widget.resize(350, 900)
    widget.show()
    widget.inputs.set_files([folder])
    widget.inputs.files.test_only.setChecked(False)
    predict(widget, qtbot)
    return widget


def places(widget):
    form = (widget.shown, widget.gain, widget.head, widget.scores, widget.save)
    return [one.mapTo(widget, QPoint()).y() for one in form]


def test_it_is_said_which_run_is_better(predicted):
    gain = predicted.gain
    assert gain.isVisible()
    assert gain.text() == (
        "\N{BLACK UP-POINTING TRIANGLE} Dice worse by 0.60 on 2 images (lower on 2; "
        "too few to rule out chance): mean Dice 0.40 with grl_01, 1.00 with "
        "source_only_01."
    )
    tip = QWidget.toolTip(gain)
    assert "Wilcoxon" in tip
    assert "neighbouring slices are alike: of one stack, p is too small" in tip
    assert "another seed may come out otherwise" in tip


def test_runs_that_were_trained_for_different_times_are_no_fair_comparison(
    predicted, qtbot, runs
):
    for name, steps in (("source_only", 60), ("grl", 250)):
        runs[name].append(ev.Stopped(run=runs[name].id, step=steps))
    predict(predicted, qtbot)
    assert "on 2 images (trained for 250 steps, the baseline for 60; lower on 2" in (
        predicted.gain.text()
    )


def test_without_a_baseline_nothing_is_compared(predicted, qtbot):
    predicted.baseline.setCurrentIndex(0)
    predict(predicted, qtbot)
    assert not predicted.gain.isVisible()
    assert predicted.gain.text() == ""


def test_nothing_moves_whatever_is_said(predicted, qtbot, tmp_path, monkeypatch):
    qtbot.wait(50)
    before = places(predicted)
    masks = predicted._request.out
    assert str(masks) in predicted.message.text()
    file = tmp_path / "scores.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    predicted.csv.click()
    assert predicted.message.text() == f"4 scores saved to {file}."
    qtbot.wait(50)
    assert places(predicted) == before
    assert f"they are in {masks} already" in predicted.save.toolTip()
    predicted.news.begin("starting")
    qtbot.wait(50)
    assert places(predicted) == before
    predicted.shown.swap()
    assert str(masks) not in predicted.save.toolTip()


def test_buttons_say_what_the_masks_are_of(predicted):
    row = predicted.shown
    names = {side: row.button(side).text() for side in ("before", "after")}
    assert names == {"before": "baseline", "after": "run"}
    assert "source_only_01, best" in row.button("before").toolTip()
    assert "grl_01, best" in row.button("after").toolTip()
    assert predicted.head.caption.text() == "On 2 images, checkpoint best"
    assert "grl_01" in predicted.head.caption.toolTip()


def test_names_of_layers_begin_with_what_differs(viewer, predicted):
    predicted.shown.show_view("difference")
    predicted.shown.viewChosen.emit("difference")
    predicted.shown.swap()
    names = [layer.name for layer in viewer.layers]
    begins = [name[:8] for name in names if "differ" in name and name.endswith("a")]
    assert sorted(begins) == ["baseline", "differen"]


def test_scoring_that_fails_ends_with_a_sentence(predicted, qtbot, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("out of luck")  # napari lets these vanish

    monkeypatch.setattr("napari_uda.core.metrics.gain.gain", fail)
    predict(predicted, qtbot)
    assert "The scores are not complete: out of luck" in predicted.message.text()
    assert predicted.predict.isEnabled()
    assert predicted.scores.isVisibleTo(predicted)
    assert predicted.gain.isHidden()


def test_scoring_says_how_far_it_is(predicted):
    assert predicted.bar.format() == "scoring 2 of 2"
    assert predicted.bar.value() == predicted.bar.maximum()
