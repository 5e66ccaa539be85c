"""A text that never moves what is around it, however long it gets."""

from __future__ import annotations

from html import escape
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtGui import QTextDocument, QTextLayout, QTextOption
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

from .muted import MUTED, is_dressing, muted
from .words import SEVERITY_COLORS, SEVERITY_SIGNS

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
SIGNS = f"{''.join(SEVERITY_SIGNS.values())}\N{WHITE CIRCLE}g"


class Part(NamedTuple):
    """A sentence with a coloured sign before it, or without one."""

    text: str
    sign: str = ""
    color: str = ""
    ink: str = ""
    """Colour of the sentence, or MUTED; empty: that of the theme."""

    @property
    def whole(self) -> str:
        """Sign and sentence."""
        return f"{self.sign} {self.text}" if self.sign else self.text


class SteadyLabel(QWidget):
    """Has room for some lines, used or not; the rest is in the tooltip.

    A QLabel has the layouts around it done again, up to the window, whenever its text
    changes, and all that they hold is painted anew. Here that ends at the `label`
    inside, which no layout knows.

    Parameters
    ----------
    lines
        How many.
    """

    def __init__(self, lines: int = 1) -> None:
        super().__init__()
        self._lines = lines
        self._parts: tuple[Part, ...] = ()
        self._tip = ""
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # A label with a frame, as napari's have, would begin some pixels further down.
        self.label.setIndent(0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        """Return all of the text, also what is not seen of it."""
        return "\n".join(part.whole for part in self._parts)

    def setText(self, text: str | None) -> None:
        """Show a plain text."""
        self.setParts(*([Part(text)] if text else []))

    def setMarked(self, level: str, text: str) -> None:
        """Show a sentence with the sign of a severity before it."""
        self.setParts(marked(level, text))

    def setParts(self, *parts: Part) -> None:
        """Show sentences, each on lines of its own."""
        if parts != self._parts:
            self._parts = parts
            self.setAccessibleName(self.text())
            self._fit()

    def toolTip(self) -> str:
        """Return what the tooltip says besides the text."""
        return self._tip

    def setToolTip(self, text: str | None) -> None:
        """Say this in the tooltip, after the text if that is cut."""
        self._tip = text or ""
        self._fit()

    def sizeHint(self) -> QSize:
        """Return the height of the lines; any width will do."""
        # Signs may come from another font, which is higher.
        page = QTextDocument()
        self.label.ensurePolished()
        page.setDefaultFont(self.label.font())
        page.setDocumentMargin(0)
        page.setHtml("<br>".join([SIGNS] * self._lines))
        margins = self.label.contentsMargins()
        height = ceil(page.size().height()) + margins.top() + margins.bottom()
        return QSize(0, height)

    def minimumSizeHint(self) -> QSize:
        """Return the same."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Cut the text anew."""
        super().resizeEvent(event)
        self.label.resize(self.size())
        self._fit()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow font and colours of the theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
            self._fit()
        elif is_dressing(event) and any(MUTED in part[2:] for part in self._parts):
            self._fit()

    def _fit(self) -> None:
        lines: list[str] = []
        cut = False
        for number, part in enumerate(self._parts):
            room = self._lines - len(lines)
            wrapped = self._wrapped(part.whole, room)
            last = number == len(self._parts) - 1
            if len(wrapped) > room or (len(wrapped) == room and not last):
                cut = True
                wrapped = self._elided(wrapped, room, more=not last)
            lines += _markup(wrapped, self._in_theme(part))
            if cut:
                break
        self.label.setText("<br>".join(lines))
        self.label.sizeHint()  # lays out now: while painting, it costs another painting
        whole = "<br>".join(escape(part.whole) for part in self._parts)
        # A tip that is rich text already stays so.
        tip = self._tip
        if cut:
            rich = tip if tip.startswith("<qt>") else escape(tip).replace("\n", "<br>")
            tip = f"<qt>{whole}{f'<br>{rich}' if tip else ''}</qt>"
        super().setToolTip(tip)

    def _in_theme(self, part: Part) -> Part:
        """Return a part with the muted colour of the theme, where it has that."""
        if MUTED not in part[2:]:
            return part
        grey = muted(self).name()
        color, ink = (grey if one == MUTED else one for one in part[2:])
        return part._replace(color=color, ink=ink)

    def _wrapped(self, text: str, most: int) -> list[str]:
        """Return the lines of a text; what is beyond `most` of them in one more."""
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout = QTextLayout(text, self.label.font())
        layout.setTextOption(option)
        width = max(1, self.label.contentsRect().width())
        lines: list[str] = []
        end = 0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            if len(lines) == most:
                break
            end = line.textStart() + line.textLength()
            lines.append(text[line.textStart() : end])
        layout.endLayout()
        return [*lines, text[end:]] if text[end:].strip() else lines

    def _elided(self, lines: list[str], room: int, *, more: bool) -> list[str]:
        """Return the lines there is room for; the last one says that there is more."""
        kept, rest = lines[: room - 1], "".join(lines[room - 1 :]).rstrip()
        metrics, width = self.label.fontMetrics(), self.label.contentsRect().width()
        end = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)
        if more and not end.endswith(ELLIPSIS):
            # It fits, but is not all.
            full = f"{rest} {ELLIPSIS}"
            end = metrics.elidedText(full, Qt.TextElideMode.ElideRight, width)
        return [*kept, end]


def marked(level: str, text: str) -> Part:
    """Return a sentence with the sign of a severity; as `words.marked_text`."""
    sign = "\N{RIGHTWARDS ARROW}" if level == "ok" else SEVERITY_SIGNS[level]
    return Part(text[:1].upper() + text[1:], sign, SEVERITY_COLORS.get(level, ""))


def place_kept(policy: QSizePolicy, kept: bool = True) -> QSizePolicy:
    """Return a size policy that leaves the place of a hidden widget free, or not."""
    policy.setRetainSizeWhenHidden(kept)
    return policy


def _markup(lines: list[str], part: Part) -> list[str]:
    rich = [escape(line.rstrip()) for line in lines]
    if part.sign and rich and rich[0].startswith(part.sign):
        rest = rich[0][len(part.sign) :].lstrip()
        rich[0] = f"<span style='color:{part.color}'>{part.sign}</span>&nbsp;"
        rich[0] += _inked(rest, part.ink)
        rich[1:] = [_inked(line, part.ink) for line in rich[1:]]
    elif part.ink:
        rich = [_inked(line, part.ink) for line in rich]
    return rich


def _inked(text: str, ink: str) -> str:
    return f"<span style='color:{ink}'>{text}</span>" if ink else text
