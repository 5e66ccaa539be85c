from __future__ import annotations

import math
from dataclasses import replace

import pytest

from kept_scores import scored
from napari_uda.core.spec import events as ev
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.run_summary import delete_run, summarise_runs


@pytest.fixture
def run(tmp_path):
    """A run that has made some steps, and was not ended."""
    run = RunFolder(tmp_path / "a_01")
    run.path.mkdir()
    run.experiment_file.write_text("")
    run.append(
        ev.Started(
            run=run.id, step=0, method="grl", steps=9, device="d", precision="p",
            loss_groups={},
        )
    )  # fmt: skip
    run.append(validation(run, 5, 0.5))
    run.append(checkpoint(run, 5, best=True))
    return run


def validation(run, step, dice):
    return ev.Validation(run=run.id, step=step, scores={}, truth={"mean": dice})


def checkpoint(run, step, best):
    return ev.Checkpoint(run=run.id, step=step, file="f", best=best)


def test_a_summary_says_where_a_run_stands(run):
    run.rename("the good one")
    (found,) = summarise_runs(run.path.parent)
    assert (found.name, found.state, found.step, found.truth) == (
        "the good one", "dead", 5, 0.5,
    )  # fmt: skip


def test_a_summary_follows_what_a_living_trainer_says(run):
    (found,) = summarise_runs(run.path.parent)
    about = {"losses": {}, "speed": 1.0, "remaining": 1.0, "memory": 0.1}
    step = ev.Step(run=run.id, step=7, **about)
    now = found.after([step, validation(run, 7, 0.6), checkpoint(run, 7, best=True)])
    assert (now.state, now.step, now.truth) == ("running", 7, 0.6)
    paused = now.after([ev.Paused(run=run.id, step=7)])
    warned = ev.Warned(run=run.id, step=7, code="control", message="m")
    assert paused.after([warned]).state == "paused"
    last = paused.after([ev.Finished(run=run.id, step=9, seconds=1.0)])
    assert (last.state, last.step, last.truth) == ("finished", 9, 0.6)
    assert found.after([]) == found


def test_the_dice_is_that_of_the_best_checkpoint_not_the_last(run):
    (found,) = summarise_runs(run.path.parent)
    events = [validation(run, 6, 0.7), checkpoint(run, 7, best=False)]
    assert found.after(events) == replace(
        found, state="running", step=7, latest=(6, 0.7)
    )
    # A trainer is heard of in pieces: the checkpoint may come with the next one.
    later = found.after([validation(run, 8, 0.4)])
    assert later.truth == 0.5
    later = later.after([checkpoint(run, 8, best=True)])
    assert (later.truth, later.truth_step) == (0.4, 8)
    # A best checkpoint that no truth was looked at for is not given another's.
    unknown = later.after([checkpoint(run, 9, best=True)])
    assert (unknown.truth, unknown.truth_step) == (None, 9)


def test_the_tooltip_tells_both_dice_and_what_they_are_of(run):
    (found,) = summarise_runs(run.path.parent)
    assert found.truth_tip == "Validation patches at step 5: 0.50"
    scored(run, "2026-01-02_03-04-05", [("a", "liver", 0.1)], "last")
    rows = [("a", "liver", 0.5), ("b", "liver", 0.7), ("a", "lung", 1.0)]
    rows.append(("b", "lung", math.nan))
    scored(run, "2026-01-03_03-04-05", rows, "last")
    (run.predictions / "2026-01-04_03-04-05").mkdir()
    (found,) = summarise_runs(run.path.parent)
    assert found.truth_tip.splitlines() == [
        "Validation patches at step 5: 0.50",
        "Predict: 0.80 (last checkpoint, 2 whole images, 2026-01-03 03:04)",
    ]
    step = validation(run, 7, 0.6)
    assert found.after([step]).predicted == found.predicted


@pytest.mark.parametrize("text", ["", "image,class\na,b", "image,class,dice\na,b,x"])
def test_scores_that_cannot_be_read_are_none(run, text):
    folder = run.predictions / "2026-01-02_03-04-05"
    folder.mkdir(parents=True)
    (folder / "scores.csv").write_text(text)
    (found,) = summarise_runs(run.path.parent)
    assert found.predicted is None


def test_a_run_that_is_being_trained_is_not_deleted(run):
    run.rename("the good one")
    with run.lock():
        assert delete_run(run) == "the good one is being trained: stop it first."
        assert run.exists
    assert delete_run(run) == ""
    assert not run.path.exists()
