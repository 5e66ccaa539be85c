from __future__ import annotations

from weakref import ref

from napari.qt.threading import thread_worker
from qtpy.QtWidgets import QWidget

from napari_uda.ui.listening import Latest


class Pixels:
    """Something large."""


def test_a_worker_that_is_replaced_lets_go_of_what_it_looked_at(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    latest, yielded, ended = Latest(widget), [], []

    def look(pixels):
        try:
            while True:
                yield pixels is None
        finally:
            ended.append(True)

    pixels = Pixels()
    weak, worker = ref(pixels), thread_worker(look)(pixels)
    latest.start(worker, yielded.append)
    qtbot.waitUntil(lambda: bool(yielded))
    del pixels
    latest.stop()
    qtbot.waitUntil(lambda: bool(ended))
    assert weak() is None
    assert worker is not None  # napari keeps it
