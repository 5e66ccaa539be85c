from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from napari_uda.core.io import atomic_path, atomic_write_text, suffix_of

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "scan.nii.gz"

    with atomic_path(target) as temporary:
        temporary.write_bytes(b"all of it")
        assert not target.exists()
        assert temporary.parent == target.parent
        assert suffix_of(temporary) == ".nii.gz"

    assert target.read_bytes() == b"all of it"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_keeps_the_old_file_and_leaves_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "last.pt"
    target.write_text("old")

    def fail_half_way() -> None:
        with atomic_path(target) as path:
            path.write_text("new")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_text_is_replaced_as_it_is(tmp_path: Path) -> None:
    target = tmp_path / "experiment.yaml"
    atomic_write_text(target, "first\n")
    atomic_write_text(target, "unit: µm\nname: x\r\n")
    assert target.read_bytes() == "unit: µm\nname: x\r\n".encode()


def test_a_reader_holding_the_file_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [PermissionError("in use"), PermissionError("in use")]
    replace = os.replace

    def busy(source: Path, target: Path) -> None:
        if refusals:
            raise refusals.pop()
        replace(source, target)

    monkeypatch.setattr("os.replace", busy)
    atomic_write_text(tmp_path / "control", "pause")
    assert (tmp_path / "control").read_text() == "pause"


def test_a_folder_that_stays_closed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError("in use")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(PermissionError):
        atomic_write_text(tmp_path / "control", "pause")
    assert list(tmp_path.iterdir()) == []
