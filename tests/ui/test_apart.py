"""Two names of a series stay apart however short they get."""

from __future__ import annotations

import pytest

from napari_uda.ui.apart import shorter_forms, told_apart

GRL, BEFORE = "em_to_fly_grl_01", "em_to_fly_source_only_01"


@pytest.mark.parametrize(
    ("name", "other", "forms"),
    [
        (GRL, BEFORE, [GRL, "…grl_01", "…grl…"]),
        (BEFORE, GRL, [BEFORE, "…source_only_01", "…source_only…"]),
        ("grl_01", "grl_02", ["grl_01", "…01"]),
        ("grl-new 2", "cyclegan 2", ["grl-new 2", "grl-new…"]),
        ("grl", "grl_01", ["grl"]),
        ("grl_01", "grl", ["grl_01"]),
        ("grl_01", "grl_01", ["grl_01"]),
        ("grl", "ada", ["grl"]),
        ("grl", "", ["grl"]),
        ("", "grl", [""]),
    ],
)
def test_what_is_in_common_goes_first(name, other, forms):
    assert shorter_forms(name, other) == forms


@pytest.mark.parametrize(
    ("room", "shown"), [(16, GRL), (15, "…grl_01"), (6, "…grl…"), (2, "…grl…")]
)
def test_the_longest_that_fits_is_shown(room, shown):
    assert told_apart(GRL, BEFORE, room, len) == shown
