"""The widgets that show a review and their places; what they do is elsewhere."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_uda.core.metrics.check_words import CHANGES, ORDER

from .comparison import DIFFERENCE_COLORS, MODES, Mode
from .muted import mute
from .review_saving import SaveRow
from .slice_plot import SlicePlot
from .verdict_row import VerdictRow

TITLES: dict[Mode, tuple[str, str]] = {
    "side": ("Side by side", "The translation beside the original, under one camera"),
    "blend": ("Blend", "The translation over the original, more or less opaque"),
    "checker": ("Checkerboard", "Squares of both in turn: do edges go on?"),
    "difference": ("Difference", "Where the translation is brighter or darker"),
    "changes": ("Changes", "Where structure was altered, removed or invented"),
    "off": ("Off", "Hide what is compared"),
}
"""Name of each mode and what it shows."""
_DARKER, _BRIGHTER = (
    f"<span style='color:{color}'>\N{BLACK SQUARE}</span>"
    for color in DIFFERENCE_COLORS
)
DIFFERENCE_WORDS = f"{_DARKER} darker {_BRIGHTER} brighter, full at"
"""What stands before the slider of the difference."""
DIFFERENCE_HINT = (
    "Translation minus original, both scaled to [0, 1] by the normalisation of the "
    "run, or by percentiles. Colours are full at this part of the range."
)
ORDER_HINT = f"{ORDER} A score disagrees below what harmless changes leave."
"""What the place of a slice means."""
SLIDERS: dict[Mode, tuple[str, int, int, str]] = {
    "blend": ("Original to translation", 0, 100, "%"),
    "checker": ("Square", 4, 128, "px"),
    "difference": (DIFFERENCE_WORDS, 1, 100, "%"),
    "changes": ("Strength", 0, 100, "%"),
}
"""Of modes that have a slider: what it sets, least, most and unit."""
KEY_HINT = "V: the next way to compare"
OTHERS_HINT = "The viewer shows {others}: choose a view."
"""What stands in the place of a slider."""
PER_ROW = 3
TRUST_HINT = (
    "<p>Changed: the mean absolute difference, in per cent of the intensity range that "
    "the networks see. What was hardly changed is kept, and that says nothing.</p>"
    "<p>Anatomy kept: scores that need no target labels, each with a threshold that "
    "was measured on the built-in samples: correlation (bright is still bright), "
    "structure (no worse than after blurring), edges (in place) and masks (kept, if "
    "they were looked for)."
    "</p><p>A score agrees on many slices if it does on nine of ten of them. That all "
    "agree is no proof: a small lesion may have come or gone.</p>"
)


class ReviewForm(QWidget):
    """Comparison, scores and verdicts in one column.

    Parameters
    ----------
    theme
        Name of the napari theme.
    """

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_views()
        self._make_verdicts()
        self.plot = SlicePlot(theme)
        self._lay_out()

    def mode_button(self, mode: Mode) -> QPushButton:
        """Return the button of a mode."""
        return self._mode_buttons[MODES.index(mode)]

    def show_mode(self, mode: Mode, others: str = "") -> None:
        """Have the button of a mode down, or none while others are shown.

        Parameters
        ----------
        mode
            How is compared.
        others
            Whose pictures the viewer shows instead, in a word; empty for our own.
        """
        self.modes.setExclusive(False)
        for button in self._mode_buttons:
            button.setChecked(not others and button is self.mode_button(mode))
        self.modes.setExclusive(True)
        self.hint.setText(OTHERS_HINT.format(others=others) if others else KEY_HINT)
        there = mode in SLIDERS and not others
        self.options.setCurrentWidget(self.slider_row if there else self.hint)

    def _make_views(self) -> None:
        self.modes = QButtonGroup(self)
        self._mode_buttons = []
        for number, mode in enumerate(MODES):
            title, hint = TITLES[mode]
            button = QPushButton(title)
            button.setCheckable(True)
            more = f"\n{CHANGES}" if mode == "changes" else ""
            button.setToolTip(f"{hint} (key V goes on to the next).{more}")
            # Names are long and the dock is narrow.
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            self.modes.addButton(button, number)
            self._mode_buttons.append(button)
        self.caption = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.amount = QLabel()
        self.amount.setMinimumWidth(44)
        self.item = QElidingLabel()
        self.item.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.rank = QLabel()
        self.rank.setToolTip(ORDER_HINT)
        self.previous = QPushButton("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")
        self.previous.setAccessibleName("Previous")
        self.next = QPushButton("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}")
        self.next.setAccessibleName("Next")
        for button in (self.previous, self.next):
            button.setFixedWidth(28)
        self.trust, self.findings = _wrapped(), _wrapped()
        self.trust.setToolTip(TRUST_HINT)

    def _make_verdicts(self) -> None:
        self.verdict = VerdictRow()
        self.saving = SaveRow()

    def _lay_out(self) -> None:
        below = QVBoxLayout(self)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(6)
        below.addLayout(self._mode_grid())
        self.slider_row = QWidget()
        slide = QHBoxLayout(self.slider_row)
        slide.setContentsMargins(0, 0, 0, 0)
        slide.addWidget(self.caption)
        slide.addWidget(self.slider, 1)
        slide.addWidget(self.amount)
        # One place for all, so that nothing below it moves.
        self.options = QStackedWidget()
        self.options.setSizePolicy(
            QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed
        )
        self.hint = QLabel()
        mute(self.hint)
        for page in (self.hint, self.slider_row):
            self.options.addWidget(page)
        below.addWidget(self.options)
        where = QHBoxLayout()
        where.setSpacing(4)
        where.addWidget(self.item, 1)
        where.addWidget(self.rank)
        where.addWidget(self.previous)
        where.addWidget(self.next)
        below.addLayout(where)
        below.addWidget(self.plot)
        below.addWidget(self.verdict)
        below.addWidget(self.saving)
        # Last, as its height changes from item to item and nothing may move.
        below.addWidget(self.trust)
        below.addWidget(self.findings)

    def _mode_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(3)
        for number, button in enumerate(self._mode_buttons):
            grid.addWidget(button, *divmod(number, PER_ROW))
        for column in range(PER_ROW):
            grid.setColumnStretch(column, 1)
        return grid


def _wrapped() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    return label
