from __future__ import annotations

import pytest

from napari_uda.core.engine.schedule import learning_rate_factor
from napari_uda.core.spec.methods import MethodConfig


@pytest.mark.parametrize(
    ("schedule", "start", "half", "late", "end"),
    [
        ("constant", 1, 1, 1, 1),
        ("linear", 1, 1, 0.5, 0.02),
        ("poly", 1, 0.5**0.9, 0.25**0.9, 0.01**0.9),
    ],
)
def test_learning_rates_follow_their_schedule(schedule, start, half, late, end):
    factors = [learning_rate_factor(schedule, p) for p in (0, 0.5, 0.75, 0.99)]
    assert factors == pytest.approx([start, half, late, end])


def test_every_schedule_of_the_settings_falls_and_stays_positive():
    known = MethodConfig.model_fields["schedule"].annotation.__args__
    assert set(known) == {"constant", "linear", "poly"}
    for schedule in known:
        factors = [learning_rate_factor(schedule, i / 50) for i in range(50)]
        assert factors == sorted(factors, reverse=True)
        assert min(factors) > 0
