from __future__ import annotations

import pytest
import torch

from napari_uda.core.losses.features import feature_loss


def test_layers_are_averaged_over_their_values_and_added():
    one = {"a": torch.zeros(2, 3, 4, 4), "b": torch.zeros(2, 8, 2, 2)}
    other = {"b": torch.full((2, 8, 2, 2), 2.0), "a": torch.ones(2, 3, 4, 4)}
    assert feature_loss(one, other) == 1 + 4
    assert feature_loss(one, one) == 0


def test_names_must_agree():
    with pytest.raises(ValueError, match="cannot compare"):
        feature_loss({"a": torch.zeros(1)}, {"b": torch.zeros(1)})
    with pytest.raises(ValueError, match="cannot compare"):
        feature_loss({}, {})
