"""Whatever is wrong with settings or runs, one sentence says so, nothing is lost.

Every case spoils something in the workshop (see conftest.py), and returns the command
that meets it; its marker lists words that the sentence must hold: what was given, what
is allowed or what to do.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from bad_input import NEW, TRAIN, Cases, check_sentence, declare, put
from napari_uda.core.spec.experiment import Experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from bad_input import Case
    from conftest import Outcome

CASES = Cases()
bad = CASES.bad


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


@bad("method.steps = 0 is not allowed", "a whole number from 1 to 10,000,000 (steps)")
def value_out_of_range(_: Path) -> list[str]:
    return [*NEW, "method.steps=0"]


@bad("method.steps = 'true' is not allowed", "a whole number from 1 to 10,000,000")
def truth_for_a_number(_: Path) -> list[str]:
    return [*NEW, "method.steps=yes"]


@bad("method.dice_weight = 'false' is not allowed", "a number from 0 to 100")
def truth_for_a_fraction(_: Path) -> list[str]:
    return [*NEW, "method.dice_weight=off"]


@bad("method.steps = 'many' is not allowed", "give a whole number", "such as 400")
def value_that_is_no_number(_: Path) -> list[str]:
    return [*NEW, "method.steps=many"]


@bad("method.learning_rate = nan is not allowed", "a number above 0 and up to 1")
def value_of_nan(_: Path) -> list[str]:
    return [*NEW, "method.learning_rate=.nan"]


@bad("method.schedule = 'cosine' is not allowed", "one of constant, linear or poly")
def unknown_choice(_: Path) -> list[str]:
    return [*NEW, "method.schedule=cosine"]


@bad("method.flip = 'maybe' is not allowed", "give true or false")
def switch_that_is_none(_: Path) -> list[str]:
    return [*NEW, "method.flip=maybe"]


@bad("method.steps = nothing is not allowed", "give a whole number")
def setting_that_is_empty(_: Path) -> list[str]:
    return [*NEW, "method.steps="]


@bad("'data.source.normalise.window.1' is missing")
def window_with_one_end(_: Path) -> list[str]:
    return [*NEW, "data.source.normalise={window: [1]}"]


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


# Experiment files


def _with(line: str, other: str) -> list[str]:
    text = Path("experiment.yaml").read_text()
    assert line in text
    Path("experiment.yaml").write_text(text.replace(line, other, 1))
    return ["check", "experiment.yaml"]


@bad("experiment.yaml: method.flip = 'maybe' is not allowed", "give true or false")
def switch_in_a_file(_: Path) -> list[str]:
    return _with("flip: true", "flip: maybe")


@bad("unknown setting 'training.steps'", "did you mean 'method.steps'")
def setting_in_the_wrong_section(_: Path) -> list[str]:
    return _with("training:", "training:\n  steps: 9")


@bad("unknown setting 'steps'", "did you mean 'method.steps'")
def setting_outside_of_any_section(_: Path) -> list[str]:
    return _with("version: 1", "version: 1\nsteps: 9")


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
    check_sentence(case, words, workshop, command)


def test_an_error_is_also_an_object_where_json_is_asked_for(
    workshop: Path, command: Callable[..., Outcome]
) -> None:
    done = command("check", "nothing.yaml", "--json")
    assert done.code == 2
    (item,) = done.objects
    assert item["kind"] == "error"
    assert "nothing.yaml cannot be read" in item["message"]
