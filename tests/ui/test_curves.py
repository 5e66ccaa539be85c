from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_uda.core.spec import events as ev
from napari_uda.ui.canvas import Canvas
from napari_uda.ui.curve_words import HINTS, SCORE_COLORS
from napari_uda.ui.curves import Curves
from napari_uda.ui.series import MOST_POINTS, Series, smoothed

ABOUT = {"method": "m", "steps": 100, "device": "cpu", "precision": "float32"}
GROUPS = {"segmentation": ("seg",), "generator": ("gan", "cycle")}


def started(kind=ev.Started, step=0):
    return kind(run="r", step=step, loss_groups=GROUPS, **ABOUT)


def losses(step, **values):
    return ev.Step(run="r", step=step, losses=values, speed=1, remaining=1, memory=1)


def scores(step, truth=None, **values):
    return ev.Validation(run="r", step=step, scores=values, truth=truth or {})


@pytest.fixture
def curves(qtbot):
    widget = Curves()
    qtbot.addWidget(widget)
    widget.show()
    yield widget
    widget.clear()


def drawn(curves, title, name):
    """Return what the canvas shows of a curve."""
    x, y = curves.plots[title]._curves[name].getOriginalDataset()
    return ([], []) if x is None else (list(x), list(y))


def test_a_tab_per_loss_group_after_the_scores(curves):
    curves.add([started()])
    titles = [curves.tabs.tabText(i) for i in range(curves.tabs.count())]
    assert titles == ["scores", "segmentation", "generator"]


def test_losses_go_to_their_group(curves, qtbot):
    curves.add([started(), losses(1, seg=3.0, gan=1.0), losses(2, seg=2.0, gan=1.5)])
    curves.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: drawn(curves, "segmentation", "seg")[1] == [3.0, 2.0])
    assert set(curves.plots["generator"].series) == {"gan"}


def test_a_loss_without_a_group_is_not_lost(curves):
    curves.add([started(), losses(1, other=1.0)])
    assert "other" in curves.plots["losses"].series


def test_no_more_points_are_drawn_than_can_be_told_apart(qtbot):
    canvas = Canvas(("loss", "step"), 100)
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    values = np.sin(np.linspace(0, 3, 4000))
    values[1234] = 7.0  # a spike
    values[2000:2400] = np.nan  # a gap
    curve = canvas.plot("#ff0000")
    curve.setData(np.arange(4000), values)
    qtbot.waitUntil(lambda: curve.getData()[0].size < 2000)
    x, y = curve.getData()
    assert np.nanmax(y) == 7.0
    inside = (x > 2010) & (x < 2390)
    assert inside.any()
    assert np.isnan(y[inside]).all()
    assert np.isfinite(y[(x < 1980) | (x > 2420)]).all()


def test_redraws_are_at_most_five_per_second(curves, qtbot, monkeypatch):
    count = []
    original = curves._on_redraw
    curves._timer.timeout.disconnect()
    curves._timer.timeout.connect(lambda: (count.append(1), original()))
    began = time.monotonic()
    curves.add([started()])
    for step in range(1, 60):
        curves.add([losses(step, seg=1.0)])
        qtbot.wait(10)
    # Measured against the clock, as the machine may be slow.
    assert 1 <= len(count) <= 5 * (time.monotonic() - began) + 1


def test_truth_is_dashed_and_marked(curves, qtbot):
    truth = {"liver": 0.5, "kidney": 0.3, "mean": 0.4}
    curves.add([started(), scores(1, truth, information=0.2)])
    plot = curves.plots["scores"]
    assert set(plot.series) == {
        "information", "liver (truth)", "kidney (truth)", "mean (truth)",
    }  # fmt: skip
    style = plot._curves["liver (truth)"].opts["pen"].style()
    assert style != plot._curves["information"].opts["pen"].style()
    assert "truth, not used for selection" in plot._note.text()


def test_the_mean_of_one_structure_is_not_drawn_twice(curves):
    curves.add([started(), scores(1, {"liver": 0.5, "mean": 0.5})])
    assert set(curves.plots["scores"].series) == {"liver (truth)"}


def test_what_lies_beyond_a_resumed_step_is_forgotten(curves, qtbot):
    curves.add([started(), *(losses(step, seg=1.0) for step in range(1, 11))])
    curves.add([started(ev.Resumed, 4), losses(5, seg=9.0)])
    curves.tabs.setCurrentIndex(1)
    curves._on_redraw()
    assert drawn(curves, "segmentation", "seg") == ([1, 2, 3, 4, 5], [1, 1, 1, 1, 9])


