"""How much a translation has changed, and that nothing done is not praised."""

from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.metrics.amount import (
    HARDLY,
    changed_percent,
    short_line,
    verdict_lines,
)
from napari_uda.core.metrics.trust import Trust

KEPT = Trust(("correlation", "structure", "edges", "mask"), ())
LOST = Trust(("correlation",), ("structure", "edges"))


def test_it_is_the_mean_absolute_difference_in_per_cent():
    ramp = np.linspace(0, 1, 101).reshape(1, 101)
    assert changed_percent(ramp, ramp) == 0
    assert changed_percent(ramp, ramp[:, ::-1]) == pytest.approx(50.5, abs=0.1)
    assert changed_percent(np.zeros((4, 4)), np.ones((4, 4))) == 100
    one = np.full((4, 4), 0.5)
    other = one.copy()
    other[0] += 0.2
    other[1] -= 0.2
    assert changed_percent(one, other) == pytest.approx(10)


def test_what_the_networks_cannot_see_does_not_count():
    original = np.array([[-3.0, 7.0, np.nan, 0.5]])
    assert changed_percent(original, [[0.0, 1.0, 0.0, 0.5]]) == 0
    whole = np.array([[0, 1]], np.uint8)
    assert changed_percent(whole, whole[:, ::-1]) == 100


def test_scores_that_agree_on_nothing_done_are_left_out():
    [line] = verdict_lines(KEPT, 0.43)
    assert line.text == "hardly changed (0.4 %): there is nothing to trust yet"
    assert line.level == "warning"
    changed, kept = verdict_lines(KEPT, HARDLY)
    assert changed.text == "changed by 3.0 % of the intensity range"
    assert (kept.level, kept.text) == ("ok", "anatomy kept: 4 of 4 scores agree")


def test_scores_that_disagree_are_said_whatever_was_changed():
    hardly, lost = verdict_lines(LOST, 1.0)
    assert (hardly.level, lost.level) == ("warning", "error")
    assert "but not structure and edges" in lost.text
    [lost] = verdict_lines(LOST, np.nan)
    assert lost.level == "error"
    assert verdict_lines(Trust((), ()), np.nan) == []


def test_a_slice_is_told_in_a_few_words():
    line = short_line(KEPT, 0.4)
    assert (line.level, line.text) == ("warning", "4 of 4; hardly changed (0.4 %)")
    line = short_line(LOST, 0.4)
    assert line.level == "error"
    line = short_line(KEPT, 12.3)
    assert (line.level, line.text) == ("ok", "4 of 4; changed by 12.3 %")
    assert short_line(Trust((), ()), np.nan).text == ""
