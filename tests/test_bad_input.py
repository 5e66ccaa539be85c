"""Whatever a user gets wrong, one sentence says so and nothing is written or lost.

Every case spoils something in the workshop (see conftest.py), and returns the command
that meets it; its marker lists words that the sentence must hold: what was given, what
is allowed or what to do.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
import tifffile
import torch

from napari_uda.core.engine.build import build_method
from napari_uda.core.engine.checkpoint import load_checkpoint, save_checkpoint
from napari_uda.core.metrics.report import score_volume, write_csv
from napari_uda.core.spec.experiment import Experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Outcome

    Case = Callable[[Path], list[str]]

NEW = ["new", "grl", "--source", "source", "--target", "target", "--out", "new.yaml"]
TRAIN = ["train", "experiment.yaml", "--run", "other"]
PREDICT = ["predict", "run", "target", "--out", "predictions"]
CASES: list[Any] = []


def bad(*words: str) -> Callable[[Case], Case]:
    """Add a case, with words of the sentence that it must lead to."""

    def add(case: Case) -> Case:
        CASES.append(pytest.param(case, words, id=case.__name__))
        return case

    return add


def put(domain: str, kind: str, array: np.ndarray, stem: str = "a") -> None:
    tifffile.imwrite(f"{domain}/{kind}/{stem}.tif", array, photometric="minisblack")


def write_scores(name: str, image: str = "a") -> None:
    labels = np.ones((4, 4), np.uint8)
    write_csv(score_volume(labels, labels, {1: "mito"}, image=image), Path(name))


def declare(domain: str, text: str) -> None:
    Path(domain, "dataset.yaml").write_text(text)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


# Data folders


@bad("source folder", "nowhere does not exist", "give a folder with images/ in it")
def missing_source_folder(_: Path) -> list[str]:
    return [*NEW, "--source", "nowhere"]


@bad("target folder", "a.tif is a file", "give a folder")
def file_instead_of_folder(_: Path) -> list[str]:
    return [*NEW, "--target", "target/images/a.tif"]


@bad("target folder", "holds no images", "TIFF, NIfTI, PNG or NPY")
def empty_folder(folder: Path) -> list[str]:
    (folder / "empty").mkdir()
    return [*NEW, "--target", "empty"]


@bad("holds no images", "TIFF, NIfTI, PNG or NPY")
def unknown_suffix(folder: Path) -> list[str]:
    (folder / "other-format").mkdir()
    (folder / "other-format" / "a.czi").write_bytes(b"ZISRAWFILE")
    return [*NEW, "--target", "other-format"]


@bad("a.tif is damaged or not a TIFF file", "save it again")
def corrupt_tiff(_: Path) -> list[str]:
    Path("target/images/a.tif").write_bytes(b"II*\0garbage")
    return NEW


@bad("a.tif is empty", "copy or save it again")
def empty_file(_: Path) -> list[str]:
    Path("target/images/a.tif").write_bytes(b"")
    return NEW


@bad("c.nii.gz is damaged", "save it again")
def truncated_nifti(_: Path) -> list[str]:
    import nibabel

    file = Path("target/images/c.nii.gz")
    noise = np.random.default_rng(0).integers(0, 9999, (40, 40, 40), np.int16)
    nibabel.save(nibabel.Nifti1Image(noise, np.eye(4)), file)
    file.write_bytes(file.read_bytes()[:200])
    return NEW


@bad("labels without an image: z", "must have equal stems")
def labels_without_image(_: Path) -> list[str]:
    put("target", "labels", np.ones((48, 48), np.uint8), "z")
    return NEW


@bad("source sample 'b' has no labels", "add a label file with the same stem")
def source_without_labels(_: Path) -> list[str]:
    Path("source/labels/b.tif").unlink()
    return NEW


@bad("background only", "draw structures")
def labels_of_background_only(_: Path) -> list[str]:
    declare("source", "{}")
    for stem in ("a", "b"):
        put("source", "labels", np.zeros((48, 48), np.uint8), stem)
    return NEW


@bad("labels", "a.tif", "negative values (smallest -3)", "use 0 for background")
def negative_labels(_: Path) -> list[str]:
    declare("source", "{}")
    put("source", "labels", np.full((48, 48), -3, np.int16))
    return NEW


@bad("a.tif hold fractions or NaN", "whole numbers", "integer type")
def float_labels(_: Path) -> list[str]:
    declare("source", "{}")
    put("source", "labels", np.full((48, 48), 0.5, np.float32))
    return NEW


@bad("a.tif hold fractions or NaN", "whole numbers")
def nan_labels(_: Path) -> list[str]:
    declare("source", "{}")
    put("source", "labels", np.full((48, 48), np.nan, np.float32))
    return NEW


@bad("40 different values", "instances", "membrane_width")
def instance_labels_without_classes(_: Path) -> list[str]:
    declare("source", "{}")
    put("source", "labels", (np.arange(48 * 48) % 40 + 1).reshape(48, 48).astype("u1"))
    return NEW


@bad("a.png and a.tif", "same stem", "rename or remove one")
def duplicate_stems(_: Path) -> list[str]:
    Path("target/images/a.png").write_bytes(b"")
    return NEW


@bad("c.npz holds the arrays one, two", "save one of them alone")
def npz_of_several_arrays(_: Path) -> list[str]:
    np.savez("target/images/c.npz", one=np.zeros((40, 40)), two=np.zeros((40, 40)))
    return NEW


@bad("c.tif has the axes t=2, z=5, y=40, x=40", "one channel and time point")
def stack_over_time(_: Path) -> list[str]:
    array = np.zeros((2, 5, 40, 40), np.uint8)
    tifffile.imwrite(
        "target/images/c.tif", array, imagej=True, metadata={"axes": "TZYX"}
    )
    return NEW


@bad("holds both files and folders", "one folder of masks per structure")
def label_files_beside_mask_folders(_: Path) -> list[str]:
    Path("source/labels/liver").mkdir()
    return NEW


# dataset.yaml


@bad("source", "dataset.yaml is not valid YAML (line 3)", "correct the file")
def yaml_syntax(_: Path) -> list[str]:
    declare("source", "unit: nm\nclasses: {1: mito\n")
    return NEW


@bad("dataset.yaml: unknown setting 'voxelsize'", "did you mean 'voxel_size'?")
def yaml_unknown_key(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxelsize: [1, 1]")
    return NEW


@bad("dataset.yaml must hold keys and values")
def yaml_of_text(_: Path) -> list[str]:
    declare("source", "just some words")
    return NEW


@bad("dataset.yaml: voxel_size = 'fine' is not allowed", "a list")
def yaml_wrong_type(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxel_size: fine")
    return NEW


@bad("'mito' is not allowed as a key of classes", "valid integer")
def yaml_class_the_wrong_way_round(_: Path) -> list[str]:
    declare("source", "classes: {mito: 1}")
    return NEW


@bad("voxel_size has no unit", "add unit: nm, um or mm")
def voxel_size_without_unit(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxel_size: [4, 4]")
    return NEW


@bad("unit = 'furlong' is not allowed", "'nm', 'um' or 'mm'")
def unknown_unit(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxel_size: [4, 4]\nunit: furlong")
    return NEW


@bad("voxel_size = [0.0, 4.0] is not allowed", "positive numbers")
def voxel_size_of_zero(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxel_size: [0, 4]\nunit: nm")
    return NEW


@bad("classes.1.color = 'red' is not allowed", 'in quotes, such as "#e6194b"')
def malformed_colour(_: Path) -> list[str]:
    declare("source", "classes: {1: {name: mito, color: red}}")
    return NEW


@bad("classes.1.color = None is not allowed", "in quotes")
def colour_that_yaml_takes_for_a_comment(_: Path) -> list[str]:
    declare("source", "classes:\n  1:\n    name: mito\n    color: #e6194b\n")
    return NEW


@bad("label value 0", "remove it", "background")
def background_as_a_class(_: Path) -> list[str]:
    declare("source", "classes: {0: background, 1: mito}")
    return NEW


@bad("several classes of the source are named mito", "its own name")
def two_classes_of_one_name(_: Path) -> list[str]:
    declare("source", "classes: {1: mito, 2: mito}")
    return NEW


@bad("split test names 'z'", "the stems are a, b")
def split_of_an_unknown_stem(_: Path) -> list[str]:
    declare("target", "split: {train: [a], test: [z]}")
    return NEW


@bad("split train names '1'", 'write numbers in quotes, as "01"')
def split_of_unquoted_numbers(_: Path) -> list[str]:
    declare("target", "split: {train: [01]}")
    return NEW


@bad("'a' is in both splits", "keep it in train or in test")
def stem_in_both_splits(_: Path) -> list[str]:
    declare("target", "split: {train: [a, b], test: [a]}")
    return NEW


@bad("no train samples", "name some")
def split_without_training(_: Path) -> list[str]:
    declare("target", "split: {test: [a, b]}")
    return NEW


@bad("labels_role names 'z'", "the stems are a, b")
def role_of_an_unknown_stem(_: Path) -> list[str]:
    declare("target", "labels_role: [z]")
    return NEW


@bad("window = [100.0, -5.0] is empty", "low < high")
def window_upside_down(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nnormalise: {window: [100, -5]}")
    return NEW


@bad("normalise = 'zscore' is not allowed", "percentiles", "{window: [-150, 250]}")
def unknown_normalisation(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nnormalise: zscore")
    return NEW


@bad("overlapping: true", "a folder of masks", "labels/liver/")
def overlapping_without_masks(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\noverlapping: true")
    return NEW


@bad("lists the class Mito", "labels/Mito/", "must be equal")
def class_without_masks(_: Path) -> list[str]:
    declare("source", "classes: {1: Mito}")
    Path("source/labels/mito").mkdir()
    for stem in ("a", "b"):
        Path(f"source/labels/{stem}.tif").rename(f"source/labels/mito/{stem}.tif")
    return NEW


# Methods and settings


@bad("no method 'magic'", "source_only, supervised, ")
def unknown_method(_: Path) -> list[str]:
    return ["new", "magic", *NEW[2:]]


@bad("no method 'magic'", "choose one of")
def unknown_method_to_explain(_: Path) -> list[str]:
    return ["methods", "magic"]


@bad("no preset 'best'", "quick or paper")
def unknown_preset(_: Path) -> list[str]:
    return [*NEW, "--preset", "best"]


@bad("unknown setting 'method.speed'", "'speed' is none of", "steps, batch_size")
def unknown_setting(_: Path) -> list[str]:
    return [*NEW, "method.speed=3"]


@bad("method.steps = 0 is not allowed", "greater than or equal to 1")
def value_out_of_range(_: Path) -> list[str]:
    return [*NEW, "method.steps=0"]


@bad("method.steps = 'many' is not allowed", "valid integer")
def value_that_is_no_number(_: Path) -> list[str]:
    return [*NEW, "method.steps=many"]


@bad("method.learning_rate = nan is not allowed")
def value_of_nan(_: Path) -> list[str]:
    return [*NEW, "method.learning_rate=.nan"]


@bad("method.schedule = 'cosine' is not allowed", "'constant', 'linear' or 'poly'")
def unknown_choice(_: Path) -> list[str]:
    return [*NEW, "method.schedule=cosine"]


@bad("training.device = 'gpu' is not allowed", "auto, cpu, cuda, cuda:1 or mps")
def unknown_device(_: Path) -> list[str]:
    return [*NEW, "training.device=gpu"]


@bad("no method 'magic'", "'source_only', 'supervised', ")
def method_changed_to_an_unknown_one(_: Path) -> list[str]:
    return [*NEW, "method.name=magic"]


@bad("patch_size = 32 is too small for 7 levels", "at least 128")
def patch_too_small_for_levels(_: Path) -> list[str]:
    return [*NEW, "method.patch_size=32", "method.levels=7"]


@bad("'steps' is not a setting", "write key=value")
def setting_without_a_value(_: Path) -> list[str]:
    return [*NEW, "steps"]


@bad("no setting 'data.source.samples.a'", "no settings of its own")
def setting_inside_a_list(_: Path) -> list[str]:
    return [*NEW, "data.source.samples.a=1"]


@bad("no target sample has labels", "choose another method")
def supervised_without_target_labels(_: Path) -> list[str]:
    for path in Path("target/labels").iterdir():
        path.unlink()
    return ["new", "supervised", *NEW[2:]]


# Files to write


@bad("new.yaml exists", "choose another --out, or add --overwrite")
def experiment_exists(_: Path) -> list[str]:
    Path("new.yaml").write_text("precious")
    return NEW


@bad("cannot be used", "choose another file or folder")
def experiment_below_a_file(_: Path) -> list[str]:
    return [*NEW, "--out", "experiment.yaml/new.yaml"]


@bad("no sample pair 'brain'", "choose from em-pair")
def unknown_sample_pair(_: Path) -> list[str]:
    return ["samples", "brain"]


@bad("source is not an empty folder", "choose a new one")
def samples_into_a_full_folder(_: Path) -> list[str]:
    return ["samples", "em-pair", "--out", "source"]


@bad("run exists", "give --out a new folder")
def demo_into_a_full_folder(_: Path) -> list[str]:
    return ["demo", "--headless", "--out", "run"]


@bad("compares a method with source_only", "choose another")
def demo_of_the_baseline(_: Path) -> list[str]:
    return ["demo", "--headless", "--method", "source_only", "--out", "demo"]


# Training


@bad("what shall be trained?", "--resume RUN")
def train_nothing(_: Path) -> list[str]:
    return ["train"]


@bad("nothing.yaml cannot be read (No such file or directory)", "check the path")
def missing_experiment(_: Path) -> list[str]:
    return ["train", "nothing.yaml"]


@bad("a.tif is not valid YAML", "correct the file")
def image_for_an_experiment(_: Path) -> list[str]:
    return ["train", "source/images/a.tif"]


@bad("dataset.yaml", "'data' is missing", "add it")
def data_description_for_an_experiment(_: Path) -> list[str]:
    declare("source", "{}")
    return ["train", "source/dataset.yaml"]


@bad("format 2", "reads format 1", "update napari-uda")
def experiment_of_a_newer_version(_: Path) -> list[str]:
    text = Path("experiment.yaml").read_text()
    Path("experiment.yaml").write_text(text.replace("version: 1", "version: 2"))
    return TRAIN


@bad("source b", "b.tif does not exist", "check its name and folder")
def image_vanished(_: Path) -> list[str]:
    Path("source/images/b.tif").unlink()
    return TRAIN


@bad("labels a.tif are 20 x 48 px", "image is 48 x 48 px", "must be equal")
def labels_of_another_shape(_: Path) -> list[str]:
    put("source", "labels", np.ones((20, 48), np.uint8))
    return TRAIN


@bad("labels a.tif hold negative values (smallest -1)", "use 0 for background")
def labels_turned_negative(_: Path) -> list[str]:
    put("source", "labels", np.full((48, 48), -1, np.int8))
    return TRAIN


@bad("labels a.tif hold fractions or NaN", "whole numbers")
def labels_turned_fractions(_: Path) -> list[str]:
    put("target", "labels", np.full((48, 48), 0.5, np.float32))
    return TRAIN


@bad("membranes of 20 nm need a pixel size", "voxel size and unit")
def membranes_without_pixel_size(_: Path) -> list[str]:
    for domain in ("source", "target"):
        declare(domain, "membrane_width: 20")
    data = Experiment.load("experiment.yaml").data.from_folders("source", "target")
    Experiment.preset("grl", "quick", data).save("experiment.yaml")
    return TRAIN


@bad("single image of 48 x 48 px", "dims = 3 trains on volumes", "choose dims = 2")
def volumes_wanted(_: Path) -> list[str]:
    return [*TRAIN, "method.dims=3"]


@bad("device cuda:77 is not available", "choose auto or cpu")
def missing_device(_: Path) -> list[str]:
    return [*TRAIN, "training.device=cuda:77"]


@bad("run already holds a run", "choose another folder", "train --resume")
def run_exists(_: Path) -> list[str]:
    return ["train", "experiment.yaml", "--run", "run"]


@bad("source is not empty", "give --run a new folder")
def run_folder_is_in_use(_: Path) -> list[str]:
    return ["train", "experiment.yaml", "--run", "source"]


@bad("run cannot be written", "choose another folder")
def run_below_a_file(_: Path) -> list[str]:
    return ["train", "experiment.yaml", "--run", "experiment.yaml/run"]


@bad("source holds no run", "with experiment.yaml in it")
def resume_no_run(_: Path) -> list[str]:
    return ["train", "--resume", "source"]


@bad("experiment.yaml is a file", "give the folder")
def resume_a_file(_: Path) -> list[str]:
    return ["train", "--resume", "experiment.yaml"]


@bad("no settings", "to change settings, start a new run")
def resume_with_settings(_: Path) -> list[str]:
    return ["train", "--resume", "run", "method.steps=9"]


@bad("is being trained by process", "napari-uda watch", "write stop into")
def another_trainer_holds_the_run(_: Path) -> list[str]:
    me = psutil.Process(os.getpid())
    lock = {"pid": me.pid, "born": me.create_time(), "host": socket.gethostname()}
    Path("run/lock").write_text(json.dumps(lock))
    lines = Path("run/events.jsonl").read_text().splitlines(keepends=True)
    Path("run/events.jsonl").write_text("".join(lines[:-1]))
    return ["train", "--resume", "run"]


@bad("is being trained by process 7 on far-away", "napari-uda watch")
def a_trainer_elsewhere_holds_the_run(_: Path) -> list[str]:
    lock = {"pid": 7, "born": time.time(), "host": "far-away"}
    Path("run/lock").write_text(json.dumps(lock))
    lines = Path("run/events.jsonl").read_text().splitlines(keepends=True)
    Path("run/events.jsonl").write_text("".join(lines[:-1]))
    return ["train", "--resume", "run"]


@bad("nowhere does not exist", "give the folder")
def watch_nothing(_: Path) -> list[str]:
    return ["watch", "nowhere"]


# Predicting


@bad("Missing argument", "images", "see napari-uda predict --help")
def predict_nothing(_: Path) -> list[str]:
    return ["predict", "run", "--out", "predictions"]


@bad("source holds no run")
def predict_without_a_run(_: Path) -> list[str]:
    return ["predict", "source", "target", "--out", "predictions"]


@bad("no checkpoint best.pt yet", "train it first", "train --resume")
def no_checkpoint_yet(_: Path) -> list[str]:
    Path("run/checkpoints/best.pt").unlink()
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


@bad("images lies inside a data folder", "give", "as source")
def the_images_of_a_data_folder(_: Path) -> list[str]:
    out = ["--out", "new.yaml"]
    return ["new", "grl", "--source", "source/images", "--target", "target", *out]


@bad("no source label holds any structure", "raw values under classes")
def classes_that_do_not_occur(_: Path) -> list[str]:
    for stem in ("a", "b"):
        put("source", "labels", np.full((48, 48), 9, np.uint8), stem)
    return ["train", "experiment.yaml", "--run", "other"]


@bad("cannot be used", "choose another file or folder")
def scores_below_a_file(_: Path) -> list[str]:
    out = ["--out", "experiment.yaml/scores.csv"]
    return ["evaluate", "source/labels", "target", *out]


# Usage


@bad("No such command 'segment'", "see napari-uda --help")
def unknown_command(_: Path) -> list[str]:
    return ["segment"]


@bad("No such option", "--fast", "see napari-uda train --help")
def unknown_option(_: Path) -> list[str]:
    return ["train", "experiment.yaml", "--fast"]


@bad("Missing option '--out'", "see napari-uda predict --help")
def missing_option(_: Path) -> list[str]:
    return ["predict", "run", "target"]


@pytest.mark.parametrize(("case", "words"), CASES)
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, words: tuple[str, ...], workshop: Path, command: Callable[..., Outcome]
) -> None:
    arguments = case(workshop)
    before = snapshot(workshop.parent)

    done = command(*arguments)

    assert done.code == 2, done
    assert done.out == ""
    lines = done.err.splitlines()
    assert len(lines) == 1, done.err
    assert lines[0].startswith("Error: ")
    assert lines[0].endswith(".")
    assert "Traceback" not in done.err
    for word in words:
        assert word in lines[0]
    assert snapshot(workshop.parent) == before


def test_an_error_is_also_an_object_where_json_is_asked_for(
    workshop: Path, command: Callable[..., Outcome]
) -> None:
    done = command("check", "nothing.yaml", "--json")
    assert done.code == 2
    (item,) = done.objects
    assert item["kind"] == "error"
    assert "nothing.yaml cannot be read" in item["message"]


@pytest.mark.parametrize(
    ("spoil", "level", "words"),
    [
        (lambda a: np.where(a > 250, np.nan, a).astype(np.float32), "warning", "NaN"),
        (lambda a: np.full_like(a, 7), "warning", "nothing to learn"),
        (lambda a: a[:20, :20], "warning", "smaller than patch_size = 32"),
        (lambda a: np.stack([a] * 3, -1), "note", "RGB turned to grey"),
    ],
    ids=["nan", "constant", "small", "rgb"],
)
def test_odd_images_train_and_are_named(
    spoil: Callable[[np.ndarray], np.ndarray],
    level: str,
    words: str,
    workshop: Path,
    command: Callable[..., Outcome],
) -> None:
    image = spoil(tifffile.imread("target/images/a.tif"))
    tifffile.imwrite(
        "target/images/a.tif", image, photometric="rgb" if image.ndim == 3 else None
    )
    for path in Path("target/labels").iterdir():
        path.unlink()
    assert command(*NEW, "method.patch_size=32").code == 0

    checked = command("check", "new.yaml")
    trained = command("train", "new.yaml", "--run", "other", "method.steps=1")

    assert checked.code == 0
    assert f"{level}: target a: " in checked.out
    assert words in checked.out
    assert trained.code == 0
    assert (words in trained.err) == (level == "warning")
