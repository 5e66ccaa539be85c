"""Words, verdicts and the page about translated images."""

from __future__ import annotations

import base64
import csv
import io
import re

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.check_report import (
    Checked,
    draw_pictures,
    write_check_report,
)
from napari_uda.core.metrics.structure import (
    change_map,
    compare_slice,
    structure_scores,
)
from napari_uda.core.metrics.trust import findings
from napari_uda.core.metrics.verdicts import (
    Place,
    Verdict,
    read_verdicts,
    save_verdicts,
)


def blobs(seed, shape=(72, 80)):
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 4)
    return np.digitize(noise, np.quantile(noise, [0.5, 0.8])).astype(float)


def scores_of(*pairs):
    originals, translations = zip(*pairs, strict=True)
    return structure_scores(np.stack(originals), np.stack(translations))


def test_a_slice_scored_alone_is_scored_as_in_a_stack():
    one, other = blobs(0), np.roll(blobs(0), 2, 0)
    scores, changes = compare_slice(one, other)
    whole = structure_scores(one, other)
    assert scores == pytest.approx({name: value[0] for name, value in whole.items()})
    np.testing.assert_allclose(changes, change_map(one, other))


def test_contrast_and_structure_are_told_apart():
    kept, other = blobs(0), blobs(1)
    scores = scores_of((kept, 3 * kept), (kept, -kept), (kept, -kept), (kept, other))
    found = findings(scores)
    assert [item.text for item in found] == [
        "structure is lost in 1 of 4 slices",
        "contrast is inverted in 2 of 4 slices",
    ]
    assert [item.slices for item in found] == [(3,), (1, 2)]
    assert [item.level for item in found] == ["error", "warning"]


def test_noise_is_in_doubt_but_not_lost():
    kept = gaussian_filter(np.random.default_rng(0).normal(size=(96, 96)), 3)
    noisy = kept / kept.std() + 0.6 * np.random.default_rng(1).normal(size=(96, 96))
    [found] = findings(scores_of((kept, noisy)))
    assert found.text == "structure is in doubt in the slice"


@pytest.mark.parametrize("change", [np.sqrt, np.square, lambda image: abs(image - 1)])
def test_a_change_of_contrast_is_fine(change):
    image = blobs(0)
    [found] = findings(scores_of((image, change(image)), (image, image)))
    assert (found.level, found.slices) == ("ok", ())
    assert "all 2 slices" in found.text


def test_a_constant_slice_is_said_and_nothing_is_nothing():
    found = findings(scores_of((blobs(0), blobs(0)), (blobs(0), np.zeros((72, 80)))))
    assert [item.text for item in found] == [
        "there is nothing to compare in 1 of 2 slices"
    ]
    assert findings({"correlation": [], "structure": []}) == []


PLACE = Place("MR", "abc", "run best", "source", 4)


def test_verdicts_are_kept_beside_those_of_other_images(tmp_path):
    file = tmp_path / "report" / "verdicts.csv"
    assert read_verdicts(file) == {}
    other = Place("CT", "def", "run best", "target", 0)
    save_verdicts(file, {other: Verdict("accepted")})
    save_verdicts(file, {PLACE: Verdict("rejected", 'an "arm", gone\nentirely')})
    assert read_verdicts(file) == {
        other: Verdict("accepted"),
        PLACE: Verdict("rejected", 'an "arm", gone\nentirely'),
    }
    with file.open(newline="") as opened:
        assert [row["slice"] for row in csv.DictReader(opened)] == ["1", "5"]
    save_verdicts(file, {PLACE: Verdict()})
    assert list(read_verdicts(file)) == [other]
    assert [path.name for path in file.parent.iterdir()] == ["verdicts.csv"]


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "\x00", "image,verdict\nMR,maybe\n"])
def test_a_foreign_file_is_a_sentence_and_stays(tmp_path, content):
    file = tmp_path / "verdicts.csv"
    file.write_text(content)
    with pytest.raises(UserError, match="move it away"):
        save_verdicts(file, {PLACE: Verdict("accepted")})
    assert file.read_text() == content


def test_the_page_holds_its_pictures_scores_and_verdicts(tmp_path):
    original, other = blobs(0), blobs(1)
    scores, changes = compare_slice(original, other)
    slices = [
        Checked(
            "<MR>, slice 3 of 4",
            "the worst",
            scores,
            Verdict("rejected", "liver & spleen swapped"),
            draw_pictures(original, other, changes),
        ),
        Checked(
            "<MR>, slice 1 of 4",
            "2nd worst",
            scores | {"edges": float("nan")},
            Verdict(),
        ),
    ]
    found = findings(scores_of((original, other)))
    path = tmp_path / "deep" / "check.html"
    write_check_report(path, summary={"Run": "ct-mr"}, findings=found, slices=slices)
    page = path.read_text(encoding="utf-8")
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == 3
    for data in pictures:
        picture = Image.open(io.BytesIO(base64.b64decode(data)))
        assert picture.size == (80, 72)
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "&lt;MR&gt;, slice 3 of 4" in page
    assert "liver &amp; spleen swapped" in page
    assert page.count('class="rejected">rejected<') == 2
    assert f"{scores['structure']:.3f}" in page
    assert "Structure is lost in the slice." in page
    assert "Research use only" in page
    assert "tell nothing about a patient" in page
    assert [file.name for file in path.parent.iterdir()] == ["check.html"]
