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


def test_a_run_that_is_being_trained_is_not_deleted(run):
    with run.lock():
        assert "stop it first" in delete_run(run)
        assert run.exists
    assert delete_run(run) == ""
    assert not run.path.exists()
