"""Walk through the main job in a real napari window and photograph every step.

    python docs/walk.py PAIR --out docs/images [--steps 400] [--theme dark]
    python docs/walk.py SAMPLE --check [--run RUN] [--steps 150] [--theme dark]

PAIR holds `source/` and `target/` by the folder convention, with truth for the
target's test split. Everything is done through the widgets a user sees: the folders are
chosen in Data, a source-only and an adapted run are trained one after the other in
Train, a test image is opened as a layer and segmented in Predict.

With `--check` a built-in sample such as abdomen-pair is opened instead, CycleGAN is
trained on its layers (or a RUN is taken that was), and its source images are translated
and looked at in Check.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import napari
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QDockWidget

from napari_uda.core.spec.domain import Dataset
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.launch import open_dock

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uda.ui.dock import AdaptationDock

WIDTH = 430
"""Width of the dock in pixels."""


def wait(until: Callable[[], bool], seconds: float, what: str) -> None:
    """Let the window live until something is so."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise SystemExit(f"{what} took longer than {seconds:g} s")
        QApplication.processEvents()
        time.sleep(0.01)


def rest(seconds: float) -> None:
    """Let the window settle."""
    end = time.monotonic() + seconds
    wait(lambda: time.monotonic() > end, seconds + 5, "resting")


class Walk:
    """A window, its dock and where its pictures go."""

    def __init__(self, out: Path, theme: str) -> None:
        self.out = out
        self.viewer = napari.Viewer(title="napari-uda", show=True)
        self.viewer.theme = theme
        window = self.viewer.window._qt_window
        window.resize(1500, 980)
        self.dock: AdaptationDock = open_dock(self.viewer)
        for dock in window.findChildren(QDockWidget):
            if dock.isAncestorOf(self.dock):
                window.resizeDocks([dock], [WIDTH], Qt.Orientation.Horizontal)
        rest(1)

    def picture(self, name: str) -> None:
        """Save a picture of the whole window."""
        rest(1.5)
        self.viewer.screenshot(
            str(self.out / f"{name}.png"), canvas_only=False, flash=False
        )
        print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)

    def choose(self, pair: Path) -> None:
        """Choose both folders and wait until they were looked at."""
        self.dock.tabs.setCurrentWidget(self.dock.data)
        self.dock.data.pickers["source"].setFolder(pair / "source")
        self.dock.data.pickers["target"].setFolder(pair / "target")
        wait(lambda: self.dock.data.inspection is not None, 120, "inspection")
        wait(lambda: not self.dock.session.problem, 60, "getting ready")

    def train(self, method: str, steps: int, halfway: str = "") -> None:
        """Train a method; a picture halfway if it gets a name."""
        self.dock.tabs.setCurrentWidget(self.dock.train)
        panel, train = self.dock.train.experiment, self.dock.train
        panel.method.setCurrentIndex(panel.method.findData(method))
        rest(1)
        config, _ = panel.value()
        panel.form.setValue(config.model_copy(update={"steps": steps}))
        wait(train.start_button.isEnabled, 30, "enabling Start")
        train.start_button.click()
        wait(lambda: self.dock.session.job is not None, 60, "starting")
        job = self.dock.session.job
        if halfway:
            wait(lambda: job.step >= steps * 0.6, 900, "the first half")
            self.picture(halfway)
        wait(lambda: self.dock.session.job is None, 1200, "training")

    def predict(self, pair: Path, name: str) -> None:
        """Open a test image with its truth and segment it."""
        data = Dataset.from_folders(pair / "source", pair / "target").target
        sample = next(one for one in data.part("test") if one.labels)
        for layer in self.viewer.layers:
            layer.visible = False
        size = data.voxel_size or (1.0, 1.0)
        units = (data.unit or "pixel",) * len(size)
        (image,) = self.viewer.open(sample.image, scale=size, units=units)
        (truth,) = self.viewer.open(
            sample.labels, layer_type="labels", scale=size, units=units, name="truth"
        )
        truth.visible = False
        self.viewer.reset_view()
        predict = self.dock.predict
        self.dock.tabs.setCurrentWidget(predict)
        predict.inputs.image.setCurrentIndex(predict.inputs.image.findText(image.name))
        predict.inputs.truth.setCurrentIndex(predict.inputs.truth.findText("truth"))
        rest(2)
        wait(predict.predict.isEnabled, 30, "enabling Predict")
        predict.predict.click()
        wait(lambda: predict.cancel.isEnabled(), 30, "starting to predict")
        wait(lambda: not predict.cancel.isEnabled(), 300, "predicting")
        wait(lambda: predict.scores.isVisible(), 120, "scoring")
        self.picture(f"{name}-fill")
        predict.show_next()
        self.picture(f"{name}-contour")
        predict.show_next()
        self.picture(f"{name}-difference")

    def open_sample(self, name: str) -> None:
        """Open a built-in sample, which the Data tab takes over by itself."""
        self.viewer.open_sample("napari-uda", name)
        rest(2)
        self.dock.tabs.setCurrentWidget(self.dock.data)
        wait(lambda: not self.dock.session.problem, 60, "getting ready")

    def check(self, name: str) -> None:
        """Translate the source images and look at them in every way."""
        check = self.dock.check
        self.dock.tabs.setCurrentWidget(check)
        wait(lambda: check.inputs.run.count() > 0, 60, "finding the run")
        (pair, *_) = self.dock.session.choices["source"].layers
        check.inputs.image.setLayer(pair.image)
        wait(check.translate.isEnabled, 60, "enabling Translate")
        check.translate.click()
        wait(lambda: check.panel.review is not None, 600, "translating")
        wait(lambda: not check.panel.busy, 300, "measuring")
        check.panel.verdict.reject.click()
        for layer in self.viewer.layers:  # those of the sample, and previews
            if not layer.name.startswith("check:"):
                layer.visible = False
        for mode in ("side", "blend", "checker", "difference", "changes"):
            check.panel.set_mode(mode)
            self.picture(f"{name}-{mode}")
            check.panel.next.click()


def main() -> None:
    """Walk."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pair", type=Path, metavar="PAIR")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--run", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    walk = Walk(given.out, given.theme)
    if given.check:
        walk.open_sample(str(given.pair))
        if given.run is None:
            walk.train("cyclegan", given.steps)
        else:
            walk.dock.session.runs_folder = given.run.absolute().parent
            walk.dock.session.selected_run = RunFolder(given.run)
        walk.check("check")
        walk.viewer.close()
        return
    walk.choose(given.pair)
    walk.picture("data")
    walk.train("source_only", given.steps)
    walk.train("grl", given.steps, halfway="train")
    walk.picture("trained")
    walk.predict(given.pair, "predict")
    walk.viewer.close()


if __name__ == "__main__":
    main()
