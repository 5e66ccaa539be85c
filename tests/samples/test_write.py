from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from napari_uda.core.errors import UserError
from napari_uda.core.io import NANOMETRES, read
from napari_uda.core.spec.folders import dataset_from_folders
from napari_uda.samples import SAMPLES, PairDomain, em_pair, write, write_pair
from napari_uda.samples.microscope import SOURCE, TARGET

COMMITTED = Path(__file__).parents[2] / "sample_data" / "em-pair"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    drawn = tmp_path_factory.mktemp("samples")
    write_pair(em_pair.draw(), drawn)
    return drawn


def test_the_folders_are_a_valid_data_set(folder):
    data = dataset_from_folders(folder / "source", folder / "target")
    for domain, role in ((data.source, "train"), (data.target, "evaluate")):
        assert [sample.split for sample in domain.samples].count("train") == 9
        assert [sample.split for sample in domain.samples].count("test") == 3
        assert {sample.labels_role for sample in domain.samples} == {role}
        assert domain.classes[1].name == "mitochondrion"
        assert domain.unit == "nm"
    assert data.source.voxel_size == (SOURCE.pixel_nm,) * 2
    assert data.target.voxel_size == (TARGET.pixel_nm,) * 2


def test_files_hold_the_arrays_and_their_pixel_size(folder):
    for domain in em_pair.draw():
        for kind, stack in (("images", domain.images), ("labels", domain.labels)):
            paths = sorted((folder / domain.name / kind).iterdir())
            for path, expected in zip(paths, stack, strict=True):
                volume = read(path)
                np.testing.assert_array_equal(np.squeeze(volume.data), expected)
                geometry = volume.header.geometry
                size = np.multiply(geometry.voxel_size, NANOMETRES[geometry.unit])
                assert size[-2:] == pytest.approx(domain.voxel_size, rel=1e-3)


def test_labels_are_background_and_mitochondrion(folder):
    for domain in em_pair.draw():
        assert set(np.unique(domain.labels)) == {0, 1}
        assert 0.05 < np.mean(domain.labels) < 0.3


def test_no_section_occurs_twice():
    stacks = np.concatenate([domain.labels for domain in em_pair.draw()])
    assert len({array.tobytes() for array in stacks}) == len(stacks)


def test_the_committed_pair_is_what_the_code_writes(folder):
    for path in sorted(folder.rglob("*.tif")):
        committed = read(COMMITTED / path.relative_to(folder)).data.astype(int)
        # Another platform may round a grey level the other way.
        different = np.abs(committed - read(path).data)
        assert different.max() <= 1
        assert (different > 0).mean() < 1e-3
    for name in ("source", "target"):
        ours, theirs = (
            yaml.safe_load((root / name / "dataset.yaml").read_text("utf-8"))
            for root in (folder, COMMITTED)
        )
        assert ours == theirs


def test_the_committed_pair_is_small():
    size = sum(p.stat().st_size for p in COMMITTED.rglob("*") if p.is_file())
    assert size < 2_000_000


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="not an empty folder"):
        write("em-pair", tmp_path)
    with pytest.raises(UserError, match="not an empty folder"):
        write("em-pair", tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(UserError, match="em-pair"):
        write("ct-pair", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_every_pair_has_a_description_of_one_line():
    for pair in SAMPLES.values():
        assert pair.description
        assert "\n" not in pair.description


def test_overlapping_structures_and_extras_of_any_pair(tmp_path):
    rng = np.random.default_rng(0)
    masks = {
        name: [rng.integers(0, 2, (20, 24), np.uint8) for _ in range(3)]
        for name in ("lung", "heart")
    }
    images = [rng.integers(-1000, 1000, (20, 24), np.int16) for _ in range(3)]
    classes = {1: {"name": "lung", "color": "#3cb44b"}, 2: {"name": "heart"}}
    for name, labels in (("source", masks), ("target", masks), ("target-b", masks)):
        extras = {"normalise": {"window": [-150, 250]}}
        write_pair(
            [PairDomain(name, images, labels, (2.5, 1.5), "mm", classes, 2, extras)],
            tmp_path,
        )
    data = dataset_from_folders(tmp_path / "source", tmp_path / "target")
    assert data.overlapping
    said = yaml.safe_load((tmp_path / "target-b" / "dataset.yaml").read_text("utf-8"))
    assert said["labels_role"] == "evaluate"
    assert [item.name for item in data.structures] == ["lung", "heart"]
    assert data.source.normalise.window == (-150, 250)
    assert data.source.voxel_size == (2.5, 1.5)
    assert [sample.split for sample in data.target.samples] == ["train"] * 2 + ["test"]
    for sample, image, heart in zip(
        data.source.samples, images, masks["heart"], strict=True
    ):
        np.testing.assert_array_equal(np.squeeze(read(sample.image).data), image)
        found = read(sample.labels["heart"])
        np.testing.assert_array_equal(np.squeeze(found.data), heart)
        assert found.header.geometry.unit == "um"
        assert found.header.geometry.voxel_size[-2:] == pytest.approx(
            (2500, 1500), 1e-3
        )


def test_volumes_keep_their_type_axes_and_voxel_size(tmp_path):
    volume = np.arange(4 * 6 * 5, dtype=np.int16).reshape(4, 6, 5) - 50
    labels = (volume > 0).astype(np.uint8)
    domain = PairDomain(
        "source", [volume], [labels], (4.0, 2.0, 1.5), "mm", {1: {"name": "a"}}, 1
    )
    write_pair([domain], tmp_path)
    found = read(tmp_path / "source" / "images" / "source-00.nii.gz")
    assert found.data.dtype == np.int16
    np.testing.assert_array_equal(found.data, volume)
    assert found.header.geometry.voxel_size == (4.0, 2.0, 1.5)
    assert found.header.geometry.unit == "mm"


def test_drawn_arrays_cannot_be_changed():
    domain = em_pair.draw()[0]
    for array in (domain.images[0], domain.labels[0]):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
