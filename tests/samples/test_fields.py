from __future__ import annotations

import numpy as np
import pytest

from napari_uda.samples.canvas import Canvas
from napari_uda.samples.fields import (
    branches,
    ellipsoid,
    fourier_noise,
    rotation,
    smooth_noise,
    tube,
)


def grid(*shape):
    return np.indices(shape) - np.reshape(shape, (-1,) + (1,) * len(shape)) / 2.0


@pytest.mark.parametrize("shape", [(128, 128), (40, 41, 42)])
def test_both_noises_have_the_same_statistics(shape):
    rng = np.random.default_rng(0)
    alike = []
    for noise in (smooth_noise, fourier_noise):
        fields = [noise(rng, shape, 3.0) for _ in range(8)]
        assert all(field.shape == shape for field in fields)
        assert np.std(fields) == pytest.approx(1, abs=1e-3)
        lag = [np.mean(field * np.roll(field, 5, axis=-1)) for field in fields]
        alike.append(np.mean(lag))
    # Of white noise smoothed by s, points d apart correlate as exp(-d^2 / 4 s^2).
    assert alike == pytest.approx([np.exp(-25 / 36)] * 2, abs=0.12)


def test_the_depth_in_a_sphere_is_the_distance_from_its_surface():
    places = grid(20, 20, 20)
    depth = ellipsoid(places, (1, 0, -2), (7, 7, 7))
    away = np.linalg.norm(places - np.reshape((1, 0, -2), (3, 1, 1, 1)), axis=0)
    np.testing.assert_allclose(depth, 7 - away, atol=1e-3)


def test_an_ellipse_has_its_axes_and_its_turn():
    places = grid(80, 80)
    inside = ellipsoid(places, (0, 0), (10, 30), rotation(np.pi / 2)) > 0
    rows, columns = (np.ptp(index) for index in np.nonzero(inside))
    assert rows == pytest.approx(60, abs=2)
    assert columns == pytest.approx(20, abs=2)
    assert inside.mean() == pytest.approx(np.pi * 300 / 6400, rel=0.03)


def test_a_boxier_ellipse_is_larger_and_still_has_depths_near_its_edge():
    places = grid(80, 80)
    round_, box = (ellipsoid(places, (0, 0), (20, 30), power=p) for p in (2.0, 4.0))
    assert (box > 0).sum() > 1.1 * (round_ > 0).sum()
    assert box[40, 65] == pytest.approx(5, abs=0.6)


def test_a_tube_has_its_radius_and_reaches_no_further_than_asked():
    line = np.column_stack([np.zeros(41), np.linspace(-20, 20, 41)])
    depth = tube(grid(60, 60), line, 4.0, reach=3)
    assert depth[32, 30] == pytest.approx(2)
    assert depth[36, 30] == pytest.approx(-2)
    assert depth[50, 30] == -np.inf


def test_branches_grow_from_their_root_and_get_thinner():
    points, radii = branches(np.random.default_rng(0), (0, 0), (1, 0), 30, 4.0)
    assert np.linalg.norm(points[0]) < 4
    assert radii[0] == 4
    assert 1 < radii.min() < 3
    assert len(points) > 20


def test_tissues_of_a_canvas_fill_every_voxel_exactly_once():
    canvas = Canvas(np.random.default_rng(0), (30, 30), 1.0, "air", warp=2)
    canvas.paint("fat", ellipsoid(canvas.grid, (0, 0), (10, 10)), 1)
    canvas.paint("muscle", ellipsoid(canvas.grid, (3, 0), (6, 6)), 2, part=0.6)
    canvas.paint("fat", ellipsoid(canvas.grid, (3, 0), (2, 2)), None)
    parts = [
        canvas.mix({name: float(name == tissue) for name in canvas.tissues})
        for tissue in canvas.tissues
    ]
    assert canvas.tissues == ["air", "fat", "muscle"]
    np.testing.assert_allclose(sum(parts), 1, atol=1e-6)
    assert parts[2].max() == pytest.approx(0.6, abs=1e-6)
    assert canvas.labels[15 + 3, 15] == 2  # a label of None leaves what is there
    assert set(np.unique(canvas.labels)) == {0, 1, 2}
    assert (parts[0][canvas.labels > 0] < 0.51).all()
