"""Data tab: a voxel size that is not known is seen, and can be typed."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from data_window import cell, folder_of, look, noise, severity, wait
from napari_uda.core.io import Geometry, read
from napari_uda.core.spec.domain import Domain
from napari_uda.core.spec.geometry import TypedSize, sample_geometry
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.voxel_size_row import VoxelSizeRow


def enter(row, unit="", **sides):
    """Type into the fields of a row and leave each of them."""
    if unit:
        row.unit.setCurrentIndex(row.unit.findData(unit))
    for axis, text in sides.items():
        row.sides[axis].setText(text)
        row.sides[axis].editingFinished.emit()


def facts(tab):
    """Return what the domain gap says of both domains, by the name of the fact."""
    grid = tab.gap._facts
    texts = {
        grid.getItemPosition(at)[:2]: grid.itemAt(at).widget().toolTip()
        for at in range(grid.count())
    }
    rows = {row for row, _ in texts}
    return {texts.get((row, 0), ""): (texts[row, 1], texts[row, 2]) for row in rows}


def test_an_unknown_size_is_seen_and_typed_and_reaches_gap_and_run(
    tab, qtbot, tmp_path
):
    source = folder_of(tmp_path / "source", 1)
    target = folder_of(tmp_path / "target", 9, config="voxel_size: [8, 8]\nunit: nm")
    look(
        qtbot,
        tab,
        source=DomainChoice(folder=source),
        target=DomainChoice(folder=target),
    )
    row = tab.pickers["source"].voxel_size
    assert severity(tab, "source", "a") == "note"
    assert cell(tab, "source", "a", "voxel") == "unknown"
    assert "HD95 will be in pixels" in row.note.text()
    assert row.isVisibleTo(tab)
    assert not row.sides["z"].isVisibleTo(tab)
    assert tab.pickers["target"].voxel_size.sides["x"].placeholderText() == "8"

    enter(row, "nm", y="4", x="4,5")
    wait(qtbot, tab)
    assert severity(tab, "source", "a") == "ok"
    assert not row.note.isVisibleTo(tab)
    assert cell(tab, "source", "a", "voxel") == "4x4.5 nm"
    assert facts(tab)["<b>voxel size</b>"] == ("4x4.5 nm", "8 nm")
    domain = tab.session.snapshot().dataset().source
    assert (domain.voxel_size, domain.unit) == ((4.0, 4.5), "nm")
    assert domain.voxel_size_first

    row.reset.click()
    wait(qtbot, tab)
    assert cell(tab, "source", "a", "voxel") == "unknown"
    assert row.sides["x"].text() == ""
    assert tab.session.choices["source"].size is None


def test_what_is_typed_goes_before_headers_and_leaves_with_the_folder(
    tab, qtbot, tmp_path
):
    folders = [folder_of(tmp_path / name, seed) for seed, name in enumerate("abc")]
    for folder in folders[:2]:
        for path in (folder / "images").iterdir():
            tifffile.imwrite(
                path, noise(3, 64, 64), imagej=True, resolution=(2, 2),
                metadata={"unit": "um"},
            )  # fmt: skip
    source, other, target = (DomainChoice(folder=folder) for folder in folders)
    look(qtbot, tab, source=source, target=target)
    row = tab.pickers["source"].voxel_size
    assert row.sides["y"].placeholderText() == "0.5"
    enter(row, x="2")
    wait(qtbot, tab)
    assert cell(tab, "source", "a", "voxel") == "0.5x2 \N{MICRO SIGN}m"
    sample = tab.session.snapshot().dataset().source.samples[0]
    domain = tab.session.snapshot().dataset().source
    assert sample_geometry(read(sample.image).header, domain).voxel_size == (0.5, 2)
    tab.pickers["source"].setFolder(other.folder)
    wait(qtbot, tab)
    assert cell(tab, "source", "a", "voxel") == "0.5 \N{MICRO SIGN}m"


def test_a_size_typed_for_layers_is_written_and_stays_with_more_layers(
    tab, qtbot, tmp_path
):
    layers = tab.session.viewer.layers
    pairs = []
    for seed in range(3):
        image = tab.session.viewer.add_image(noise(seed, 3, 64, 64), name=f"i{seed}")
        labels = tab.session.viewer.add_labels(np.ones((3, 64, 64), np.uint8))
        pairs.append(LayerPair(image, labels))
    look(
        qtbot,
        tab,
        source=DomainChoice(layers=tuple(pairs[:1])),
        target=DomainChoice(layers=tuple(pairs[2:])),
    )
    row = tab.pickers["source"].voxel_size
    enter(row, "um", z="5", y="2")
    assert "positive number for x" in row.note.text()
    enter(row, x="2")
    wait(qtbot, tab)
    tab.pickers["source"].add.click()
    wait(qtbot, tab)
    choice = tab.session.choices["source"]
    assert len(choice.layers) == 2
    for pair in choice.layers:
        assert pair.size == TypedSize((5.0, 2.0, 2.0), "um")
    assert layers["i0"].scale.tolist() == [1, 1, 1]
    assert cell(tab, "source", "i1", "voxel") == "5x2x2 \N{MICRO SIGN}m"
    assert row.reset.isVisibleTo(tab)
    assert row.minimumSizeHint().width() <= 312  # of 350, with a scroll bar


@pytest.fixture
def row(qtbot):
    row = VoxelSizeRow()
    qtbot.addWidget(row)
    row.show()
    return row


def test_another_unit_corrects_what_the_files_say(row, qtbot):
    row.setKnown(Domain(samples=(), voxel_size=(2.0, 3.0), unit="nm"), axes=2)
    row.unit.setCurrentIndex(row.unit.findData("um"))
    with qtbot.waitSignal(row.valueChanged):
        row.unit.activated.emit(row.unit.currentIndex())
    assert row.value() == TypedSize((2.0, 3.0), "um")


def test_sections_need_no_length(row):
    row.setKnown(Geometry(None, None), axes=3, sections=True)
    enter(row, y="4", x="4")
    assert row.value() == TypedSize((4.0, 4.0), "um")


@pytest.mark.parametrize("text", ["0", "-1", "wide", "nan", "inf"])
def test_what_is_no_size_is_not_taken(row, text):
    row.setKnown(Geometry(None, None), axes=2)
    enter(row, y="4", x=text)
    assert row.value() is None
    assert "positive number for x" in row.note.text()


def test_a_size_that_is_none_keeps_data_from_being_ready(tab, qtbot, tmp_path):
    folders = [folder_of(tmp_path / name, seed) for seed, name in enumerate("ab")]
    source, target = (DomainChoice(folder=folder) for folder in folders)
    look(qtbot, tab, source=source, target=target)
    assert tab.session.problem == ""
    row = tab.pickers["target"].voxel_size
    for wrong in ("abc", "-5"):
        enter(row, y=wrong)
        assert "positive number for y" in row.note.text()
        assert "voxel size of the target cannot be used" in tab.verdict.text()
        assert "positive number for y" in tab.session.problem
    enter(row, y="")
    assert "positive" not in row.note.text()
    assert "HD95" in row.note.text()
    assert "eady to train" in tab.verdict.text()
    assert tab.session.problem == ""
    enter(row, y="abc")
    row.reset.click()
    assert row.sides["y"].text() == ""
    assert tab.session.problem == ""
