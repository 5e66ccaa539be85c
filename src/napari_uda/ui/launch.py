"""Open napari with the dock; `python -m napari_uda.ui.launch`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING
from weakref import ref

from napari_uda.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.viewer import Viewer

    from .dock import AdaptationDock

TITLE = "Domain adaptation (napari-uda)"


def open_dock(viewer: Viewer) -> AdaptationDock:
    """Dock the widget at the right side of a viewer."""
    from .dock import AdaptationDock

    dock = AdaptationDock(viewer)
    viewer.window.add_dock_widget(dock, name=TITLE, area="right")
    return dock


def open_sample(viewer: Viewer) -> None:
    """Add the electron microscopy sample pair as layers, side by side."""
    from napari_uda.samples.napari import em_pair

    for data, options, kind in em_pair():
        getattr(viewer, f"add_{kind}")(data, **options)
    viewer.reset_view()


def train_when_ready(dock: AdaptationDock, method: str) -> None:
    """Start a quick run as soon as the data have been looked at, once.

    Parameters
    ----------
    dock
        The dock; its Train tab comes to the front.
    method
        Name of the method.
    """
    dock.train.experiment.choose_method(method)
    dock.tabs.setCurrentWidget(dock.train)
    session, widget = dock.session, ref(dock)

    def start() -> None:
        alive = widget()
        if alive is None or alive.session.job is not None:
            session.ready_changed.disconnect(start)
        elif alive.train.start_button.isEnabled():
            session.ready_changed.disconnect(start)
            alive.train.start_button.click()

    session.ready_changed.connect(start)
    start_now = not session.problem
    if start_now:
        start()


def launch(*, sample: bool = False, method: str = "") -> None:
    """Open napari with the dock and wait until it is closed.

    Parameters
    ----------
    sample
        Load the sample pair as layers and choose them as data.
    method
        Name of a method with which to start a quick run; empty starts none.

    Raises
    ------
    UserError
        If there is no such method.
    """
    if method:
        from napari_uda.core.spec.methods import method_config

        method_config(method)
    import napari

    viewer = napari.Viewer(title="napari-uda")
    if sample:
        open_sample(viewer)
    dock = open_dock(viewer)
    if method:
        train_when_ready(dock, method)
    napari.run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m napari_uda.ui.launch")
    parser.add_argument("--demo", action="store_true", help="train on the sample pair")
    parser.add_argument(
        "--method", default="grl", help="one that `napari-uda methods` lists"
    )
    options = parser.parse_args(arguments)
    try:
        launch(sample=options.demo, method=options.method if options.demo else "")
    except UserError as error:
        parser.exit(2, f"{error}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
