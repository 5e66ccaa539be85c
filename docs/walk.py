"""Walk through the whole story in a real napari window, and photograph every step.

    python docs/walk.py em-pair --out docs/images
    python docs/walk.py FOLDER --out PICTURES --method cyclegan --set steps=100

The first argument is a built-in sample pair, opened as layers as by *File > Open
Sample*, or a folder with `source/` and `target/` by the folder convention, with truth
for the target's test split. Everything is done with clicks and keys on the widgets that
a user sees. Besides the pictures, it tells what took more than a second, and where the
window stopped for longer than 0.3 seconds.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import napari
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDockWidget, QPushButton
from walk_window import Window, answer, click, enter, let_live, pick, reveal, say, wait

from napari_uda.core.spec.domain import Dataset
from napari_uda.samples import SAMPLES

if TYPE_CHECKING:
    from napari_uda.ui.dock import AdaptationDock
    from napari_uda.ui.domain_picker import DomainPicker

SIZE = (1400, 920)
"""Width and height of the window in pixels."""
WIDTH = 430
"""Width of the dock in pixels."""
MODES = ("side", "blend", "checker", "difference", "changes")


class Walk(Window):
    """The story, step by step.

    Parameters
    ----------
    pair
        Folder of a pair, or name of a built-in one.
    out
        Folder for pictures.
    theme
        Theme of napari.
    """

    def __init__(self, pair: Path | str, out: Path, theme: str) -> None:
        viewer = napari.Viewer(title="napari-uda")
        viewer.theme = theme
        _, widget = viewer.window.add_plugin_dock_widget(
            "napari-uda", "Domain adaptation"
        )
        self.dock: AdaptationDock = widget
        window = self.dock.window()
        super().__init__(viewer, window, out)
        self.pair = pair
        window.resize(*SIZE)
        for dock in window.findChildren(QDockWidget):
            if dock.isAncestorOf(self.dock):
                window.resizeDocks([dock], [WIDTH], Qt.Orientation.Horizontal)

    def go_to(self, number: int) -> None:
        """Click a tab of the dock."""
        bar = self.dock.tabs.tabBar()
        click(bar, bar.tabRect(number - 1).center())

    def choose(self) -> None:
        """Step 1: choose source and target, and read what was found."""
        self.step("Data")
        data = self.dock.data
        self.picture("open")
        if isinstance(self.pair, str):
            self.viewer.open_sample("napari-uda", self.pair)
            self.key("Ctrl+R")  # napari shows the first layer only
        else:
            for name, picker in data.pickers.items():
                folder = self.pair / name
                self.choose_folder(picker, folder)
        wait(lambda: data.inspection is not None, 120, "looking at the data")
        wait(lambda: not self.dock.session.problem, 60, "getting ready")
        self.picture("data", top=data.pickers["source"])
        if isinstance(self.pair, Path):
            self.show_sample()
        if data.fix.isVisible():
            click(data.fix)
            wait(lambda: data.inspection is None, 10, "looking again")
            wait(lambda: data.inspection is not None, 120, "looking at the data")
            self.picture("data-mended")

    def choose_folder(self, picker: DomainPicker, folder: Path) -> None:
        """Choose a folder in the dialog, which opens by itself the very first time."""
        if picker.folder.offers:
            pick(picker.origin, "folder")
            answer(lambda: click(picker.folder.button), folder)
        else:
            answer(lambda: pick(picker.origin, "folder"), folder)

    def show_sample(self) -> None:
        """Double-click the first test image of the target in the table."""
        table = self.dock.data.table
        reveal(table)
        data = Dataset.from_folders(self.pair / "source", self.pair / "target")
        before, target = len(data.source.samples), data.target.samples
        row = before + target.index(data.target.part("test")[0])
        index = table.samples.index(row, 0)
        table.scrollTo(index)
        place = table.visualRect(index).center()
        click(table.viewport(), place)
        QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        wait(lambda: len(self.viewer.layers), 30, "opening a sample")
        self.picture("data-sample")

    def train(self, method: str, settings: dict[str, str], name: str = "") -> None:
        """Step 2: train a method; pictures of the form, halfway and the end."""
        steps = int(settings["steps"])
        self.step(f"Train {method}")
        train, panel = self.dock.train, self.dock.train.experiment
        self.go_to(2)
        if not train.setup.is_open:
            click(train.setup.title)
        index = panel.method.findData(method)
        pick(panel.method, panel.method.itemText(index))
        let_live(1)
        click(panel.settings.title)
        for key, value in settings.items():
            enter(panel.form, key, value)
        click(panel.settings.title)
        if panel.training.value().threads != 1:
            click(panel.advanced.title)
            enter(panel.training, "threads", 1)
            enter(panel.training, "validate_every", max(10, steps // 8))
            enter(panel.training, "preview_every", max(10, steps // 8))
            click(panel.advanced.title)
        wait(train.start_button.isEnabled, 30, "enabling Start")
        if name:
            wait(lambda: not panel.estimate.busy, 120, "estimating")
            self.picture(f"{name}-form")
        click(train.start_button)
        wait(lambda: self.dock.session.job is not None, 60, "preparing")
        job = self.dock.session.job
        wait(lambda: job.step > 0, 120, "the first step")
        if name:
            wait(lambda: job.step >= steps * 0.6, 1800, "the first half")
            self.picture(name)
        wait(lambda: self.dock.session.job is None, 1800, "training")
        state = train.run_list.selected()
        say(f"  {state.name}: {state.state} at step {state.step}, truth {state.truth}")
        if name:
            self.compare()
            self.picture("trained")

    def reopen(self) -> None:
        """Step 2, with runs that are there already: open the newest."""
        self.step("Open a run")
        self.go_to(2)
        runs, curves = self.dock.train.run_list, self.dock.train.curves
        self.select_run(0)
        click(runs.open_button)
        wait(curves.isVisible, 30, "showing a run")
        self.compare()
        self.picture("trained")

    def compare(self) -> None:
        """Draw the curves of the run before the newest beside those of this."""
        self.select_run(1)
        click(self.dock.train.run_list.compare_button)
        let_live(1)

    def select_run(self, row: int) -> None:
        """Click a row of the list of runs."""
        tree = self.dock.train.run_list.tree
        wait(lambda: tree.topLevelItemCount() > row, 30, "listing the runs")
        reveal(tree)
        click(tree.viewport(), tree.visualItemRect(tree.topLevelItem(row)).center())

    def predict(self) -> None:
        """Step 3: segment the target, beside its truth and the baseline."""
        self.step("Predict")
        predict = self.dock.predict
        self.go_to(3)
        if predict.inputs.uses_files():
            pick(predict.inputs.origin, "layers")
        pick(predict.inputs.image, "target ")
        wait(predict.predict.isEnabled, 30, "enabling Predict")
        self.picture("predict-before")
        click(predict.predict)
        wait(predict.cancel.isEnabled, 30, "starting to predict")
        wait(lambda: not predict.cancel.isEnabled(), 600, "predicting and scoring")
        wait(predict.scores.isVisible, 120, "showing scores")
        say("  " + predict.scores.text().replace("\n", "\n  "))
        for view in ("fill", "contour", "difference"):
            self.picture(f"predict-{view}")
            self.key("C")
        if isinstance(self.pair, Path) and self.viewer.dims.ndim > 2:
            self.solid("predict-3d")

    def solid(self, name: str) -> None:
        """Look at a volume in 3D, and come back."""
        button = next(
            one
            for one in self.window.findChildren(QPushButton)
            if one.property("mode") == "ndisplay_button"
        )
        click(button)
        self.viewer.scene.camera.angles = (-10, 25, 60)
        self.key("Ctrl+R")
        self.picture(name)
        click(button)

    def check(self) -> None:
        """Step 4: see whether a translation kept the anatomy."""
        self.step("Check")
        check = self.dock.check
        self.go_to(4)
        wait(lambda: check.inputs.run.count() > 0, 30, "finding the run")
        if isinstance(self.pair, str):
            pick(check.inputs.image, "target ")
        self.picture("check-before")
        click(check.translate)
        wait(lambda: check.panel.review is not None, 600, "translating")
        wait(lambda: not check.panel.busy, 300, "measuring")
        for number, mode in enumerate(MODES):
            if number:
                self.key("V")
            self.picture(f"check-{mode}")
        panel = check.panel
        click(panel.verdict.reject)
        QTest.keyClicks(panel.verdict.note, "wall too thin")
        click(panel.next)
        click(panel.verdict.accept)
        click(panel.mode_button("side"))
        report = self.out / "check.html"
        report.unlink(missing_ok=True)
        answer(lambda: click(panel.saving.report), report)
        wait(
            lambda: report.exists() and panel.saving.report.isEnabled(),
            60,
            "the report",
        )
        self.picture("check-verdict", top=panel.saving.report)


def main() -> None:
    """Walk."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pair", help=f"a folder, or one of {', '.join(SAMPLES)}")
    parser.add_argument("--out", type=Path, required=True, help="folder for pictures")
    parser.add_argument("--method", default="cyclegan", help="a method that translates")
    parser.add_argument(
        "--set",
        nargs="*",
        default=[],
        metavar="KEY=VALUE",
        help="numbers in the settings of both trainings, such as steps=100",
    )
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--runs", type=Path, help="folder for runs")
    parser.add_argument("--trained", action="store_true", help="use the runs there are")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    os.environ["NAPARI_UDA_RUNS"] = str(given.runs or given.out / "runs")
    # A dialog of the desktop cannot be typed into.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    pair = given.pair if given.pair in SAMPLES else Path(given.pair).absolute()
    walk = Walk(pair, given.out.absolute(), given.theme)
    walk.choose()
    settings = {"steps": "150", **dict(item.split("=") for item in given.set)}
    if given.trained:
        walk.reopen()
    else:
        walk.train("source_only", settings)
        walk.train(given.method, settings, name="train")
    walk.predict()
    walk.check()
    walk.summary()
    walk.viewer.close()


if __name__ == "__main__":
    sys.exit(main())
