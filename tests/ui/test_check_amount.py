"""Check shows both by one normalisation, and says how much was changed."""

from __future__ import annotations

import csv
import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from check_window import (
    HEIGHT,
    WIDTH,
    add_image,
    compare,
    measured,
    runs,
    viewer,
    volume,
    widget,
)
from napari_uda.core.data.normalise import intensity_range, normalise
from napari_uda.ui.check_saving import write_page, write_verdicts
from napari_uda.ui.words import SEVERITY_COLORS

__all__ = ["runs", "viewer", "widget"]  # fixtures


def dull(shape):
    """Return an image that uses a part of the range of its type."""
    return (volume(shape) // 3 + 80).astype(np.uint8)


def translate(widget, qtbot, behaviour):
    widget.command[-1] = behaviour
    widget.translate.click()
    measured(widget, qtbot)
    return widget.panel


def drawn(layer):
    """Return the pixels of a layer from black to white, as napari draws them."""
    low, high = layer.contrast_limits
    return np.clip((np.asarray(layer.data, np.float32) - low) / (high - low), 0, 1)


@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH), (5, HEIGHT, WIDTH)])
def test_a_copy_looks_like_its_original_and_is_not_praised(
    viewer, widget, qtbot, tmp_path, shape
):
    image = add_image(viewer, data=dull(shape))
    limits = list(image.contrast_limits)
    panel = translate(widget, qtbot, "copy")
    pair = panel.review.pairs[0]
    original, fake = (
        viewer.layers["check: original"],
        viewer.layers["check: translated"],
    )
    np.testing.assert_allclose(drawn(original), drawn(fake), atol=1e-5)
    assert original.contrast_limits == list(intensity_range(image.data, "percentiles"))
    np.testing.assert_allclose(*pair.scaled(0), atol=1e-5)
    assert image.contrast_limits == limits

    lines = panel.trust.text().split("<br>")
    assert "Hardly changed (0.0 %): there is nothing to trust yet." in lines[0]
    assert SEVERITY_COLORS["warning"] in lines[0]
    assert "Anatomy kept" not in panel.trust.text()
    *_, said = write_page(panel.review, panel.saving.about, tmp_path / "page.html")
    assert "saved" in said
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<li class="warning"><b>Hardly changed (0.0 %)' in page
    assert "<b>Anatomy kept" not in page
    black, white = pictures(page)[:2]
    np.testing.assert_allclose(black, white, atol=1)


def pictures(page):
    """Return the pictures of a page as arrays."""
    found = re.findall(r'base64,([^"]+)" alt', page)
    return [np.asarray(Image.open(BytesIO(b64decode(data))), int) for data in found]


def test_a_change_is_said_in_per_cent_of_every_slice(viewer, widget, qtbot, tmp_path):
    image = add_image(viewer)
    panel = translate(widget, qtbot, "invert")
    fake = viewer.layers["check: translated"].data
    seen = normalise(image.data, "percentiles")
    expected = 50 * np.abs(fake - seen).mean((1, 2))
    np.testing.assert_allclose(panel.review.changed, expected, rtol=1e-4)
    text = panel.trust.text()
    assert f"Changed by {expected.mean():.1f} % of the intensity range." in text
    assert f"changed by {expected[panel.current.slice]:.1f} %." in text
    assert "Anatomy kept: " in text
    write_verdicts(panel.review, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        told = [float(row["changed_percent"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(told, expected, rtol=1e-4)


def test_two_layers_are_shown_by_one_rule_whatever_their_limits(viewer, widget, qtbot):
    original = add_image(viewer, data=dull((HEIGHT, WIDTH)))
    scaled = normalise(original.data, "percentiles")
    other = viewer.add_image(scaled, name="fake", contrast_limits=(-0.2, 0.3))
    widget.inputs.origin.setCurrentText("compare two layers")
    widget.inputs.image.setLayer(original)
    widget.inputs.translated.setLayer(other)
    widget.translate.click()
    measured(widget, qtbot)
    left, right = viewer.layers["check: original"], viewer.layers["check: translated"]
    np.testing.assert_allclose(drawn(left), drawn(right), atol=1e-5)
    assert "Hardly changed (0.0 %)" in widget.panel.trust.text()
    assert list(other.contrast_limits) == [-0.2, 0.3]


def test_the_step_of_the_checkpoint_is_said_here_and_in_the_report(
    viewer, widget, qtbot, tmp_path
):
    add_image(viewer)
    panel = translate(widget, qtbot, "invert")
    assert widget.message.text() == "1 image translated (best, step 7)."
    list(write_page(panel.review, panel.saving.about, tmp_path / "page.html"))
    assert "best, step 7" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_single_image_is_not_called_a_slice(viewer, widget, qtbot, tmp_path):
    add_image(viewer, data=volume((HEIGHT, WIDTH)))
    panel = translate(widget, qtbot, "invert")
    row = panel.verdict
    assert row.note.placeholderText() == "note on this image"
    assert "This image can be used" in row.accept.toolTip()
    list(write_page(panel.review, panel.saving.about, tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Scores of every image" in page
    add_image(viewer, name="stack")
    widget.inputs.image.setLayer(viewer.layers["stack"])
    translate(widget, qtbot, "invert")
    assert row.note.placeholderText() == "note on this slice"


def test_the_page_shows_the_changes_of_each_slice(viewer, widget, qtbot, tmp_path):
    compare(widget, qtbot)
    review = widget.panel.review
    list(write_page(review, {}, tmp_path / "page.html"))
    found = pictures((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert len(found) == 3 * len(review.items)
    coloured = [np.ptp(changes, axis=-1).max() > 50 for changes in found[2::3]]
    assert coloured == [True, True, False, False, False]
    assert np.abs(found[0] - found[1]).max() > 100
