"""Look through a translation: compare, measure, decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent

from napari_uda.core.metrics.check_words import CHANGES

from .comparison import MODES, Comparison, Mode
from .listening import Listener
from .measuring import Measuring
from .review import SCORES, Item, Review
from .review_form import DIFFERENCE_HINT, SLIDERS, ReviewForm
from .viewer_key import ViewerKey
from .words import marked_text

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_uda.core.metrics.verdicts import Verdict

    from .session import Session

REDRAW = 250
"""Milliseconds between two redraws while slices are measured."""
AGAIN = "Shown again; press once more to judge."
"""What is said where somebody was about to judge what is not seen."""


class ReviewPanel(ReviewForm):
    """Compare originals with their translations, the worst slice first.

    Parameters
    ----------
    session
        The session of the viewer to compare in.
    """

    said = Signal(str)
    """A sentence for the user."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        viewer = session.viewer
        super().__init__(viewer.theme, parent)
        self._viewer = viewer
        self._stage = session.stage
        self._away = self._hushed = False
        self.comparison = Comparison(viewer)
        self.review: Review | None = None
        self.current = Item(0, 0)
        self.measuring = Measuring(self)
        self._moved = False
        self._key = ViewerKey(viewer, "V", self.next_mode)
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW)
        self._redraw.timeout.connect(self._on_redraw)
        listener = Listener(self)
        listener.connect(viewer.dims.events.current_step, self._on_step)
        listener.connect(viewer.dims.events.ndisplay, self._on_ndisplay)
        listener.connect(viewer.events.theme, self._on_theme)
        self._stage.changed.connect(self._on_stage)
        self.modes.idClicked.connect(self._on_mode_clicked)
        self.slider.valueChanged.connect(self._on_slid)
        self.measuring.identified.connect(self._show_item)
        self.measuring.learned.connect(self._on_learned)
        self.measuring.ended.connect(self._on_all_measured)
        self.measuring.said.connect(self.said)
        self.plot.clicked.connect(self._on_plot_clicked)
        self.previous.clicked.connect(self._on_previous)
        self.next.clicked.connect(self._on_next)
        self.verdict.asked.connect(self._on_verdict_asked)
        self.verdict.decided.connect(self._draw_plot)
        self.verdict.said.connect(self.said)
        self.saving.said.connect(self.said)
        for keys, button in (
            ("Alt+Left", self.previous),
            ("Alt+Right", self.next),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(button.click)

    @property
    def busy(self) -> bool:
        """Whether slices are being measured."""
        return self.measuring.busy

    def open(self, review: Review, about: dict[str, str]) -> None:
        """Begin to look through a review.

        Parameters
        ----------
        review
            What to look at.
        about
            Facts for the report, such as run and method.
        """
        self.review = review
        self.saving.open(review, about)
        self._moved = False
        pair = review.pairs[0]
        self.current = Item(0, 0)
        mode = self.comparison.mode
        self.set_mode("side" if mode == "off" else mode)
        self.current = Item(0, pair.slice_at(self._viewer.dims.point))
        self._show_item()
        self._on_redraw()
        self.measuring.start(review)
        self._bind()
        if review.trouble:
            self.said.emit(review.trouble)

    def set_mode(self, mode: Mode) -> None:
        """Compare in another way."""
        review = self.review
        if review is None:
            return
        self.comparison.mode = mode
        self._display()
        self._show_mode()
        if mode in SLIDERS:
            caption, low, high, _ = SLIDERS[mode]
            value = {
                "blend": round(100 * self.comparison.share),
                "checker": self.comparison.tile,
                "changes": round(100 * self.comparison.strength),
                "difference": round(100 * self.comparison.full),
            }[mode]
            self.slider.blockSignals(True)
            self.slider.setRange(low, high)
            self.slider.setValue(value)
            self.slider.blockSignals(False)
            self.caption.setText(caption)
            hints = {"difference": DIFFERENCE_HINT, "changes": CHANGES}
            self.slider_row.setToolTip(hints.get(mode, ""))
            self._tell_amount()

    def next_mode(self) -> None:
        """Go on to the next way of comparing; after the last, the first."""
        around = [mode for mode in MODES if mode != "off"]
        mode = self.comparison.mode
        at = around.index(mode) if mode in around else -1
        self.set_mode(around[(at + 1) % len(around)])

    def go_to(self, item: Item) -> None:
        """Show an item: its pair, and its slice in the viewer."""
        review = self.review
        if review is None:
            return
        self._moved = True
        other = item.pair != self.current.pair
        self.current = item
        if other or self._stage.owner != "check":
            self._display()
        self._go_to_slice()
        self._show_item()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Take the key V and the canvas, as long as the panel can be seen."""
        super().showEvent(event)
        self._away = False
        self._bind()
        self.comparison.describe(True)
        if (review := self.review) is not None:
            late = self.comparison.pair is not review.pairs[self.current.pair]
            if late or self.comparison.is_alive():  # what was deleted stays deleted
                self._display()
                self._go_to_slice()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Give key and canvas to others."""
        self._away = True
        self._key.release()
        self.comparison.describe(False)
        self._stage.leave("check")
        super().hideEvent(event)

    def _display(self) -> None:
        """Show the pair; while another tab is in front, that waits."""
        if self.review is not None and not self._away:
            self._stage.take("check")
            pair = self.review.pairs[self.current.pair]
            self._hushed = True  # layers of other axes move the slider of the viewer
            self.comparison.show(pair, self.comparison.mode)
            self._hushed = False

    def _go_to_slice(self) -> None:
        review, dims = self.review, self._viewer.dims
        if review is None or self._away:
            return
        pair = review.pairs[self.current.pair]
        if pair.count > 1 and dims.ndim >= len(pair.axes):
            axis = dims.ndim - len(pair.axes) + pair.axes.index("z")
            dims.set_point(axis, pair.point_of(self.current.slice, dims.point))

    def _bind(self) -> None:
        if self.review is not None and self.isVisible():
            self._key.hold()

    def _on_step(self, _event: Any = None) -> None:
        """Follow the slider of the viewer."""
        review = self.review
        if review is None or self._hushed or self._stage.owner != "check":
            return
        z = review.pairs[self.current.pair].slice_at(self._viewer.dims.point)
        if z != self.current.slice:
            self._moved = True
            self.current = Item(self.current.pair, z)
            self._show_item()

    def _on_ndisplay(self, _event: Any = None) -> None:
        if self.review is None or self._stage.owner != "check":
            return
        self.set_mode(self.comparison.mode)
        flat = self._viewer.dims.ndisplay == 2
        if not flat and self.comparison.mode in ("checker", "difference"):
            self.said.emit("Checkerboard and difference are shown in 2D only.")

    def _on_stage(self) -> None:
        """Leave the canvas to another tab, which may be a dock beside this one."""
        self.comparison.describe(not self._away and self._stage.owner == "check")
        self._show_mode()

    def _show_mode(self) -> None:
        owner = self._stage.owner
        others = "" if owner == "check" else owner.capitalize() or "nothing of this"
        self.show_mode(self.comparison.mode, others)

    def _on_verdict_asked(self, verdict: Verdict) -> None:
        """Judge what is seen; what is not is shown first."""
        shown = self.comparison.mode == "off" or self.comparison.is_alive()
        if self._stage.owner == "check" and shown:
            self.verdict.judge(verdict)
            return
        self._display()
        self._go_to_slice()
        self._show_item()
        self.said.emit(AGAIN)

    def _on_theme(self, _event: Any = None) -> None:
        self.plot.set_theme(self._viewer.theme)

    def _on_mode_clicked(self, number: int) -> None:
        self.set_mode(MODES[number])

    def _on_slid(self, value: int) -> None:
        match self.comparison.mode:
            case "blend":
                self.comparison.share = value / 100
            case "checker":
                self.comparison.tile = value
            case "changes":
                self.comparison.strength = value / 100
            case "difference":
                self.comparison.full = value / 100
        self.comparison.adjust()
        self._tell_amount()

    def _tell_amount(self) -> None:
        unit = SLIDERS[self.comparison.mode][3]
        self.amount.setText(f"{self.slider.value()} {unit}")

    def _on_plot_clicked(self, number: int) -> None:
        if self.review is not None:
            self.go_to(self.review.items[number])

    def _on_previous(self) -> None:
        self._step(-1)

    def _on_next(self) -> None:
        self._step(1)

    def _step(self, step: int) -> None:
        review = self.review
        item = review.beside(self.current, step) if review is not None else None
        if item is not None:
            self.go_to(item)

    def _on_learned(self, item: Item) -> None:
        if (review := self.review) is not None:
            shown = self.current.slice if item.pair == self.current.pair else None
            self.comparison.measured(review.pairs[item.pair], item.slice, shown)
            if not self._redraw.isActive():
                self._redraw.start()

    def _on_all_measured(self) -> None:
        self._redraw.stop()
        self._on_redraw()
        review = self.review
        # Unless somebody has begun to look around already.
        if review is not None and review.order and not self._moved:
            if self._stage.owner == "check":
                self.go_to(review.items[review.order[0]])
            else:
                self.current = review.items[review.order[0]]  # for when it is shown
                self._show_item()

    def _on_redraw(self) -> None:
        """Draw what was measured so far."""
        review = self.review
        if review is None:
            return
        if review.measured.any():
            review.sort()
            self._explain()
        self._draw_plot()
        self._show_item()

    def _draw_plot(self) -> None:
        review = self.review
        if review is None:
            return
        decisions = [review.verdict(item).decision for item in review.items]
        stacks = len(review.items) > len(review.pairs)
        borders = [
            number
            for number, item in enumerate(review.items)
            if stacks and number and item.slice == 0
        ]
        names = [review.name(item) for item in review.items]
        self.plot.show_scores(review.scores, decisions, borders, review.unit, names)

    def _explain(self) -> None:
        """Say in words what the scores mean."""
        from napari_uda.core.metrics.trust import findings

        review = self.review
        assert review is not None
        found = findings(review.known(), review.unit)
        lines = [marked_text(item.level, f"{item.text}.") for item in found]
        notes = dict.fromkeys(pair.note for pair in review.pairs if pair.note)
        lines += [marked_text("note", note) for note in notes]
        self.findings.setText("<br>".join(lines))
        self._show_trust()

    def _show_trust(self) -> None:
        """Say what was changed and kept: in everything, and in what is shown."""
        review = self.review
        assert review is not None
        lines = [
            marked_text(line.level, f"{line.text}.") for line in review.verdict_lines()
        ]
        here = review.short_line(self.current)
        if here.text and len(review.items) > 1:
            text = f"This {review.unit_of(self.current)}: {here.text}."
            lines.append(marked_text(here.level, text))
        self.trust.setText("<br>".join(lines))
        self.trust.setVisible(bool(lines))

    def _show_item(self) -> None:
        """Tell which item is shown, and what was decided about it."""
        review = self.review
        if review is None:
            return
        item = self.current
        self.item.setText(review.name(item))
        self.item.setToolTip(review.name(item))
        text = (
            f"measuring {self.measuring.far}" if self.busy else review.place_text(item)
        )
        self.rank.setText(f"\N{MIDDLE DOT} {text}")
        titles = {name: review.title(name, item) for name in SCORES}
        self.plot.show_slice(review.number(item), titles)
        if review.order:
            self._show_trust()
        for button, step, keys, word in (
            (self.previous, -1, "Alt+Left", "worse"),
            (self.next, 1, "Alt+Right", "better"),
        ):
            there = review.beside(item, step) is not None
            button.setEnabled(there)
            button.setToolTip(
                f"To the slice that is next {word} ({keys})."
                if there
                else f"No slice is {word}."
                if review.order
                else "Nothing is measured yet."
            )
        self.verdict.show_item(review, item)
        self.saving.refresh()
