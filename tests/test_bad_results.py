"""Whatever cannot be predicted or scored, one sentence says so, nothing is lost.

Every case spoils something in the workshop (see conftest.py), and returns the command
that meets it; its marker lists words that the sentence must hold: what was given, what
is allowed or what to do.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
import torch

from bad_input import Cases, check_sentence, put
from napari_uda.core.engine.build import build_method
from napari_uda.core.engine.checkpoint import load_checkpoint, save_checkpoint
from napari_uda.core.metrics.report import score_volume, write_csv
from napari_uda.core.spec.experiment import Experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from bad_input import Case
    from conftest import Outcome

PREDICT = ["predict", "run", "target", "--out", "predictions"]
CASES = Cases()
bad = CASES.bad


def write_scores(name: str, image: str = "a") -> None:
    labels = np.ones((4, 4), np.uint8)
    write_csv(score_volume(labels, labels, {1: "mito"}, image=image), Path(name))


# Predicting


@bad("Missing argument", "images", "see napari-uda predict --help")
def predict_nothing(_: Path) -> list[str]:
    return ["predict", "run", "--out", "predictions"]


@bad("source holds no run")
def predict_without_a_run(_: Path) -> list[str]:
    return ["predict", "source", "target", "--out", "predictions"]


@bad("ended before its first 'best' checkpoint: choose 'last', or", "(resume it)")
def no_best_checkpoint(_: Path) -> list[str]:
    Path("run/checkpoints/best.pt").unlink()
    return PREDICT


@bad("no checkpoint best.pt yet", "train it first", "train --resume")
def no_checkpoint_yet(_: Path) -> list[str]:
    for file in Path("run/checkpoints").iterdir():
        file.unlink()
    return PREDICT


@bad("best.pt is not a checkpoint of napari-uda or is damaged", "nothing in it was")
def corrupt_checkpoint(_: Path) -> list[str]:
    Path("run/checkpoints/best.pt").write_bytes(b"garbage")
    return PREDICT


@bad("best.pt is not a checkpoint of napari-uda or is damaged")
def truncated_checkpoint(_: Path) -> list[str]:
    file = Path("run/checkpoints/best.pt")
    file.write_bytes(file.read_bytes()[:1000])
    return PREDICT


@bad("best.pt is not a checkpoint of napari-uda", "choose last.pt or best.pt")
def foreign_checkpoint(_: Path) -> list[str]:
    torch.save({"weights": torch.zeros(3)}, "run/checkpoints/best.pt")
    return PREDICT


@bad("written by a newer napari-uda (format 99", "update napari-uda")
def checkpoint_of_a_newer_version(_: Path) -> list[str]:
    file = Path("run/checkpoints/best.pt")
    torch.save({**load_checkpoint(file), "format": 99}, file)
    return PREDICT


@bad("does not fit the experiment", "experiment.yaml was changed")
def experiment_changed_after_training(_: Path) -> list[str]:
    text = Path("run/experiment.yaml").read_text()
    Path("run/experiment.yaml").write_text(text.replace("width: 4\n", "width: 8\n"))
    return PREDICT


@bad("'--checkpoint': 'newest' is not one of 'best', 'last'")
def unknown_checkpoint(_: Path) -> list[str]:
    return [*PREDICT, "--checkpoint", "newest"]


@bad("has 2 axes", "segments volumes (z, y, x)")
def image_for_a_model_of_volumes(_: Path) -> list[str]:
    experiment = Experiment.load("run/experiment.yaml").override(["method.dims=3"])
    experiment.save("run/experiment.yaml")
    method = build_method(experiment)
    average = {name: net.state_dict() for name, net in method.named_children()}
    save_checkpoint(Path("run/checkpoints/best.pt").absolute(), {"average": average})
    return PREDICT


@bad("nowhere.tif does not exist", "give image files or folders")
def predict_a_missing_image(_: Path) -> list[str]:
    return ["predict", "run", "nowhere.tif", "--out", "predictions"]


@bad("experiment.yaml is in no format we read", "convert it to TIFF")
def predict_what_is_no_image(_: Path) -> list[str]:
    return ["predict", "run", "experiment.yaml", "--out", "predictions"]


@bad("empty holds no images")
def predict_an_empty_folder(_: Path) -> list[str]:
    Path("empty").mkdir()
    return ["predict", "run", "empty", "--out", "predictions"]


@bad("a.tif is damaged", "save it again")
def predict_a_damaged_image(_: Path) -> list[str]:
    Path("target/images/a.tif").write_bytes(b"II*\0garbage")
    return PREDICT


@bad("have the stem a", "into different folders")
def predict_two_images_of_one_stem(_: Path) -> list[str]:
    return ["predict", "run", "target", "source", "--out", "predictions"]


@bad("a.tif exists", "choose another folder")
def predictions_exist(_: Path) -> list[str]:
    Path("predictions").mkdir()
    Path("predictions/a.tif").write_bytes(b"precious")
    return PREDICT


@bad("would replace the image itself", "choose another folder")
def predictions_onto_the_images(_: Path) -> list[str]:
    return ["predict", "run", "target", "--out", "target/images", "--overwrite"]


@bad("cannot be used", "choose another file or folder")
def predictions_below_a_file(_: Path) -> list[str]:
    return ["predict", "run", "target", "--out", "experiment.yaml/predictions"]


@bad("'--split': 'validation' is not one of 'train', 'test'")
def unknown_split(_: Path) -> list[str]:
    return [*PREDICT, "--split", "validation"]


@bad("'--domain': 'B' is not one of 'source', 'target'")
def unknown_domain(_: Path) -> list[str]:
    return [*PREDICT, "--domain", "B"]


@bad("--voxel-size 4;4 is not two or three positive numbers", "40,4,4")
def malformed_voxel_size(_: Path) -> list[str]:
    return [*PREDICT, "--voxel-size", "4;4"]


@bad("axes 'qq' do not fit", "y and x once")
def axes_that_do_not_fit(_: Path) -> list[str]:
    return [*PREDICT, "--axes", "qq"]


@bad("device cuda:77 is not available", "choose auto or cpu")
def predict_on_a_missing_device(_: Path) -> list[str]:
    return [*PREDICT, "--device", "cuda:77"]


# Evaluating


@bad("predictions does not exist", "give a file or a folder")
def evaluate_nothing(_: Path) -> list[str]:
    return ["evaluate", "predictions", "target"]


@bad("no file in", "has the stem of one in", "matched by stem")
def no_common_stems(_: Path) -> list[str]:
    Path("predictions").mkdir()
    tifffile.imwrite("predictions/z.tif", np.ones((48, 48), np.uint8))
    return ["evaluate", "predictions", "target"]


@bad("a", "20x48", "48x48")
def predictions_of_another_shape(_: Path) -> list[str]:
    put("source", "labels", np.ones((20, 48), np.uint8))
    return ["evaluate", "source/labels", "target"]


@bad("a.tif hold fractions", "whole numbers")
def probabilities_for_labels(_: Path) -> list[str]:
    put("source", "labels", np.full((48, 48), 0.5, np.float32))
    return ["evaluate", "source/labels", "target"]


@bad("one label file on one side and a mask per structure", "the same form")
def masks_for_labels(_: Path) -> list[str]:
    Path("target/labels/mito").mkdir()
    for stem in ("a", "b"):
        Path(f"target/labels/{stem}.tif").rename(f"target/labels/mito/{stem}.tif")
    return ["evaluate", "source/labels", "target"]


@bad("predictions of liver", "labels of mito", "equal names")
def masks_of_other_structures(_: Path) -> list[str]:
    for domain, name in (("source", "liver"), ("target", "mito")):
        Path(domain, "labels", name).mkdir()
        for stem in ("a", "b"):
            file = Path(domain, "labels", f"{stem}.tif")
            file.rename(file.parent / name / file.name)
    return ["evaluate", "source/labels", "target"]


@bad("target is a data folder", "the folder that predict wrote")
def a_data_folder_for_predictions(_: Path) -> list[str]:
    return ["evaluate", "target", "target"]


@bad("values that are no class, as an image does", "label files that predict wrote")
def images_for_predictions(_: Path) -> list[str]:
    put("source", "labels", np.arange(48 * 48, dtype=np.uint16).reshape(48, 48))
    return ["evaluate", "source/labels", "target"]


@bad("scores.csv exists", "add --overwrite")
def scores_exist(_: Path) -> list[str]:
    Path("scores.csv").write_text("mine")
    return ["evaluate", "source/labels", "target", "--out", "scores.csv"]


@bad("does not say which part of a name", "{volume}_z{slice}")
def a_pattern_without_slices(_: Path) -> list[str]:
    return ["evaluate", "source/labels", "target", "--volumes", "{volume}"]


@bad("cannot be used", "choose another file or folder")
def scores_below_a_file(_: Path) -> list[str]:
    out = ["--out", "experiment.yaml/scores.csv"]
    return ["evaluate", "source/labels", "target", *out]


# Scoring translations


JUDGED = ["--judge", "judge", "--to", "target"]


@bad("does not translate images", "such as cyclegan")
def s_score_of_a_run_that_does_not_translate(_: Path) -> list[str]:
    shutil.copytree("run", "judge")
    return ["s-score", "run", "source", *JUDGED]


@bad("a run cannot judge its own translations", "choose another run")
def s_score_by_the_run_itself(_: Path) -> list[str]:
    return ["s-score", "run", "source", "--judge", "run", "--to", "target"]


@bad("judge does not exist", "train --run")
def s_score_without_a_judge(_: Path) -> list[str]:
    return ["s-score", "run", "source", *JUDGED]


@bad("'--to': 'ct' is not one of 'source', 'target'")
def s_score_to_an_unknown_look(_: Path) -> list[str]:
    return ["s-score", "run", "source", "--judge", "judge", "--to", "ct"]


# Tables


@bad("none.csv does not exist", "give a file of scores")
def a_table_of_nothing(_: Path) -> list[str]:
    return ["table", "GRL=none.csv"]


@bad("experiment.yaml holds no scores of images", "evaluate --out")
def a_table_of_an_experiment(_: Path) -> list[str]:
    return ["table", "experiment.yaml"]


@bad("'=scores.csv' has no name", "write NAME=scores.csv")
def a_method_without_a_name(_: Path) -> list[str]:
    return ["table", "=scores.csv"]


@bad("two files have the same name", "GRL=grl.csv")
def two_methods_of_one_name(_: Path) -> list[str]:
    write_scores("scores.csv")
    return ["table", "GRL=scores.csv", "GRL=scores.csv"]


@bad("no method 'Baseline'", "the methods are GRL")
def a_table_against_nobody(_: Path) -> list[str]:
    write_scores("scores.csv")
    return ["table", "GRL=scores.csv", "--against", "Baseline"]


@bad("not scored on the same images", "only one has 'a'")
def a_table_of_different_images(_: Path) -> list[str]:
    write_scores("one.csv")
    write_scores("two.csv", "b")
    return ["table", "one.csv", "two.csv"]


@bad("no image and structure in common")
def a_comparison_of_different_images(_: Path) -> list[str]:
    write_scores("one.csv")
    write_scores("two.csv", "b")
    return ["compare", "one.csv", "two.csv"]


@bad("'--form': 'latex' is not one of 'plain'")
def an_unknown_form(_: Path) -> list[str]:
    return ["table", "scores.csv", "--form", "latex"]


@bad("table.tex is neither .md nor .csv")
def a_table_in_an_unknown_format(_: Path) -> list[str]:
    write_scores("scores.csv")
    return ["table", "scores.csv", "--out", "table.tex"]


@pytest.mark.parametrize(("case", "words"), CASES)
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, words: tuple[str, ...], workshop: Path, command: Callable[..., Outcome]
) -> None:
    check_sentence(case, words, workshop, command)
