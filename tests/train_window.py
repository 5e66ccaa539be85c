"""What the tests of the Train tab share."""

from __future__ import annotations


def settle(qtbot, widget):
    """Wait until nothing reads or shows anything any more."""

    def quiet():
        workers = (
            widget._opener, widget.run_list._reader, widget.previews._worker,
            widget.experiment._fitter, widget._rival_reader,
        )  # fmt: skip
        return not any(workers)

    qtbot.waitUntil(quiet, timeout=15_000)
    qtbot.wait(50)
