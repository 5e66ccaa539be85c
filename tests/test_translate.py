"""The command `translate`, from images to images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_uda.core.api import train
from napari_uda.core.io import read
from napari_uda.core.spec.experiment import Experiment

SMALL = (
    "method.steps=2", "method.batch_size=1", "method.patch_size=32", "method.width=4",
    "method.levels=2", "method.generator_width=4", "method.generator_blocks=1",
    "method.discriminator_width=4", "training.device=cpu", "training.threads=1",
)  # fmt: skip


@pytest.fixture
def translator(workshop: Path) -> Path:
    """Add a trained run of CycleGAN to the workshop."""
    data = Experiment.load("experiment.yaml").data
    experiment = Experiment.preset("cyclegan", "quick", data).override(list(SMALL))
    *_, last = train(experiment, workshop / "cyclegan")
    assert last.kind == "finished"
    return workshop


@pytest.mark.parametrize(("start", "to"), [("target", "source"), ("source", "target")])
def test_a_folder_of_one_domain_gets_the_look_of_the_other(
    start, to, translator, command
):
    done = command("translate", "cyclegan", start, "--to", to, "--out", "fakes")
    assert done.code == 0, done.err
    for name in ("a.tif", "b.tif"):
        fake = read(Path("fakes") / name)
        assert fake.data.dtype == np.float32
        assert fake.data.shape == (48, 48)
        assert np.abs(fake.data).max() <= 1
    assert "fakes" in done.out + done.err


def test_it_reports_in_json(translator, command):
    done = command(
        "translate", "cyclegan", "target", "--to", "source", "--out", "fakes", "--json"
    )
    assert done.code == 0
    kinds = [item["kind"] for item in done.objects]
    assert kinds.count("result") == 2
    assert kinds[-1] == "finished"
    assert done.objects[kinds.index("result")]["translation"].endswith("a.tif")


def test_predictions_still_report_in_json(translator, command):
    done = command("predict", "cyclegan", "target", "--out", "masks", "--json")
    kinds = {item["kind"] for item in done.objects}
    assert kinds == {"progress", "result", "finished"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "target", "--to", "source"], "Output-space GRL does not translate"),
        (["cyclegan", "target", "--to", "moon"], "'moon' is not one of 'source'"),
        (["cyclegan", "target"], "Missing option '--to'"),
        (["cyclegan", "nowhere", "--to", "source"], "nowhere does not exist"),
    ],
)
def test_wrong_input_is_explained_in_one_line(arguments, words, translator, command):
    done = command("translate", *arguments, "--out", "fakes")
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert not Path("fakes").exists()
