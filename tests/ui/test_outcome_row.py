"""A run that has ended says whether it helped."""

from __future__ import annotations

import pytest

from kept_scores import scored
from napari_uda.core.spec import events as ev
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.run import RunFolder
from train_window import prepared_run, settle

pytestmark = pytest.mark.usefixtures("own_settings")

FIRST = "2026-01-02_03-04-05"


def ended(train, method, truth, last=ev.Finished, data=None, steps=5):
    """Make a run that has come to this Dice."""
    made = prepared_run(train, f"{method}-run")
    experiment = made.experiment()
    run = RunFolder(made.path.with_name(method))
    run.create(Experiment.preset(method, "quick", data or experiment.data))
    made.experiment_file.unlink()
    about = {"run": run.id, "step": steps}
    run.append(
        ev.Started(
            run=run.id, step=0, method=method, steps=steps, device="d", precision="p",
            loss_groups={},
        )
    )  # fmt: skip
    run.append(ev.Validation(**about, scores={"information": 1}, truth={"mean": truth}))
    run.append(ev.Checkpoint(**about, file="checkpoints/best.pt", best=True))
    run.checkpoints.mkdir()
    (run.checkpoints / "best.pt").touch()
    if last is not None:
        run.append(last(**about, **({"seconds": 1} if last is ev.Finished else {})))
    return run


def show(train, qtbot, run):
    train.session.selected_run = run
    settle(qtbot, train)
    row = train.outcome
    return row.text() if row.isVisibleTo(train) else ""


def test_a_run_below_its_baseline_says_so(train, qtbot):
    before, run = ended(train, "source_only", 0.63), ended(train, "grl", 0.52)
    said = show(train, qtbot, run)
    assert "No better than source_only: target Dice 0.52 against 0.63" in said
    assert "on a few patches" in said
    assert show(train, qtbot, before) == ""
    assert show(train, qtbot, run)
    assert show(train, qtbot, None) == ""


def test_a_longer_training_than_that_of_the_baseline_is_a_caution(train, qtbot):
    ended(train, "source_only", 0.27, steps=60)
    said = show(train, qtbot, ended(train, "grl", 0.57, steps=250))
    assert said.startswith(
        "\N{BLACK UP-POINTING TRIANGLE} Perhaps better than source_only (trained for "
        "250 steps, the baseline for 60): target Dice 0.57"
    )
    assert "another seed may come out otherwise" in train.outcome.toolTip()


def cells(images, dice):
    return [(image, "cell", dice) for image in images]


def test_whole_images_that_both_have_predicted_decide_as_soon_as_they_are(train, qtbot):
    before, run = ended(train, "source_only", 0.40), ended(train, "grl", 0.45)
    assert show(train, qtbot, run).startswith("• Perhaps better")
    scored(before, FIRST, cells("abc", 0.58))
    scored(run, "2026-01-03_03-04-05", cells("abcd", 0.99))
    scored(run, FIRST, cells("abc", 0.56))
    train.session.runs_changed.emit()
    settle(qtbot, train)
    said = train.outcome.text()
    assert "No better than source_only: Dice 0.56 against 0.58 on 3 whole" in said


def test_a_run_without_a_baseline_asks_for_one(train, qtbot):
    said = show(train, qtbot, ended(train, "grl", 0.52, ev.Stopped))
    assert "train source_only on the same data" in said


def test_a_baseline_that_has_not_ended_does_not_count(train, qtbot):
    ended(train, "source_only", 0.1, None)
    said = show(train, qtbot, ended(train, "grl", 0.52))
    assert "train source_only on the same data" in said


def test_a_run_that_has_not_ended_gets_no_verdict(train, qtbot):
    assert show(train, qtbot, ended(train, "grl", 0.52, None)) == ""
