"""A run gets other settings, and its events say so."""

from __future__ import annotations

import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.spec.amend import amend
from napari_uda.core.spec.events import Warned
from napari_uda.core.spec.run import RunFolder


@pytest.fixture
def run(make_experiment, tmp_path):
    found = RunFolder(tmp_path / "run-1")
    found.create(make_experiment(batch_size=4))
    return found


def test_a_setting_changes_and_nothing_else(run):
    before = run.experiment()
    amend(run, {"batch_size": 2})
    after = run.experiment()
    assert after.method == before.method.model_copy(update={"batch_size": 2})
    assert (after.data, after.training) == (before.data, before.training)
    (said,) = run.events()
    assert isinstance(said, Warned)
    assert "batch_size = 2 instead of 4" in said.message


def test_a_value_that_is_not_allowed_changes_nothing(run):
    with pytest.raises(UserError, match="batch_size = 0 is not allowed"):
        amend(run, {"batch_size": 0})
    assert run.experiment().method.batch_size == 4
    assert run.events() == []


def test_a_run_that_is_trained_keeps_its_settings(run):
    with run.lock(), pytest.raises(UserError, match="being trained"):
        amend(run, {"batch_size": 2})
    assert run.experiment().method.batch_size == 4
