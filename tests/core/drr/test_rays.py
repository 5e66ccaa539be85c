"""Line integrals against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_uda.core.drr import XrayGeometry, attenuation, line_integrals, radiograph
from napari_uda.core.drr.rays import integrate
from napari_uda.core.errors import UserError

PER_VOXEL = 4
"""Points per axis at which a voxel is asked how much of it is inside."""

VIEWS = [
    {"kind": kind, "rotation": rotation, "tilt": tilt}
    for kind in ("parallel", "cone")
    for rotation, tilt in ((0, 0), (30, 0), (90, 0), (45, 10), (200, -20))
]


def voxels(inside, shape, size):
    """Return the part of each voxel where `inside(z, y, x)` in mm holds."""
    axes = [
        ((np.arange(n * PER_VOXEL) + 0.5) / PER_VOXEL - n / 2) * side
        for n, side in zip(shape, size, strict=True)
    ]
    fine = inside(*np.meshgrid(*axes, indexing="ij", sparse=True))
    parts = [part for n in shape for part in (n, PER_VOXEL)]
    share = fine.reshape(parts).mean((1, 3, 5), dtype=np.float32)
    return torch.from_numpy(share)[None]


def sphere_path(geometry, centre, radius):
    points, directions = geometry.rays()
    away = points - torch.tensor(centre)
    along = (away * directions).sum(-1)
    squared = radius**2 - (away * away).sum(-1) + along**2
    return 2 * squared.clamp(min=0).sqrt()


def box_path(geometry, half):
    """Length of each ray between the pairs of planes of a box around the origin."""
    points, directions = geometry.rays(dtype=torch.float64)
    directions = torch.where(directions.abs() < 1e-12, 1e-12, directions)
    ends = torch.stack(
        [(side * torch.tensor(half) - points) / directions for side in (-1, 1)]
    )
    near, far = ends.amin(0).amax(-1), ends.amax(0).amin(-1)
    return (far - near).clamp(min=0).float()


def relative_error(found, exact):
    return float((found - exact).abs().sum() / exact.sum())


@pytest.mark.parametrize("view", VIEWS)
def test_a_sphere(view):
    geometry = XrayGeometry(**view, size=(96, 96), pitch=2.2)
    size, centre, radius = (2.0, 1.6, 1.6), (9.0, -14.0, 7.0), 58.0
    volume = voxels(
        lambda z, y, x: (z - 9) ** 2 + (y + 14) ** 2 + (x - 7) ** 2 < radius**2,
        (72, 96, 96),
        size,
    )
    found = line_integrals(volume, size, geometry)[0]
    exact = sphere_path(geometry, centre, radius)
    assert relative_error(found, exact) < 0.01
    inside = exact > radius
    assert ((found - exact).abs() / exact)[inside].max() < 0.02


@pytest.mark.parametrize("view", VIEWS)
def test_a_box(view):
    geometry = XrayGeometry(**view, size=(96, 96), pitch=2.03)
    half, size = (44.0, 32.8, 51.2), (0.8, 0.8, 0.8)
    volume = voxels(
        lambda z, y, x: (abs(z) < half[0]) & (abs(y) < half[1]) & (abs(x) < half[2]),
        (116, 88, 134),
        size,
    )
    found = line_integrals(volume, size, geometry)[0]
    exact = box_path(geometry, half)
    # What is left is the voxels' own: an edge of a volume is as sharp as they are.
    assert relative_error(found, exact) < 0.01
    thick = exact > 0.9 * exact.max()
    assert ((found - exact).abs() / exact)[thick].median() < 0.001


def test_parallel_rays_along_an_axis_sum_the_voxels():
    volume = torch.rand(2, 6, 7, 8)
    geometry = XrayGeometry("parallel", size=(6, 8), pitch=1.5)
    found = line_integrals(volume, (1.5, 3.0, 1.5), geometry)
    # Rows run from high z to low z, columns along x.
    assert torch.allclose(found, 3.0 * volume.sum(2).flip(1), atol=1e-5)
    turned = XrayGeometry("parallel", rotation=90, size=(6, 7), pitch=1.0)
    found = line_integrals(volume, (1.0, 1.0, 2.0), turned)
    assert torch.allclose(found, 2.0 * volume.sum(3).flip(1, 2), atol=1e-4)


@pytest.mark.parametrize("kind", ["cone", "parallel"])
@pytest.mark.parametrize("rotation", [0, 90])
def test_tilted_rays_rise_towards_the_head(kind, rotation):
    geometry = XrayGeometry(kind, rotation=rotation, tilt=45, size=(21, 21), pitch=1)
    volume = torch.zeros(2, 21, 21, 21)
    # Behind the centre, as the rays go: one voxel nearer to the head, one to the feet.
    behind = (15, 10) if rotation == 0 else (10, 15)
    volume[(0, 15, *behind)] = volume[(1, 5, *behind)] = 1
    towards_head, towards_feet = line_integrals(volume, (1.0,) * 3, geometry)
    assert towards_head[10, 10] > 1
    assert towards_feet[10, 10] == 0


def test_a_cone_enlarges_what_is_near_the_source():
    geometry = XrayGeometry("cone", 1500, 1000, size=(1, 301), pitch=1.0)
    volume = torch.zeros(1, 3, 201, 101)
    volume[0, :, 100] = 1  # a sheet through the centre
    at_centre = (line_integrals(volume, (1.0,) * 3, geometry)[0, 0] > 0).sum()
    near = (line_integrals(volume.roll(-100, 2), (1.0,) * 3, geometry)[0, 0] > 0).sum()
    assert int(at_centre) == pytest.approx(101 * 1500 / 1000, abs=3)
    assert int(near) == pytest.approx(101 * 1500 / 900, abs=3)


def test_it_is_differentiable():
    torch.manual_seed(0)
    volume = torch.rand(1, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    for view in ({"kind": "cone"}, {"kind": "parallel", "rotation": 35.0, "tilt": 5.0}):
        geometry = XrayGeometry(**view, size=(4, 3), pitch=1.3)

        def path(given, geometry=geometry):
            return line_integrals(given, (1.0, 1.2, 0.9), geometry)

        assert torch.autograd.gradcheck(path, (volume,))


@pytest.mark.parametrize("view", VIEWS)
def test_lengths_in_a_mask_of_whole_voxels_are_exact(view):
    geometry = XrayGeometry(**view, size=(60, 62), pitch=3.07)
    half, size = (44.0, 32.0, 50.0), (4.0, 2.0, 2.0)
    volume = torch.zeros(1, 30, 50, 60, dtype=torch.bool)
    volume[:, 4:26, 9:41, 5:55] = True
    found = line_integrals(volume, size, geometry, "constant")[0]
    exact = box_path(geometry, half)
    torch.testing.assert_close(found, exact, atol=0.02, rtol=0)
    assert not found[exact == 0].any()
    assert (found > 0)[exact > 0.02].all()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("side", "error", "in_all"), [(0.5, 0.01, 0.002), (1.25, 0.02, 0.01)]
)
def test_lengths_in_a_mask_of_a_ball_are_those_of_the_ball(view, side, error, in_all):
    radius = 50.0
    geometry = XrayGeometry(**view, size=(36, 36), pitch=4.6)
    count = 2 * round(radius / side) + 4
    along = ((torch.arange(count) + 0.5 - count / 2) * side) ** 2
    away = along[:, None, None] + along[:, None] + along
    found = line_integrals(away[None] < radius**2, (side,) * 3, geometry, "constant")
    exact = sphere_path(geometry, (0.0, 0.0, 0.0), radius)
    # Its surface is made of steps, a voxel high: the error is that of these.
    assert relative_error(found[0], exact) < error
    assert float(found.sum() / exact.sum()) == pytest.approx(1, abs=in_all)


@pytest.mark.parametrize("kind", ["cone", "parallel"])
@pytest.mark.parametrize("between", ["linear", "constant"])
def test_gradients_reach_the_volume_and_the_rays(kind, between):
    torch.manual_seed(0)
    view = XrayGeometry(kind, 50, 30, rotation=20, tilt=7, size=(4, 3), pitch=1.9)
    points, directions = (ray.reshape(-1, 3) for ray in view.rays(dtype=torch.float64))
    volume = torch.rand(2, 4, 3, 5, dtype=torch.float64, requires_grad=True)
    shift = torch.tensor([0.2, 0.1, -0.3], dtype=torch.float64, requires_grad=True)

    def path(volume, shift):
        size = (1.0, 1.2, 0.9)
        return integrate(volume, size, points + shift, directions, between)

    assert path(volume, shift).max() > 1
    assert torch.autograd.gradcheck(path, (volume, shift))


def test_what_is_skipped_where_it_is_zero_changes_nothing():
    volume = torch.zeros(2, 9, 10, 11)
    volume[0, 3:5, 4:6, 2:9] = torch.rand(2, 2, 7)
    geometry = XrayGeometry("parallel", size=(12, 12), rotation=20, pitch=1)
    for between in ("linear", "constant"):
        short = line_integrals(volume, (1.0,) * 3, geometry, between)
        full = line_integrals(
            volume.clone().requires_grad_(), (1.0,) * 3, geometry, between
        )
        torch.testing.assert_close(short, full.detach())
    nothing = line_integrals(torch.zeros(1, 9, 10, 11), (1.0,) * 3, geometry)
    assert not nothing.any()


def test_a_volume_is_never_sampled_all_at_once(monkeypatch):
    from napari_uda.core.drr import rays

    volume = torch.rand(1, 9, 10, 11)
    geometry = XrayGeometry(size=(8, 8), rotation=20, pitch=3)
    whole = line_integrals(volume, (1.0,) * 3, geometry)
    monkeypatch.setattr(rays, "CHUNK", 100)
    parts = line_integrals(volume, (1.0,) * 3, geometry)
    assert torch.allclose(whole, parts, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "fan"}, "choose cone or parallel"),
        ({"pitch": 0.0}, "more than 0"),
        ({"size": (0, 5)}, "1 to 16384"),
        ({"tilt": 80.0}, "-60 to 60"),
        ({"rotation": float("nan")}, "is no number"),
        ({"source_patient": 1500.0}, "between source and detector"),
        ({"source_patient": -1.0}, "between source and detector"),
    ],
)
def test_impossible_geometries_are_refused(settings, words):
    with pytest.raises(UserError, match=words):
        XrayGeometry(**settings)


def test_a_volume_around_the_source_is_refused():
    geometry = XrayGeometry("cone", 300, 100)
    with pytest.raises(UserError, match="reaches 173 mm"):
        line_integrals(torch.zeros(1, 20, 20, 20), (10.0,) * 3, geometry)


def test_attenuation_follows_the_hounsfield_scale():
    found = attenuation(torch.tensor([-2000.0, -1000.0, 0.0, 1000.0]), 0.02)
    assert found.tolist() == pytest.approx([0, 0, 0.02, 0.04])


def test_noise_is_that_of_counted_photons():
    path = torch.full((200, 200), 2.0)
    noise = torch.Generator().manual_seed(0)
    seen = radiograph(path, 10_000, noise)
    assert float(seen.mean()) == pytest.approx(2.0, abs=0.002)
    # The variance of -log N is 1 / N.
    assert float(seen.std()) == pytest.approx((10_000 * np.exp(-2)) ** -0.5, rel=0.03)
    assert torch.equal(radiograph(path), path)
    opaque = radiograph(torch.full((4, 4), 60.0), 100.0, noise)
    assert opaque.isfinite().all()
