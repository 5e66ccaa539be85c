from __future__ import annotations

import pytest

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
    run.append(ev.Validation(run=run.id, step=5, scores={}, truth={"mean": 0.5}))
    return run


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
    better = ev.Validation(run=run.id, step=7, scores={}, truth={"mean": 0.6})
    now = found.after([step, better])
    assert (now.state, now.step, now.truth) == ("running", 7, 0.6)
    paused = now.after([ev.Paused(run=run.id, step=7)])
    warned = ev.Warned(run=run.id, step=7, code="control", message="m")
    assert paused.after([warned]).state == "paused"
    last = paused.after([ev.Finished(run=run.id, step=9, seconds=1.0)])
    assert (last.state, last.step, last.truth) == ("finished", 9, 0.6)
    assert found.after([]) == found


def test_a_run_that_is_being_trained_is_not_deleted(run):
    with run.lock():
        assert "stop it first" in delete_run(run)
        assert run.exists
    assert delete_run(run) == ""
    assert not run.path.exists()
