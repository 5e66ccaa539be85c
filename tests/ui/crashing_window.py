"""A napari that starts a training and then dies at once, with no chance to clean up."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import napari
from qtpy.QtCore import QSettings, QTimer

from napari_uda.ui import session, standby, trainer_process
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.train_widget import TrainWidget


def main(pair: str, fake: str) -> None:
    trainer_process.TRAIN = (sys.executable, fake, "wait")
    standby.ENOUGH = 2**62  # that one would really train
    settings = str(Path(pair) / "settings.ini")  # not those of whoever runs the tests
    session._settings = lambda: QSettings(settings, QSettings.Format.IniFormat)
    viewer = napari.Viewer()
    widget = TrainWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Train", area="right")
    for name in ("source", "target"):
        widget.session.choose(name, DomainChoice(folder=Path(pair) / name))
    widget.session.set_problem("")

    def crash_in_training() -> None:
        job = widget.session.job
        if job is not None and job.step >= 3:
            os.kill(os.getpid(), signal.SIGKILL)

    timer = QTimer()
    timer.timeout.connect(crash_in_training)
    timer.start(50)
    widget.start_button.click()
    napari.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
