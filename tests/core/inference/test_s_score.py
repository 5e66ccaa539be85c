"""Translated images, judged by a segmenter of the other look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
import torch

from napari_uda.core.engine.build import build_method
from napari_uda.core.errors import UserError
from napari_uda.core.inference.model import Model
from napari_uda.core.inference.s_score import score_translations
from napari_uda.core.metrics.report import mean_dice
from napari_uda.core.spec.domain import Dataset, Window

if TYPE_CHECKING:
    from pathlib import Path

WINDOW = Window(window=(0.0, 200.0))
CPU = torch.device("cpu")


def dark(image: torch.Tensor) -> torch.Tensor:
    """Logits of background, cell (above -0.5) and vessel (above 0.5)."""
    cell, vessel = (image > -0.5).float(), (image > 0.5).float()
    return torch.cat([1 - cell, cell - vessel, vessel], 1) * 20


@pytest.fixture
def make_pair(make_experiment, make_dataset):
    """Return a function that makes a run that translates, and a judge of it.

    The generators do nothing; the judge's segmenters are thresholds.
    """

    def make(data=None, judge_data=None, judge="supervised", dims=2, **settings):
        data = data or windowed(make_dataset(dims=dims))
        models = []
        for name, its_data, more in (
            ("cyclegan", data, {}),
            (judge, judge_data or data, settings),
        ):
            experiment = make_experiment(name, its_data, **{"dims": dims, **more})
            method = build_method(experiment).eval().requires_grad_(False)
            models.append(Model(method, experiment, CPU, bfloat16=False))
        models[0].method.translate = lambda image, to: image
        models[1].method.segment = models[1].method.segment_source = dark
        return models

    return make


def windowed(data, target=WINDOW):
    source = data.source.model_copy(update={"normalise": WINDOW})
    target = data.target.model_copy(update={"normalise": target})
    return data.model_copy(update={"source": source, "target": target})


def write_folder(folder: Path, classes: str = "1: cell, 2: vessel") -> Path:
    """Write an image of a cell at 100 and a vessel at 200 with its labels, twice."""
    raw = [int(part.split(":")[0]) for part in classes.split(",")]
    image = np.zeros((40, 44), np.float32)
    image[4:12, 4:36], image[20:28, 4:36] = 100, 200
    labels = np.zeros(image.shape, np.uint8)
    labels[4:12, 4:36], labels[20:28, 4:36] = raw
    for kind, array in (("images", image), ("labels", labels)):
        (folder / kind).mkdir(parents=True)
        for stem in ("a", "b"):
            tifffile.imwrite(folder / kind / f"{stem}.tif", array)
    (folder / "dataset.yaml").write_text(f"classes: {{{classes}}}\nsplit: {SPLIT}\n")
    return folder


SPLIT = "{train: [a], test: [b]}"


def test_translations_that_keep_shapes_score_one(make_pair, tmp_path):
    run, judge = make_pair()
    rows = score_translations(run, judge, write_folder(tmp_path / "d"), to="target")
    assert [(r["image"], r["class"], r["dice"]) for r in rows] == [
        ("a", "cell", 1), ("a", "vessel", 1), ("b", "cell", 1), ("b", "vessel", 1),
    ]  # fmt: skip
    assert mean_dice(rows) == 1
    assert rows[0]["assd"] is None


def test_progress_goes_to_the_end_of_every_image(make_pair, tmp_path):
    run, judge = make_pair()
    told = []
    folder = write_folder(tmp_path / "d")
    score_translations(run, judge, folder, to="target", report=told.append)
    parts = [(one.image, one.done / one.total) for one in told]
    assert parts == [
        (str(folder / "images" / f"{stem}.tif"), part)
        for stem in ("a", "b")
        for part in (0.5, 1)
    ]


def test_translations_that_move_shapes_score_less(make_pair, tmp_path):
    run, judge = make_pair()
    run.method.translate = lambda image, to: torch.roll(image, 2, 2)
    rows = score_translations(
        run, judge, write_folder(tmp_path / "d"), to="target", split="test"
    )
    # Six of eight rows of each structure stay where the labels are.
    assert [(r["image"], r["dice"]) for r in rows] == [("b", 0.75), ("b", 0.75)]


def test_the_judge_sees_the_translation_as_it_is(make_pair, tmp_path):
    run, judge = make_pair()
    # Too dark for the judge, unless it stretched the intensities once more.
    run.method.translate = lambda image, to: 0.1 * image - 0.8
    rows = score_translations(run, judge, write_folder(tmp_path / "d"), to="target")
    assert mean_dice(rows) == 0


@pytest.mark.parametrize(
    ("to", "judge", "expected"),
    [("target", "supervised", "segment"), ("source", "source_only", "segment_source")],
)
def test_each_look_is_judged_by_its_own_segmenter(
    to, judge, expected, make_pair, tmp_path
):
    run, model = make_pair(judge=judge)
    seen, looks = [], []

    def spy(name):
        return lambda image: (seen.append(name), dark(image))[1]

    model.method.segment = spy("segment")
    model.method.segment_source = spy("segment_source")
    run.method.translate = lambda image, to: (looks.append(to), image)[1]
    score_translations(run, model, write_folder(tmp_path / "d"), to=to)
    assert set(seen) == {expected}
    assert set(looks) == {to}


def test_structures_are_matched_by_name(make_pair, tmp_path):
    run, judge = make_pair()
    data = write_folder(tmp_path / "d", "7: cell, 1: vessel")
    assert mean_dice(score_translations(run, judge, data, to="target")) == 1


def test_structures_come_in_the_order_of_the_run(make_pair, make_dataset, tmp_path):
    data = windowed(make_dataset())
    turned = dict(reversed(data.source.classes.items()))
    source = data.source.model_copy(update={"classes": turned})
    run, judge = make_pair(data, data.model_copy(update={"source": source}))
    judge.method.segment = lambda x: dark(x)[:, [0, 2, 1]]
    folder = write_folder(tmp_path / "d")
    rows = score_translations(run, judge, folder, to="target", split="train")
    assert [(r["class"], r["dice"]) for r in rows] == [("cell", 1), ("vessel", 1)]


def test_images_of_the_look_itself_are_refused(make_pair, make_dataset, tmp_path):
    folder = write_folder(tmp_path / "d")
    known = windowed(Dataset.from_folders(folder, folder))
    others = make_dataset()
    run, judge = make_pair(windowed(known.model_copy(update={"source": others.source})))
    with pytest.raises(UserError, match=r"a.tif is an image of the target itself"):
        score_translations(run, judge, folder, to="target")
    # What both domains have may be either.
    run, judge = make_pair(known)
    assert score_translations(run, judge, folder, to="target")


def test_volumes_and_overlapping_structures_are_judged(
    make_pair, make_dataset, tmp_path
):
    data = windowed(make_dataset(overlapping=True))
    run, judge = make_pair(data)
    judge.method.segment = lambda x: torch.cat([x + 0.5, x - 0.5], 1) * 20
    folder = tmp_path / "d"
    image = np.zeros((5, 40, 44), np.float32)
    image[:, 4:12, 4:36], image[:, 4:8, 4:36] = 100, 200
    (folder / "images").mkdir(parents=True)
    tifffile.imwrite(folder / "images" / "a.tif", image)
    for name, mask in (("cell", image > 0), ("vessel", image > 150)):
        (folder / "labels" / name).mkdir(parents=True)
        tifffile.imwrite(folder / "labels" / name / "a.tif", mask.astype(np.uint8))
    rows = score_translations(run, judge, folder, to="target")
    assert [(r["class"], r["dice"]) for r in rows] == [("cell", 1), ("vessel", 1)]
    assert rows[0]["pixels_truth"] == 5 * 8 * 32


def test_another_working_size_is_each_models_own(make_pair, make_dataset, tmp_path):
    data = windowed(make_dataset())
    source = data.source.model_copy(update={"unit": "nm"})
    data = data.model_copy(update={"source": source, "voxel_size": (4.0, 4.0)})
    coarse = data.model_copy(update={"voxel_size": (16.0, 16.0)})
    run, judge = make_pair(data, coarse)
    seen = []
    judge.method.segment = lambda x: (seen.append(tuple(x.shape[2:])), dark(x))[1]
    folder = write_folder(tmp_path / "d")
    yaml = (folder / "dataset.yaml").read_text()
    (folder / "dataset.yaml").write_text(yaml + "voxel_size: [8, 8]\nunit: nm\n")
    score_translations(run, judge, folder, to="target")
    assert set(seen) == {(20, 22)}


def test_images_without_labels_are_left_out(make_pair, tmp_path):
    run, judge = make_pair()
    folder, left_out = write_folder(tmp_path / "d"), []
    (folder / "labels" / "b.tif").unlink()
    rows = score_translations(run, judge, folder, to="target", left_out=left_out.extend)
    assert {row["image"] for row in rows} == {"a"}
    assert left_out == ["b"]
    with pytest.raises(UserError, match="no labelled images of split test"):
        score_translations(run, judge, folder, to="target", split="test")


@pytest.mark.parametrize(
    ("to", "judge", "match"),
    [
        ("target", "source_only", "never saw the target: choose a run of supervised"),
        ("source", "supervised", "never saw the source: choose a run of source_only"),
    ],
)
def test_a_judge_must_have_seen_the_look(to, judge, match, make_pair, tmp_path):
    run, model = make_pair(judge=judge)
    with pytest.raises(UserError, match=match):
        score_translations(run, model, tmp_path, to=to)


def test_judge_and_run_must_agree(make_pair, make_dataset, tmp_path):
    data = windowed(make_dataset())
    run, _ = make_pair(data)

    def refused(judge, match):
        with pytest.raises(UserError, match=match):
            score_translations(run, judge, tmp_path, to="target")

    _, judge = make_pair(data, windowed(make_dataset(), "percentiles"))
    refused(judge, r"normalisation of the target .* percentiles, .* window \[0.0, 200")
    renamed = data.source.model_copy(
        update={"classes": dict([*data.source.classes.items()][:1])}
    )
    _, judge = make_pair(data, data.model_copy(update={"source": renamed}))
    refused(judge, "structures are cell, those of the run cell, vessel")
    _, judge = make_pair(windowed(make_dataset(dims=3)), dims=3)
    refused(judge, "dimensions are 3D, those of the run 2D")


def test_a_run_that_does_not_translate_is_refused(make_pair, tmp_path):
    _, judge = make_pair()
    with pytest.raises(UserError, match="does not translate images"):
        score_translations(judge, judge, tmp_path, to="target")
