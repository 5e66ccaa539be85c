"""CT volumes and labels to radiographs and labels."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile

from napari_uda.core.drr import XrayGeometry, project
from napari_uda.core.errors import UserError
from napari_uda.core.io import read
from napari_uda.core.spec.folders import domain_from_folder

SHAPE = (10, 24, 20)


def phantom():
    """A CT (z, y, x) with two organs, one behind the other."""
    ct = np.full(SHAPE, -1000, np.int16)
    ct[1:9, 4:20, 3:17] = 0
    organs = {name: np.zeros(SHAPE, bool) for name in ("heart", "spine")}
    organs["heart"][3:7, 6:10, 5:12] = True
    organs["spine"][1:9, 15:18, 9:13] = True
    ct[organs["spine"]] = 700
    return ct, organs


def test_image_and_labels_lie_on_the_same_rays():
    ct, organs = phantom()
    geometry = XrayGeometry("parallel", size=(10, 20), pitch=2.0)
    made = project(ct, (2.0, 3.0, 2.0), geometry, organs, mu_water=0.02)
    assert made.image.shape == (10, 20)
    water = 16 * 3.0 * 0.02
    rows = made.image[::-1]  # rows run from high z to low z
    assert rows[2, 4] == pytest.approx(water, rel=1e-4)
    assert rows[2, 10] == pytest.approx(water + 3 * 3.0 * 0.02 * 0.7, rel=1e-4)
    for name, organ in organs.items():
        assert (made.labels[name][::-1] == organ.any(1)).all()
        np.testing.assert_allclose(
            made.depths[name][::-1], 3.0 * organ.sum(1), atol=1e-3
        )
    both = made.labels["heart"] & made.labels["spine"]
    assert both.any(), "organs overlap"


def test_path_lengths_of_a_label_are_those_of_a_box():
    geometry = XrayGeometry("cone", 900, 600, size=(64, 64), pitch=1.0, rotation=20)
    made = project(np.zeros(SHAPE), (3.0, 3.0, 3.0), geometry, {"a": np.ones(SHAPE)})
    middle = made.depths["a"][32, 32]
    assert middle == pytest.approx(24 * 3 / np.cos(np.radians(20)), rel=0.01)


def test_a_threshold_keeps_thin_parts_out():
    ct, organs = phantom()
    geometry = XrayGeometry("parallel", size=(10, 20), pitch=2.0)
    found = [
        project(ct, (2.0, 3.0, 2.0), geometry, organs, threshold=t).labels["spine"]
        for t in (0.0, 8.9, 9.1)
    ]
    assert (found[0] == found[1]).all()
    assert found[0].any()
    assert not found[2].any()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ct": np.zeros((4, 4))}, "not shape"),
        ({"ct": np.full(SHAPE, np.nan)}, "NaN or infinite"),
        ({"voxel_size": (1.0, 1.0)}, "three positive edges"),
        ({"voxel_size": (1.0, -1.0, 1.0)}, "three positive edges"),
        ({"labels": {"liver": np.zeros((3, 3, 3))}}, "label liver has shape"),
        ({"threshold": -1.0}, "0 or more"),
        ({"photons": -5.0}, "0 \\(no noise\\) or more"),
    ],
)
def test_wrong_input_is_explained(changes, words):
    given = {"ct": np.zeros(SHAPE), "voxel_size": (1.0,) * 3} | changes
    with pytest.raises(UserError, match=words):
        project(given.pop("ct"), given.pop("voxel_size"), XrayGeometry(), **given)


@pytest.fixture
def ct_folder(tmp_path, monkeypatch):
    """A data folder of two CT volumes with one label map each."""
    monkeypatch.chdir(tmp_path)
    ct, organs = phantom()
    labels = np.where(organs["spine"], 7, np.where(organs["heart"], 3, 0))
    for kind, array in (("images", ct), ("labels", labels.astype(np.uint8))):
        Path("ct", kind).mkdir(parents=True)
        for stem in ("p1", "p2"):
            file = nibabel.Nifti1Image(array.T, np.diag([-2.0, -3.0, 2.0, 1.0]))
            file.header.set_xyzt_units("mm")
            nibabel.save(file, f"ct/{kind}/{stem}.nii.gz")
    Path("ct/dataset.yaml").write_text(
        "classes: {3: heart, 7: spine}\nsplit: {train: [p1], test: [p2]}\n"
    )
    return Path("ct")


def test_a_data_folder_becomes_one_of_radiographs(ct_folder, command):
    done = command(
        "drr", ct_folder, "--out", "x", "--geometry", "parallel", "--size", "10,20",
        "--rotation", "0:60:30", "--rotation", "-7.5", "--pitch", "2", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert [Path(one["image"]).name for one in done.objects] == [
        f"{stem}_r{turn}.tif" for stem in ("p1", "p2") for turn in ("0", "30", "m7p5")
    ]
    domain = domain_from_folder(Path("x"), "source")
    assert domain.overlapping
    assert [item.name for item in domain.classes.values()] == ["heart", "spine"]
    assert [sample.split for sample in domain.samples] == ["train"] * 3 + ["test"] * 3
    image = read(domain.samples[0].image)
    assert image.header.geometry.voxel_size == pytest.approx((2.0, 2.0))
    assert image.header.geometry.unit == "mm"
    ct, organs = phantom()
    geometry = XrayGeometry("parallel", size=(10, 20), pitch=2.0)
    made = project(ct, (2.0, 3.0, 2.0), geometry, organs)
    np.testing.assert_array_equal(image.data, made.image)
    heart = tifffile.imread("x/labels/heart/p1_r0.tif")
    np.testing.assert_array_equal(heart, made.labels["heart"])


def test_however_a_file_lies_the_radiograph_is_the_same(ct_folder, command):
    file = Path("ct/images/p1.nii.gz")
    image = nibabel.load(file)
    there = nibabel.orientations.axcodes2ornt("LPS")
    other = nibabel.orientations.axcodes2ornt("SAR")
    turn = nibabel.orientations.ornt_transform(there, other)
    nibabel.save(image.as_reoriented(turn), "sar.nii.gz")
    for ct, out in ((file, "x"), ("sar.nii.gz", "y")):
        done = command("drr", ct, "--out", out, "--size", "20,20", "--pitch", "4")
        assert done.code == 0, done.err
    found = tifffile.imread("y/images/sar.tif")
    np.testing.assert_allclose(found, tifffile.imread("x/images/p1.tif"), rtol=1e-4)
    assert found.max() > 0.5


def test_radiographs_can_be_trained_on(ct_folder, command):
    done = command("drr", ct_folder, "--out", "x", "--size", "40,40", "--pitch", "1.5")
    assert done.code == 0, done.err
    assert "napari-uda new td_gan --source x" in done.out.replace("\n", " ")
    done = command("new", "source_only", "--source", "x", "--target", "x", "--out", "e")
    assert done.code == 0, done.err


def test_a_single_volume_with_masks(ct_folder, command):
    ct, organs = phantom()
    np.save("ct.npy", ct)
    np.save("spine.npy", organs["spine"].astype(np.uint8))
    arguments = ("drr", "ct.npy", "--labels", "spine.npy", "--out", "x", "--json")
    done = command(*arguments)
    assert done.code == 2
    assert "does not say how large its voxels are" in done.err
    assert not Path("x").exists()
    done = command(*arguments, "--voxel-size", "2,3,2")
    assert done.code == 0, done.err
    assert done.objects[0]["organs"]["spine"] > 0
    assert Path("x/labels/spine/ct.tif").exists()
    for name, organ in organs.items():
        Path("masks").mkdir(exist_ok=True)
        np.save(f"masks/{name}.npy", organ.astype(np.uint8))
    again = command(
        *arguments[:2], "--labels", "masks", "--voxel-size", "2,3,2", "--out", "y"
    )
    assert again.code == 0, again.err
    assert sorted(path.name for path in Path("y/labels").iterdir()) == sorted(organs)
    np.testing.assert_array_equal(
        *(tifffile.imread(f"{out}/labels/spine/ct.tif") for out in "xy")
    )
    json.dumps(done.objects)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.nii"], "does not exist: give a CT volume"),
        (["ct/images/p1.nii.gz", "--labels", "no.nii"], "no.nii does not exist"),
        (["ct", "--labels", "ct/labels/p1.nii.gz"], "goes with a single CT file"),
        (["ct/images/p1.nii.gz", "--labels", "ct/labels"], "has 2 values"),
        (["ct/images/p1.nii.gz", "--labels", "empty"], "a file per organ"),
        (["ct", "--rotation", "sideways"], "is no angle"),
        (["ct", "--rotation", "90:0:30"], "START:STOP:STEP as in 0:360:30"),
        (["ct", "--rotation", "0:inf:1"], "at most 720 views"),
        (["ct", "--size", "10"], "not two whole numbers"),
        (["ct", "--source-patient", "2000"], "between source and detector"),
        (["ct", "--source-patient", "10"], "enlarge source_patient"),
        (["ct", "--pitch", "0"], "give more than 0"),
        (["ct", "--voxel-size", "1,1"], "three numbers z,y,x"),
        (["flat.tif"], "a CT volume (z, y, x) is needed"),
        (["ct", "--threshold", "-1"], "give 0 or more"),
        (["ct", "--geometry", "fan"], "'fan' is not one of"),
        (["ct", "--device", "cuda:9"], "cuda"),
    ],
)
def test_wrong_input_is_explained_in_one_line(arguments, words, ct_folder, command):
    tifffile.imwrite("flat.tif", np.zeros((8, 8), np.int16))
    Path("empty").mkdir()
    before = sorted(Path().rglob("*"))
    done = command("drr", *arguments, "--out", "x")
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert sorted(Path().rglob("*")) == before


def test_an_existing_folder_is_not_written_to(ct_folder, command):
    Path("x").mkdir()
    Path("x/mine.txt").write_text("keep")
    done = command("drr", ct_folder, "--out", "x")
    assert done.code == 2
    assert "not an empty folder" in done.err
    assert [path.name for path in Path("x").iterdir()] == ["mine.txt"]
