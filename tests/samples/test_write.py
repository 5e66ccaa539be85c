from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from napari_uda.core.errors import UserError
from napari_uda.core.io import NANOMETRES, read
from napari_uda.core.spec.folders import dataset_from_folders
from napari_uda.samples import SAMPLES, SOURCE, TARGET, write
from napari_uda.samples.pair import em_pair

COMMITTED = Path(__file__).parents[2] / "sample_data" / "em-pair"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    drawn = tmp_path_factory.mktemp("samples")
    SAMPLES["em-pair"].write(drawn)
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
    for domain in em_pair():
        for kind, stack in (("images", domain.images), ("labels", domain.labels)):
            paths = sorted((folder / domain.name / kind).iterdir())
            for path, expected in zip(paths, stack, strict=True):
                volume = read(path)
                np.testing.assert_array_equal(np.squeeze(volume.data), expected)
                geometry = volume.header.geometry
                size = np.multiply(geometry.voxel_size, NANOMETRES[geometry.unit])
                assert size[-2:] == pytest.approx(domain.pixel_nm, rel=1e-3)


def test_labels_are_background_and_mitochondrion(folder):
    for domain in em_pair():
        assert set(np.unique(domain.labels)) == {0, 1}
        assert 0.05 < domain.labels.mean() < 0.3


def test_no_section_occurs_twice():
    stacks = np.concatenate([domain.labels for domain in em_pair()])
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
