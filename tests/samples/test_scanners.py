"""The physics that makes the domains differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_uda.samples.canvas import Canvas
from napari_uda.samples.fields import ellipsoid
from napari_uda.samples.magnet import TISSUES, Scanner, record, signal
from napari_uda.samples.tomograph import ConeBeam, fan_scan, hounsfield

BALANCED = Scanner("balanced", 60, 3.0, (1.0, 1.0), noise=0.0, shading=0.0)
SPOILED = replace(BALANCED, sequence="spoiled", flip=20, repetition=6)
IDEAL = ConeBeam(
    views=180, photons=1e9, scatter=0, hardening=0, half_width=95, scale=1, offset=0
)


def test_the_ernst_angle_is_the_best_of_a_spoiled_sequence():
    recovery = np.exp(-6 / TISSUES["liver"][1])
    best = float(np.degrees(np.arccos(recovery)))
    values = [signal("liver", replace(SPOILED, flip=best + d)) for d in (-2, 0, 2)]
    assert values[1] == max(values)
    ernst = TISSUES["liver"][0] * np.sqrt((1 - recovery) / (1 + recovery))
    assert values[1] == pytest.approx(ernst)


def test_a_balanced_sequence_weighs_by_t2_over_t1():
    density, t1, t2 = TISSUES["blood"]
    right = replace(BALANCED, flip=90)
    assert signal("blood", right) == pytest.approx(density / (1 + t1 / t2))
    assert signal("blood", BALANCED) > 2 * signal("myocardium", BALANCED)


def test_gadolinium_and_inflow_brighten_blood_and_suppression_darkens_fat():
    agent = replace(BALANCED, contrast_agent=4)
    assert signal("blood", agent) > 1.2 * signal("blood", BALANCED)
    assert signal("fat", agent) == signal("fat", BALANCED)
    assert signal("blood", replace(SPOILED, inflow=0.2)) > 2 * signal("blood", SPOILED)
    assert signal("fat", replace(BALANCED, fat=0.1)) == pytest.approx(
        0.1 * signal("fat", BALANCED)
    )


def disc(tissue, around="air", size=96):
    canvas = Canvas(np.random.default_rng(0), (size, size), 2.0, around)
    canvas.paint(tissue, ellipsoid(canvas.grid, (0, 0), (60, 60)), 1)
    return canvas


def test_noise_of_a_magnitude_image_has_a_rayleigh_background():
    scanner = replace(BALANCED, noise=0.05, gain=10_000)
    image = record(np.random.default_rng(0), disc("blood"), scanner)
    background = image[:12].astype(float)
    ratio = background.mean() / background.std()
    assert ratio == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.05)


def test_coarse_acquisition_blurs_and_coils_shade():
    rng = np.random.default_rng
    sharp, coarse, shaded = (
        record(rng(1), disc("blood"), replace(BALANCED, **changes)).astype(float)
        for changes in (
            {"resolution": (2.0, 2.0)},
            {"resolution": (6.0, 2.0)},
            {"coil": (1.0, 0.0)},
        )
    )
    steepest = [np.abs(np.diff(x, axis=0)).max() for x in (sharp, coarse)]
    assert steepest[1] < 0.75 * steepest[0]
    assert shaded[22:40].sum() > 1.2 * shaded[-40:-22].sum()


def test_water_and_fat_cancel_at_edges_of_a_balanced_image():
    image = record(np.random.default_rng(0), disc("muscle", "fat"), BALANCED)
    profile = image[48, 48:].astype(float)
    assert profile.min() < 0.5 * min(profile[:20].mean(), profile[-8:].mean())


def water(size=96, inside=0.0):
    image = hounsfield(
        np.random.default_rng(0),
        disc("fluid", size=size),
        {"fluid": (inside, 0)},
        rough=0,
    )
    return image, disc("fluid", size=size).labels > 0


def inner(radius):
    return ellipsoid(disc("air").grid, (0, 0), (radius, radius)) > 0


def test_an_ideal_cone_beam_reconstructs_what_is_there():
    image, body = water(inside=100)
    [found], seen = IDEAL.scan(np.random.default_rng(0), [image], 2.0)
    assert found[inner(50)].mean() == pytest.approx(100, abs=10)
    assert found[inner(50)].std() < 10
    assert (found[~seen] == -1000).all()
    assert found[seen & ~body & (image < -900)].mean() < -900


@pytest.mark.parametrize("change", [{"hardening": 0.02}, {"scatter": 0.008}])
def test_hardening_and_scatter_cup(change):
    image, _ = water()
    [found], _ = replace(IDEAL, **change).scan(np.random.default_rng(0), [image], 2.0)
    assert found[inner(10)].mean() < found[inner(52) & ~inner(46)].mean() - 15


def test_metal_streaks_reach_far():
    image, _ = water()
    metal = image.copy()
    metal[46:49, 30] = metal[46:49, 66] = 20_000
    cone = replace(IDEAL, photons=1e5, hardening=0.009)
    (clean, streaky), _ = cone.scan(np.random.default_rng(0), [image, metal], 2.0)
    between = inner(50)
    between[:, :36] = between[:, 61:] = False
    assert streaky[between].std() > 2 * clean[between].std()


def test_few_photons_make_noise_and_a_small_detector_a_bright_rim():
    image, body = water()
    rng = np.random.default_rng(0)
    [dark], _ = replace(IDEAL, photons=3e3).scan(rng, [image], 2.0)
    [bright], _ = replace(IDEAL, photons=3e5).scan(rng, [image], 2.0)
    assert dark[inner(50)].std() > 4 * bright[inner(50)].std()
    [narrow], seen = replace(IDEAL, half_width=45).scan(rng, [image], 2.0)
    assert seen.sum() < body.sum()
    away = np.hypot(*disc("air").grid)
    assert narrow[(away < 44) & (away > 40)].mean() > narrow[away < 20].mean() + 10


def test_a_diagnostic_scanner_keeps_hounsfield_units():
    image, body = water(inside=60)
    found = fan_scan(np.random.default_rng(0), image, 2.0, blur=2.0, noise=10)
    assert found.dtype == np.int16
    assert found[body].mean() == pytest.approx(60, abs=30)
    assert 6 < found[40:56, 40:56].std() < 15
