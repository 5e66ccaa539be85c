from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
import torch

from napari_uda.core.engine.checkpoint import (
    load_checkpoint,
    random_state,
    restore_random_state,
    save_checkpoint,
    seed_everything,
)
from napari_uda.core.errors import UserError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoints" / "last.pt"


def draw():
    return (
        torch.rand(3).tolist(),
        random.random(),
        random.gauss(0, 1),
        np.random.rand(3).tolist(),
        np.random.randn(),
    )


def test_what_is_saved_is_loaded(path, assert_same):
    content = {"step": 3, "weights": {"w": torch.randn(4)}, "history": [{"a": 0.5}]}
    save_checkpoint(path, content)
    assert [p.name for p in path.parent.iterdir()] == ["last.pt"]
    assert_same(load_checkpoint(path), {"format": 1, **content})


def test_a_failed_save_leaves_the_old_checkpoint(path, monkeypatch):
    save_checkpoint(path, {"step": 1})

    def torn(content, file):
        file.write_bytes(b"half")
        raise OSError("disk")

    monkeypatch.setattr(torch, "save", torn)
    with pytest.raises(OSError, match="disk"):
        save_checkpoint(path, {"step": 2})
    monkeypatch.undo()
    assert load_checkpoint(path)["step"] == 1
    assert len(list(path.parent.iterdir())) == 1


def test_a_checkpoint_that_is_missing_is_said(path):
    with pytest.raises(UserError, match="does not exist"):
        load_checkpoint(path)


def test_a_checkpoint_of_a_newer_version_is_said(path):
    path.parent.mkdir()
    torch.save({"format": 99}, path)
    with pytest.raises(UserError, match="newer napari-uda"):
        load_checkpoint(path)


@pytest.mark.parametrize("content", [{"state_dict": {}}, [1, 2], torch.zeros(2)])
def test_a_checkpoint_of_other_software_is_said(content, path):
    path.parent.mkdir()
    torch.save(content, path)
    with pytest.raises(UserError, match="is not a checkpoint of napari-uda"):
        load_checkpoint(path)


class Evil:
    """Would write a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize(
    "save", [torch.save, lambda x, p: p.write_bytes(pickle.dumps(x))]
)
def test_nothing_in_a_file_is_executed(save, path, tmp_path):
    path.parent.mkdir()
    save({"format": 1, "x": Evil(tmp_path / "executed")}, path)
    with pytest.raises(UserError, match="nothing in it was executed"):
        load_checkpoint(path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_damage_of_any_kind_is_said(path):
    save_checkpoint(path, {"weights": torch.randn(10)})
    whole = path.read_bytes()
    dice = random.Random(0)
    broken = [whole[: dice.randrange(len(whole))] for _ in range(40)]
    broken += [dice.randbytes(dice.randrange(200)) for _ in range(40)]
    broken += [bytes([first]) + b"abc\n" for first in range(256)]
    for content in broken:
        path.write_bytes(content)
        with pytest.raises(UserError, match="napari-uda or is damaged"):
            load_checkpoint(path)


def test_random_generators_go_on_where_they_were(path):
    seed_everything(5)
    np.random.randn()
    save_checkpoint(path, {"random": random_state()})
    expected = draw()
    assert draw() != expected
    restore_random_state(load_checkpoint(path)["random"])
    assert draw() == expected


def test_a_seed_makes_everything_repeat():
    seed_everything(7)
    first = draw()
    seed_everything(7)
    assert draw() == first
    seed_everything(8)
    assert draw() != first
