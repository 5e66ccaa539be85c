"""Where there is no preview yet, or no whole one, nothing breaks and it is said."""

from __future__ import annotations

import pytest

from preview_files import previews, run, show, viewer, write

__all__ = ["previews", "run", "viewer"]  # fixtures


@pytest.mark.parametrize("kept", [0, 40, 400, -1], ids=lambda kept: f"{kept} bytes")
def test_a_file_that_is_still_being_copied_is_no_disaster(
    previews, qtbot, run, viewer, kept
):
    event = write(run, 10)
    file = run.previews / "000010.npz"
    file.write_bytes(file.read_bytes()[:kept])
    previews.add([event])
    qtbot.waitUntil(lambda: previews._worker is None, timeout=10_000)
    assert len(viewer.layers) == 0
    show(previews, qtbot, run, 20)


def test_what_is_disabled_says_why(previews, qtbot, run):
    button, slider = previews.show_button, previews.slider
    for widget in (button, slider):
        assert not widget.isEnabled()
        assert "no preview yet" in widget.toolTip()
    show(previews, qtbot, run, 10)
    assert button.isEnabled()
    assert button.toolTip().endswith("(F4)")
    assert not slider.isEnabled()
    assert "one preview only" in slider.toolTip()
    show(previews, qtbot, run, 20)
    assert slider.isEnabled()
    assert slider.toolTip() == "Step of the previews shown in the viewer"
    previews.open(run, ())
    assert "no preview yet" in button.toolTip()
