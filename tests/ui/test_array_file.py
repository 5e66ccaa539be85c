"""Pixels of layers become files: block by block, whole or not at all."""

from __future__ import annotations

import sys
from collections import namedtuple
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from napari_uda.core.errors import UserError
from napari_uda.ui import array_file
from napari_uda.ui.array_file import write_array


def test_large_arrays_are_written_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_uda.ui.array_file._BLOCK_BYTES", 8 * 8 * 2)
    most = []

    class Lazy:
        shape, dtype = (10, 8, 8), np.dtype(">u2")

        def __getitem__(self, rows):
            block = np.arange(640, dtype=">u2").reshape(self.shape)[rows]
            most.append(len(block))
            return block

    done = list(write_array(tmp_path / "a.npy", Lazy()))
    assert max(most) == 1
    assert done == sorted(done)
    assert done[-1] == 1
    written = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert written.ravel().tolist() == list(range(640))
    assert written.dtype.isnative


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=np.uint8).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(12).reshape(3, 4) % 2 == 0,
        np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
        np.zeros((3, 0), np.int16),
    ],
    ids=["turned", "mask", "float", "empty"],
)
def test_what_is_written_is_read_as_it_was(tmp_path, array):
    list(write_array(tmp_path / "a.npy", array))
    written = np.load(tmp_path / "a.npy", allow_pickle=False)
    np.testing.assert_array_equal(written, array)
    assert written.dtype == (np.uint8 if array.dtype == bool else array.dtype)


def test_without_room_nothing_is_begun(tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(array_file.shutil, "disk_usage", lambda _: usage(2_000_000))
    path = tmp_path / "run/a.npy"
    words = f"The disk is full: {path} needs 3 MB, 2 MB are free"
    with pytest.raises(UserError, match=words):
        next(write_array(path, np.zeros((3, 1000, 1000), np.uint8)))
    assert list(path.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the device is one of Linux")
def test_a_disk_that_others_fill_meanwhile_is_a_sentence(tmp_path, monkeypatch):
    """Through a memory map, the system would end the process."""

    @contextmanager
    def on_a_full_disk(_):
        yield Path("/dev/full")

    monkeypatch.setattr(array_file, "atomic_path", on_a_full_disk)
    with pytest.raises(UserError, match=r"The disk is full: .* needs 1 MB"):
        list(write_array(tmp_path / "a.npy", np.zeros((1000, 1000), np.uint8)))
