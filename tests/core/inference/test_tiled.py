from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_uda.core.inference.tiled import (
    predict_tiled,
    sample_tiles,
    tile_weight,
    tile_windows,
)

CPU = torch.device("cpu")


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5])
@pytest.mark.parametrize(
    ("shape", "tile"),
    [
        ((64, 64), (64, 64)),
        ((65, 130), (64, 64)),
        ((97, 33), (32, 33)),
        ((13, 40, 41), (8, 16, 16)),
        ((1, 50), (1, 7)),
    ],
)
def test_tiles_cover_every_pixel_and_stay_inside(shape, tile, overlap):
    covered = np.zeros(shape, int)
    windows = list(tile_windows(shape, tile, overlap))
    for where in windows:
        assert covered[where].shape == tile
        covered[where] += 1
    assert covered.min() >= 1
    assert len(set(map(str, windows))) == len(windows)


def test_one_tile_is_enough_for_a_small_image():
    assert list(tile_windows((10, 20), (10, 20), 0.5)) == [(slice(0, 10), slice(0, 20))]


def test_tiles_share_as_much_as_asked_for():
    windows = list(tile_windows((1000,), (100,), 0.25))
    gaps = np.diff([where[0].start for where in windows])
    assert gaps.max() <= 75
    assert windows[-1][0].stop == 1000


def test_a_sample_is_spread_over_the_image_and_no_larger_than_allowed():
    image = np.add.outer(np.zeros(64), np.arange(400.0)).astype(np.float32)
    tiles = sample_tiles(image, (32, 40), 5000)
    assert tiles.shape == (15, 16, 20)
    assert tiles.min() == 0
    assert tiles.max() == 399
    assert sample_tiles(image, (32, 40), 1).shape == (1, 16, 20)
    assert sample_tiles(image, (1, 1000), 10**6).shape == (64, 1, 400)


def test_weights_fall_from_the_middle_and_never_vanish():
    weight = tile_weight((32, 48))
    assert weight.shape == (32, 48)
    assert weight.dtype == np.float32
    np.testing.assert_allclose(weight, weight[::-1, ::-1])
    assert weight.argmax() in (15 * 48 + 23, 15 * 48 + 24, 16 * 48 + 23, 16 * 48 + 24)
    assert (np.diff(weight[16, 24:]) <= 0).all()
    assert weight.min() > 0


@pytest.mark.parametrize(
    ("shape", "tile"), [((90, 71), (32, 32)), ((11, 40, 33), (8, 16, 16))]
)
@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_constant_stays_constant(shape, tile, batch_size):
    def network(batch):
        return torch.stack(
            [torch.full_like(batch[:, 0], value) for value in (0.2, 0.8)], 1
        )

    result = predict_tiled(
        network, np.zeros(shape, np.float32), 2, tile, batch_size=batch_size, device=CPU
    )
    assert result.shape == (2, *shape)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result[0], 0.2, rtol=1e-5)
    np.testing.assert_allclose(result[1], 0.8, rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "tile"), [((100, 75), (40, 40)), ((20, 30, 44), (12, 20, 20))]
)
def test_tiles_equal_the_whole_away_from_the_border_of_tiles(shape, tile):
    torch.manual_seed(0)
    dims = len(shape)
    conv = torch.nn.Conv2d if dims == 2 else torch.nn.Conv3d
    local = torch.nn.Sequential(
        conv(1, 4, 3, padding=1), torch.nn.ReLU(), conv(4, 2, 3, padding=1)
    )
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    with torch.inference_mode():
        whole = local(torch.from_numpy(image)[None, None])[0].numpy()
    tiled = predict_tiled(local, image, 2, tile, device=CPU)
    # Within two pixels of its border a tile sees padding instead of its neighbour.
    clean = np.ones(shape, bool)
    for where in tile_windows(shape, tile, 0.25):
        inner = np.zeros(tile, bool)
        inner[
            tuple(
                slice(0 if w.start == 0 else 2, side if w.stop == total else side - 2)
                for w, side, total in zip(where, tile, shape, strict=True)
            )
        ] = True
        clean[where] &= inner
    assert clean.mean() > 0.3
    np.testing.assert_allclose(tiled[:, clean], whole[:, clean], rtol=1e-4, atol=1e-5)
    assert np.abs(tiled - whole).mean() < 0.05 * np.abs(whole).mean()


def test_a_pointwise_network_is_reproduced_everywhere():
    image = np.random.default_rng(0).normal(size=(70, 53)).astype(np.float32)
    result = predict_tiled(torch.sin, image, 1, (24, 24), device=CPU)
    np.testing.assert_allclose(result[0], np.sin(image), rtol=1e-4, atol=1e-5)


def test_progress_counts_the_tiles():
    told = []
    predict_tiled(
        lambda batch: batch, np.zeros((64, 64), np.float32), 1, (32, 32), overlap=0,
        batch_size=3, device=CPU, progress=lambda *numbers: told.append(numbers),
    )  # fmt: skip
    assert told == [(3, 4), (4, 4)]


def test_tiles_pass_into_each_other():
    # Each tile becomes its own mean; without overlap these would be 40 apart.
    ramp = np.broadcast_to(np.arange(120, dtype=np.float32), (40, 120))
    result = predict_tiled(
        lambda tiles: tiles.mean((2, 3), keepdim=True).expand_as(tiles),
        ramp, 1, (40, 40), device=CPU,
    )[0]  # fmt: skip
    steps = np.diff(result, axis=1)
    assert steps.min() > -1e-3
    assert steps.max() < 15
