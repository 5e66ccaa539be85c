"""Odd layers: what is read is said, never guessed silently, and can be corrected."""

from __future__ import annotations

import dask
import dask.array as da
import numpy as np
import pytest

from data_window import cell, data_window, look, noise, said, severity, stripes, wait
from napari_uda.core.io import read
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.snapshot import plan_domain

VOLUME = (3, 64, 64)


class ChunkedOnDisk:
    """An array as zarr, h5py and tensorstore have them: sliced, never transposed."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.ndim, self.size, self.chunks = array.ndim, array.size, (1, 64, 64)

    def __getitem__(self, key):
        return self.array[key]

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype)


def with_nan():
    array = noise(12, *VOLUME).astype(np.float32)
    array[:, 5, 5] = np.nan
    return array


def levels():
    full = noise(4, *VOLUME)
    return [full, full[:, ::2, ::2]]


ARRAYS = {
    "rgb": (lambda: noise(20, 64, 64, 3), {"rgb": True}),
    "tzyx": (lambda: noise(21, 2, 3, 64, 64), {}),
    "unnamed": (lambda: noise(22, *VOLUME), {}),
    "turned": (lambda: noise(23, 64, 64, 5), {}),
    "cyx": (lambda: noise(24, *VOLUME), {"axis_labels": ("c", "y", "x")}),
    "one_slice": (lambda: noise(25, 1, 64, 64), {}),
    "multiscale": (levels, {"multiscale": True}),
    "dask": (lambda: da.from_array(noise(5, *VOLUME), chunks=(1, 64, 64)), {}),
    "chunked": (lambda: ChunkedOnDisk(noise(6, *VOLUME)), {}),
    "big_endian": (lambda: noise(7, *VOLUME).astype(">u2"), {}),
    "float": (lambda: noise(8, *VOLUME).astype(np.float32), {}),
    "nan": (with_nan, {}),
    "constant": (lambda: np.full(VOLUME, 7, np.float32), {}),
}


@pytest.fixture(scope="module")
def window(qapp):
    """A viewer that has all odd layers; closing single ones leaks popups of napari."""
    with dask.config.set(scheduler="synchronous"), data_window() as widget:
        viewer = widget.session.viewer
        masks = {
            "good": stripes(*VOLUME),
            "negative": np.full(VOLUME, -2, np.int16),
            "other shape": stripes(3, 64, 32),
        }
        widget.sources = tuple(
            LayerPair(
                viewer.add_image(noise(seed, *VOLUME), name=name),
                viewer.add_labels(labels, name=f"{name} labels"),
            )
            for seed, (name, labels) in enumerate(masks.items(), 1)
        )
        widget.odd = {
            name: LayerPair(viewer.add_image(make(), name=name, **options))
            for name, (make, options) in ARRAYS.items()
        }
        yield widget


def show(qtbot, widget, sources, targets):
    choices = {"source": tuple(sources), "target": tuple(targets)}
    look(
        qtbot,
        widget,
        **{name: DomainChoice(layers=pairs) for name, pairs in choices.items()},
    )


@pytest.fixture
def looked(window, qtbot):
    """Show all of them at once."""
    if window.table.samples.rowCount() < len(window.odd):
        show(qtbot, window, window.sources, window.odd.values())
    return window


SAID = {
    "rgb": ("note", "RGB turned to grey"),
    "tzyx": ("error", "neither (y, x) nor (z, y, x): split its channels or time"),
    "unnamed": ("note", "no names and are read as z, y, x"),
    "cyx": ("note", "named c, y, x but are read as z, y, x: choose the axes beside"),
    "one_slice": ("note", "one slice only"),
    "multiscale": ("note", "resolution level 0 of several is used"),
    "nan": ("warning", "3 of 12,288 pixels are NaN or infinite"),
    "constant": ("warning", "every pixel is 7, so there is nothing to learn"),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_odd_about_a_layer_is_said_in_its_row(name, looked):
    level, words = SAID[name]
    assert words.lower() in said(looked, "target", name).lower()
    assert severity(looked, "target", name) == level


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("negative", "negative values (smallest -2)"),
        ("other shape", "have shape (3, 64, 32), but image"),
    ],
)
def test_labels_that_cannot_be_used_turn_their_row_red(name, words, looked):
    assert words in said(looked, "source", name)
    assert severity(looked, "source", name) == "error"
    assert severity(looked, "source", "good") == "note"
    assert "Ready" not in looked.verdict.text()


TYPES = {
    "multiscale": "u8", "dask": "u8", "chunked": "u8", "big_endian": "u16",
    "float": "f32",
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_any_array_is_looked_at_and_copied_for_training(name, looked, tmp_path):
    assert cell(looked, "target", name, "shape") == "3x64x64"
    assert cell(looked, "target", name, "type") == TYPES[name]
    assert severity(looked, "target", name) == "note"
    choice = DomainChoice(layers=(looked.odd[name],))
    run = RunFolder(tmp_path / "run")
    (sample,) = plan_domain("target", choice).domain(run.data, print).samples
    array = ARRAYS[name][0]()
    expected = np.asarray(array[0] if name == "multiscale" else array)
    np.testing.assert_array_equal(read(sample.image).data, expected)


def test_axes_and_level_are_corrected_beside_the_layer(window, qtbot):
    pairs = (window.odd["turned"], window.odd["multiscale"])
    show(qtbot, window, window.sources[:1], pairs)
    assert cell(window, "target", "turned", "shape") == "64x64x5"
    turned, multiscale = window.pickers["target"]._rows
    assert turned.details.isVisibleTo(window)
    assert multiscale.level.isVisibleTo(window)
    turned.details.setCurrentText("yxz")
    multiscale.level.setCurrentIndex(1)
    wait(qtbot, window)
    assert cell(window, "target", "turned", "shape") == "5x64x64"
    assert "axes" not in said(window, "target", "turned").lower()
    assert cell(window, "target", "multiscale", "shape") == "3x32x32"
    assert "resolution level 1 of several" in (
        said(window, "target", "multiscale").lower()
    )


def test_a_warning_lets_training_start(window, qtbot):
    show(qtbot, window, window.sources[:1], [window.odd["nan"]])
    assert window.session.problem == ""
    assert "Ready to train, but" in window.verdict.text()
