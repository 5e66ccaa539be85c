"""Every method does its whole job from the command line."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import tifffile

from napari_uda.core.io import read
from napari_uda.core.spec.domain import DomainName
from napari_uda.core.spec.methods import METHODS
from napari_uda.core.spec.run import RunFolder


@pytest.fixture(params=[2, 3], ids=["images", "volumes"])
def dims(request, workshop):
    """Number of axes of all files of the workshop."""
    if request.param == 3:
        for file in Path().glob("*/*/*.tif"):
            tifffile.imwrite(file, np.stack([tifffile.imread(file)[:40, :36]] * 9))
        for file in Path().glob("*/dataset.yaml"):
            flat = file.read_text()
            file.write_text(flat.replace("voxel_size: [", "voxel_size: [30.0, "))
    return request.param


@pytest.mark.parametrize("name", METHODS)
def test_new_train_predict_evaluate_translate(name, dims, smallest, workshop, command):
    settings = smallest(name, dims) | {"steps": 2}
    changes = [f"method.{key}={value}" for key, value in settings.items()]
    if METHODS[name].target_labels == "required":
        with Path("target/dataset.yaml").open("a") as file:
            file.write("labels_role: train\n")
    folders = ("--source", "source", "--target", "target", "--out", "new.yaml")
    training = ("training.device=cpu", "training.threads=1")
    done = command("new", name, *folders, *changes, *training)
    assert done.code == 0, done.err
    done = command("train", "new.yaml", "--run", "its-run")
    assert done.code == 0, done.err
    assert RunFolder("its-run").state() == "finished"
    assert RunFolder("its-run").experiment().method.dims == dims

    done = command("predict", "its-run", "target", "--out", "masks")
    assert done.code == 0, done.err
    done = command("evaluate", "masks", "target", "--json")
    assert done.code == 0, done.err
    assert 0 <= done.objects[0]["summary"][0]["dice"] <= 1
    assert read(Path("masks/a.tif")).data.ndim == dims

    looks = import_module(f"napari_uda.core.methods.{name}").METHOD.translates
    for look in get_args(DomainName):
        start = "source" if look == "target" else "target"
        done = command("translate", "its-run", start, "--to", look, "--out", look[0])
        if look not in looks:
            assert done.code == 2
            assert "does not translate" in done.err
            continue
        assert done.code == 0, done.err
        fake = read(Path(look[0]) / "a.tif").data
        assert fake.shape == ((48, 48) if dims == 2 else (9, 40, 36))
        assert np.ptp(fake) > 0
