"""The dock: data, training, prediction and checking as tabs of one widget.

Its first tab is there at once. The others are imported and made when they are asked
for, or one after another as soon as the window has nothing else to do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

from qtpy.QtCore import QSize, QTimer
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget
from superqt.utils import signals_blocked

from .about import AboutButton
from .data_widget import DataWidget
from .parting import Parting
from .session import Session

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from qtpy.QtGui import QHideEvent, QShowEvent

    from .check_widget import CheckWidget
    from .predict_widget import PredictWidget
    from .train_widget import TrainWidget

TRAIN = 1
"""Place of the tab that trains."""
SOON = 50
"""Milliseconds from the first sight of the dock until the other tabs are made."""
TITLE = 4
"""Pixels at the top of a dock that napari's title bar lies over."""


class Tab(NamedTuple):
    """One step of the way from data to masks."""

    title: str
    """Its name."""
    hint: str
    """What it is for."""
    widget: str
    """Module of its widget, and class."""


TABS = (
    Tab(
        "1 Data",
        "Choose source and target, and see what is wrong with them",
        "data_widget.DataWidget",
    ),
    Tab("2 Train", "Train, and watch it learn", "train_widget.TrainWidget"),
    Tab(
        "3 Predict",
        "Segment with a run, and compare with truth",
        "predict_widget.PredictWidget",
    ),
    Tab(
        "4 Check",
        "Translate with a run, and see whether the anatomy is still there",
        "check_widget.CheckWidget",
    ),
)
HEAVY = ("napari_uda.core.spec.methods", "napari_uda.core.spec.run")
"""What the other tabs need and takes time to import, in turns of its own."""


class AdaptationDock(QWidget):
    """Domain adaptation from data to masks, one tab per step.

    Parameters
    ----------
    napari_viewer
        The viewer to work in.
    """

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("napari-uda")
        Parting(self)
        self.session = Session.of(napari_viewer)
        self.data = DataWidget(napari_viewer)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        if (bar := self.tabs.tabBar()) is not None:
            bar.setDrawBase(False)
        self.tabs.setCornerWidget(AboutButton())
        self._pages: list[QWidget | None] = [self.data, None, None, None]
        modules = [tab.widget.partition(".")[0] for tab in TABS]
        self._unimported = [*HEAVY, *(f"{__package__}.{name}" for name in modules)]
        for number, page in enumerate(self._pages):
            self._insert(number, page or QWidget())
            key = QShortcut(QKeySequence(f"Alt+{number + 1}"), self)
            key.activated.connect(self._on_key)
        self.tabs.setCurrentIndex(0)
        self.tabs.currentChanged.connect(self._page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, TITLE, 0, 0)
        layout.addWidget(self.tabs)
        self._turn = QTimer(self)
        self._turn.timeout.connect(self._go_on)

    @property
    def train(self) -> TrainWidget:
        """The second tab, made now if it was not there yet."""
        return cast("TrainWidget", self._page(TRAIN))

    @property
    def predict(self) -> PredictWidget:
        """The third tab, made now if it was not there yet."""
        return cast("PredictWidget", self._page(2))

    @property
    def check(self) -> CheckWidget:
        """The fourth tab, made now if it was not there yet."""
        return cast("CheckWidget", self._page(3))

    @property
    def complete(self) -> bool:
        """Whether all tabs were made."""
        return None not in self._pages

    def sizeHint(self) -> QSize:
        """Return a width that suits the widgets and leaves room for the canvas."""
        return QSize(400, 800)

    def minimumSizeHint(self) -> QSize:
        """Return the narrowest size at which everything can be used."""
        return QSize(340, 300)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the other tabs, once what is seen was painted."""
        super().showEvent(event)
        if not self.complete:
            self._turn.start(SOON)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Make nothing more: the window may be about to close."""
        super().hideEvent(event)
        self._turn.stop()

    def _page(self, number: int) -> QWidget:
        """Return a tab, which takes the place that was kept for it."""
        page = self._pages[number]
        if page is None:
            module, _, kind = TABS[number].widget.partition(".")
            make = getattr(import_module(f"{__package__}.{module}"), kind)
            page = self._pages[number] = make(self.session.viewer)
            seen, place = self.tabs.currentIndex(), self.tabs.widget(number)
            with signals_blocked(self.tabs):
                self.tabs.removeTab(number)
                self._insert(number, page)
                self.tabs.setCurrentIndex(seen)
            if place is not None:
                place.deleteLater()
            if number == TRAIN:
                self._tell_of_runs(cast("TrainWidget", page))
        return page

    def _tell_of_runs(self, train: TrainWidget) -> None:
        """Say on the first tab, too, that a run trains that nobody follows."""
        from .background_row import BackgroundRow

        row = BackgroundRow(self.session)
        train.run_list.listed.connect(row.show_runs)
        row.attach_asked.connect(train.attach)
        row.attach_asked.connect(self._on_followed)
        self.data.announce(row)

    def _on_followed(self) -> None:
        self.tabs.setCurrentIndex(TRAIN)

    def _insert(self, number: int, page: QWidget) -> None:
        self.tabs.insertTab(number, page, TABS[number].title)
        self.tabs.setTabToolTip(number, f"{TABS[number].hint} (Alt+{number + 1}).")

    def _go_on(self) -> None:
        """Do one thing per turn of the event loop, so that the window stays free."""
        self._turn.setInterval(0)
        if self._unimported:
            import_module(self._unimported.pop(0))
        elif not self.complete:
            self._page(self._pages.index(None))
        else:
            self._turn.stop()

    def _on_key(self) -> None:
        shortcut = self.sender()
        if isinstance(shortcut, QShortcut):
            self.tabs.setCurrentIndex(int(shortcut.key().toString()[-1]) - 1)