def test_nothing_breaks_on_nan_infinity_and_logarithms_of_zero(curves):
    values = [float("nan"), float("inf"), 0.0, -1.0, 2.0]
    curves.add([started()])
    curves.add([losses(i, seg=v, gan=-1.0) for i, v in enumerate(values, start=1)])
    for log in (True, False):
        curves.log.setChecked(log)
        for index in range(curves.tabs.count()):
            curves.tabs.setCurrentIndex(index)
            curves._on_redraw()
    curves.log.setChecked(True)
    curves.tabs.setCurrentIndex(1)
    assert np.count_nonzero(np.isfinite(drawn(curves, "segmentation", "seg")[1])) == 1


def test_a_curve_can_be_hidden_by_its_name(curves):
    curves.add([started(), losses(1, seg=1.0), losses(2, seg=1.0)])
    curves.tabs.setCurrentIndex(1)
    curves._on_redraw()
    plot = curves.plots["segmentation"]
    plot._legend.linkActivated.emit("seg")
    assert not plot._curves["seg"].isVisible()
    plot._legend.linkActivated.emit("seg")
    assert plot._curves["seg"].isVisible()


def rival():
    return [
        started(), losses(1, seg=4.0), losses(2, seg=3.5),
        scores(2, {"liver": 0.2}, information=0.1),
    ]  # fmt: skip


def rival_drawn(curves, title, name):
    curve = curves.plots[title]._rival_curves[name]
    return list(curve.getOriginalDataset()[1]), curve.opts["pen"]


def test_another_run_is_drawn_dotted_in_the_same_plots(curves):
    curves.add(
        [started(), losses(1, seg=3.0), scores(2, {"liver": 0.5}, information=1)]
    )
    curves.compare("other_01", rival())
    curves.tabs.setCurrentIndex(1)
    plot = curves.plots["segmentation"]
    values, pen = rival_drawn(curves, "segmentation", "seg")
    assert values == [4.0, 3.5]
    assert pen.style() == Qt.PenStyle.DotLine
    assert pen.color() == plot._curves["seg"].opts["pen"].color()
    assert pen.widthF() < plot._curves["seg"].opts["pen"].widthF()
    assert "other_01" in plot._note.text()
    assert set(plot.series) == {"seg"}
    curves.tabs.setCurrentIndex(0)
    curves._on_redraw()
    pen = rival_drawn(curves, "scores", "liver (truth)")[1]
    assert pen.style() == Qt.PenStyle.DashDotLine
    assert "dotted: other_01, its truth in dots" in curves.plots["scores"]._note.text()


def test_what_the_other_run_does_not_measure_is_said(curves):
    events = [started(), losses(1, seg=3.0, gan=1.0), scores(2, information=1, cycle=1)]
    curves.add(events)
    curves.compare("other_01", rival())
    notes = {title: plot._note.text() for title, plot in curves.plots.items()}
    assert "other_01 has no generator loss" in notes["generator"]
    assert "dotted" not in notes["generator"]
    assert "other_01 has no cycle" in notes["scores"]
    assert "has no" not in notes["segmentation"]
    curves.add([losses(2, extra=1.0)])
    assert "other_01 has no loss" in curves.plots["losses"]._note.text()
    curves.compare("", ())
    assert not any("has no" in plot._note.text() for plot in curves.plots.values())


def test_names_are_explained_under_the_mouse(curves):
    curves.add([started(), scores(1, {"liver": 0.5, "mean": 0.4}, information=0.2)])
    legend = curves.plots["scores"]._legend
    for name, words in {
        "information": HINTS["information"],
        "liver (truth)": "Dice of liver on the held-back truth",
        "mean (truth)": "Dice of all structures",
    }.items():
        legend.linkHovered.emit(name)
        assert words in legend.toolTip()
        assert "Click a name" in legend.toolTip()
    legend.linkHovered.emit("")
    assert legend.toolTip() == "Click a name to hide or show its curve"


def test_the_words_on_scores_are_those_of_the_docs():
    text = (Path(__file__).parents[2] / "docs" / "scores.md").read_text("utf-8")
    for name in SCORE_COLORS:
        assert f"| `{name}` | {HINTS[name]} |" in text


def test_a_score_has_one_colour_whatever_else_a_method_measures(qtbot):
    colors = []
    for names in (("consistency", "morphology"), ("cycle_dice", "morphology", "new")):
        curves = Curves()
        qtbot.addWidget(curves)
        curves.add([started(), scores(1, {"a": 1.0}, **dict.fromkeys(names, 0.5))])
        plot = curves.plots["scores"]
        pens = {name: curve.opts["pen"] for name, curve in plot._curves.items()}
        colors.append({name: pen.color().name() for name, pen in pens.items()})
        curves.clear()
    assert colors[0]["morphology"] == colors[1]["morphology"] == "#cc79a7"
    assert colors[0]["a (truth)"] == colors[1]["a (truth)"]
    assert len({colors[1][name] for name in ("cycle_dice", "morphology")}) == 2


