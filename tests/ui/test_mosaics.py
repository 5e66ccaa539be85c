from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.spec.domain import IGNORE
from napari_uda.ui.mosaics import DAMAGED, GAP, Mosaic, load_mosaics, mosaic


def test_samples_lie_below_each_other():
    stack = np.stack([np.full((4, 3), 0.5), np.full((4, 3), -0.5)]).astype(np.float16)
    picture = mosaic(stack)
    assert picture.shape == (8 + GAP, 3)
    assert picture.dtype == np.float32
    assert (picture[:4] == 0.5).all()
    assert (picture[4 : 4 + GAP] == -1).all()
    assert (picture[4 + GAP :] == -0.5).all()


def test_overlapping_masks_become_one_picture():
    masks = np.zeros((1, 2, 1, 4), np.uint8)
    masks[0, 0, 0, :3] = 1
    masks[0, 1, 0, 2:] = 1
    masks[0, :, 0, 3] = IGNORE
    assert mosaic(masks).tolist() == [[1, 1, 2, IGNORE]]


def test_keys_come_in_reading_order_with_their_domain(tmp_path):
    image = np.zeros((1, 2, 2), np.float16)
    labels = image.astype(np.uint8)
    np.savez(
        tmp_path / "p.npz", target_prediction=labels, target=image, to_source=image,
        source_label=labels, zebra=image, cycle=image, to_target=image, source=image,
    )  # fmt: skip
    found = load_mosaics(tmp_path / "p.npz")
    assert [one.key for one in found] == [
        "source", "to_target", "cycle", "source_label",
        "target", "to_source", "target_prediction", "zebra",
    ]  # fmt: skip
    assert [one.is_labels for one in found] == [0, 0, 0, 1, 0, 0, 1, 0]
    assert {one.domain for one in found[:4]} == {"source"}
    assert {one.domain for one in found[4:7]} == {"target"}


def test_a_caption_says_what_is_seen_and_when():
    picture = np.zeros((2, 2), np.float32)
    assert (
        Mosaic("to_source", picture).caption(1200) == "target translated · step 1,200"
    )
    assert Mosaic("source_label", picture).caption(1200) == "source labels · preview"


def test_no_pickle_is_ever_loaded(tmp_path):
    np.savez(tmp_path / "p.npz", source=np.array([object()]))
    with pytest.raises(ValueError, match="pickle"):
        load_mosaics(tmp_path / "p.npz")


def test_a_file_that_is_torn_or_overwritten_raises_nothing_else(tmp_path):
    file, chance = tmp_path / "000010.npz", np.random.default_rng(0)
    image = chance.normal(size=(2, 8, 8)).astype(np.float16)
    np.savez_compressed(file, source=image, target=image)
    whole = file.read_bytes()
    damaged = [whole[:size] for size in range(0, len(whole), 9)]
    for _ in range(500):
        content = bytearray(whole)
        for place in chance.integers(len(whole), size=3):
            content[place] = chance.integers(256)
        damaged.append(bytes(content))
    failed = 0
    for content in damaged:
        file.write_bytes(content)
        try:
            load_mosaics(file)
        except DAMAGED:
            failed += 1
    assert failed > 300
