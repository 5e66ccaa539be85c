"""Where image files are said to be, in a dock of any width."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QLabel

from napari_uda.ui.image_files import ImageFiles


def test_the_name_of_the_folder_is_seen_whole_in_a_narrow_dock(qtbot, tmp_path):
    folder = tmp_path / "a_study_with_a_long_name_2019" / "cases_of_the_second_visit"
    folder.mkdir(parents=True)
    (folder / "a.tif").touch()
    files = ImageFiles("predict")
    qtbot.addWidget(files)
    files.setValue([Path(folder)])
    files.resize(240, files.sizeHint().height())
    files.show()
    qtbot.waitUntil(lambda: files.path.width() > 200)
    drawn = QLabel.text(files.path)
    assert drawn != str(folder)
    assert drawn.startswith("\N{HORIZONTAL ELLIPSIS}")
    assert drawn.endswith("/cases_of_the_second_visit")
    assert files.path.toolTip() == str(folder)
    assert files.path.y() > files.choose_files.geometry().bottom()