def best(step):
    return ev.Checkpoint(run="r", step=step, file="checkpoints/best.pt", best=True)


def marked(curves):
    """Return the step at which the scores have a line, if they have one."""
    mark = curves.plots["scores"]._canvas._mark
    return mark.value() if mark is not None and mark.isVisible() else None


def test_a_line_stands_at_the_best_checkpoint(curves):
    curves.add([started(), scores(10, information=0.2)])
    assert marked(curves) is None
    curves.add([best(10), scores(20, information=0.3), best(20)])
    assert marked(curves) == 20
    last = ev.Checkpoint(run="r", step=30, file="checkpoints/last.pt", best=False)
    curves.add([scores(30, information=0.1), last])
    assert marked(curves) == 20
    curves.add([started(ev.Resumed, 15)])
    assert marked(curves) == 10
    curves.add([started(ev.Resumed, 5)])
    assert marked(curves) is None
    curves.clear()
    curves.add([started(), best(10)])
    curves.add([scores(10, information=0.2)])
    assert marked(curves) == 10


def test_accuracy_is_not_called_a_loss(curves):
    curves.add([started(), losses(1, seg=1.0, gan=0.3, accuracy=0.5)])
    plots = curves.plots
    assert plots["generator"]._canvas.axes["left"].labelText == "loss"
    assert plots["losses"]._canvas.axes["left"].labelText == "loss, accuracy"


def test_a_comparison_outlives_a_cleared_run_and_ends_without_a_trace(curves):
    curves.compare("other_01", rival())
    curves.clear()
    curves.add([started(), losses(1, seg=3.0)])
    plot = curves.plots["segmentation"]
    assert set(plot.rivals) == {"seg"}
    curves.compare("", ())
    assert plot.rivals == {}
    assert plot._rival_curves["seg"].getOriginalDataset() == (None, None)
    assert not plot._note.text()


def test_hiding_a_name_hides_it_of_both_runs(curves):
    curves.add([started(), losses(1, seg=1.0), losses(2, seg=1.0)])
    curves.compare("other_01", rival())
    curves.tabs.setCurrentIndex(1)
    plot = curves.plots["segmentation"]
    plot._legend.linkActivated.emit("seg")
    assert not plot._curves["seg"].isVisible()
    assert not plot._rival_curves["seg"].isVisible()


def test_clearing_leaves_an_empty_scores_tab(curves):
    curves.add([started(), losses(1, seg=1.0)])
    curves.clear()
    assert list(curves.plots) == ["scores"]
    assert curves.tabs.count() == 1


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_theme_of_napari_is_worn(curves, theme):
    curves.add([started()])
    curves.set_theme(theme)
    ink = curves.plots["scores"]._canvas.axes["left"].textPen().color().lightness()
    ground = curves.plots["scores"]._canvas.backgroundBrush().color().lightness()
    assert (ink > ground) == (theme == "dark")


def test_a_long_series_stays_small_and_keeps_its_shape():
    series = Series()
    for step in range(100_000):
        series.add(step, step)
    assert len(series) <= MOST_POINTS
    steps, values = series.arrays()
    assert (steps == values).all()
    assert steps[-1] > 99_000
    assert steps[0] < 200


def test_smoothing_averages_around_a_point_and_skips_gaps():
    values = np.array([1.0, 1, 4, 1, 1, np.nan, 3])
    smooth = smoothed(values, 3)
    assert smooth[2] == pytest.approx(2)
    assert smooth[5] == pytest.approx(2)
    assert np.isfinite(smooth).all()
    assert smoothed(values, 1) is values
    assert np.isnan(smoothed(np.full(5, np.nan), 3)).all()


def test_the_best_line_tells_how_it_was_chosen(curves):
    curves.add([started(), scores(20, information=0.2), best(20)])
    mark = curves.plots["scores"]._canvas._mark
    for item in (mark, mark.label):
        assert "step 20." in item.toolTip()
        assert "mean rank" in item.toolTip()


def test_a_single_validation_stands_at_a_whole_step(curves, qtbot):
    curves.show()
    curves.add([started(), scores(50, information=0.2)])
    curves._on_redraw()
    view = curves.plots["scores"]._canvas.view
    qtbot.waitUntil(lambda: view.viewRange()[0][0] > 1)
    low, high = view.viewRange()[0]
    assert high - low >= 10
    assert low < 50 < high


def test_two_curves_of_the_same_values_are_both_seen(curves):
    curves.add([started(), scores(1, source_dice=0.4, cycle_dice=0.4)])
    drawn = curves.plots["scores"]._curves
    below, above = (drawn[name].opts["pen"] for name in ("source_dice", "cycle_dice"))
    assert list(drawn).index("source_dice") < list(drawn).index("cycle_dice")
    assert below.widthF() > above.widthF()
