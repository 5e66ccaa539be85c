from __future__ import annotations

import torch

from napari_uda.core.engine.live_bytes import LiveBytes

MEGA = 4_000_000


def test_what_backward_needs_counts_until_it_is_gone():
    with LiveBytes(torch.device("cpu")) as live:
        layer = torch.nn.Linear(1000, 1000, bias=False)
        assert live.now == MEGA
        image = torch.rand(2000, 1000)
        squares = layer(image).sigmoid().sum()
        # weights, image, and the result of sigmoid, which its derivative needs
        assert round((live.now - MEGA) / MEGA) == 4
        squares.backward()
        del image, squares
        assert round(live.now / MEGA) == 2  # weights and their gradient
        assert live.peak >= 5 * MEGA


def test_views_and_other_devices_count_nothing():
    with LiveBytes(torch.device("cpu")) as live:
        image = torch.zeros(1000)
        image.view(10, 100).unsqueeze(0)
        torch.zeros(1000, device="meta")
        assert live.now == live.peak == 4000
        del image
        assert live.now == 0
        live.begin()
        assert live.peak == 0
