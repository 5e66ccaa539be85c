"""What to check: layers to translate with a run, or two layers to compare."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget
from superqt.utils import signals_blocked

from napari_uda.core.errors import UserError

from .child import ImageInput
from .layers import images_in, translations_in
from .narrow_combo import NarrowCombo
from .pair_row import LayerCombo
from .run_choice import RunCombo
from .session import LayerPair, Session, role_of
from .snapshot import layer_data
from .translating import Looks, other_domain
from .words import count_text

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_uda.core.spec.domain import DomainName
    from napari_uda.core.spec.run import RunFolder

NO_RUN = (
    "Train a run of a method that translates images first, such as CycleGAN; or choose "
    "two layers to compare."
)
ITSELF, NOBODY = "the same run", "nobody: no score of masks"
LOOKS: tuple[DomainName, ...] = ("target", "source")


class CheckInputs(QWidget):
    """Choose a run and images, or an original and its translation.

    Parameters
    ----------
    session
        The session of the viewer whose layers are offered.
    """

    valueChanged = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._looks: list[Looks] = []
        self.origin = QComboBox()
        self.origin.addItems(["translate with a run", "compare two layers"])
        self.origin.setToolTip(
            "Translate layers with a run and look at the result, or look at two layers "
            "that are there already."
        )
        self.run = RunCombo()
        self.checkpoint = QComboBox()
        self.checkpoint.addItems(["best", "last"])
        self.checkpoint.setToolTip(
            "best: the checkpoint with the best label-free scores; last: the newest."
        )
        self.image = LayerCombo("choose")
        self.look = NarrowCombo()
        self.look.addItems(["", *(f"of the {domain}" for domain in LOOKS)])
        self.look.setToolTip(
            "The look that images shall have: source images get that of the target, "
            "target images that of the source, unless you choose."
        )
        self.judge = NarrowCombo()
        self.judge.setToolTip(
            "Whose segmenter says whether masks are kept. Labelled source images: "
            "their labels against its masks of the translation (mask Dice). Others: "
            "its masks of the original against those of the translation (mask "
            "agreement); no truth is involved."
        )
        self._offer_judges()
        self.translated = LayerCombo("choose")
        rows = (
            ("Do", self.origin, None),
            ("Run", self.run, self.checkpoint),
            ("Image", self.image, None),
            ("Look", self.look, None),
            ("Masks by", self.judge, None),
            ("Translated", self.translated, None),
        )
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(6)
        layout.setVerticalSpacing(4)
        layout.setColumnStretch(1, 1)
        self._captions = {}
        for number, (caption, box, extra) in enumerate(rows):
            self._captions[box] = QLabel(caption)
            layout.addWidget(self._captions[box], number, 0)
            layout.addWidget(box, number, 1, 1, 1 if extra else 2)
            if extra is not None:
                layout.addWidget(extra, number, 2)
        self._show_page()
        self.origin.currentIndexChanged.connect(self._on_origin_changed)
        self.run.currentIndexChanged.connect(self._offer_judges)
        for other in (self.run, self.checkpoint, self.translated):
            other.currentIndexChanged.connect(self._on_changed)
        self.image.currentIndexChanged.connect(self._on_image_changed)
        self.look.currentIndexChanged.connect(self._on_changed)

    def refresh(self) -> None:
        """Offer the layers of the viewer."""
        layers = list(self._session.viewer.layers)
        first = self.image.count() <= 1
        self.image.setLayers(images_in(layers))
        self.translated.setLayers(translations_in(layers))
        several = len(self._chosen())
        text = f"all {count_text(several, 'source or target layer')}"
        text = "the source or target layer" if several == 1 else text
        self.image.setItemText(
            0, text if several and not self.uses_layers() else "choose"
        )
        if first and self.image.layer() is None and not several:
            self.image.setLayer(next(iter(reversed(images_in(layers))), None))
        self._explain_look()
        self.valueChanged.emit()

    def set_looks(self, looks: list[Looks]) -> None:
        """Offer runs whose method translates, and those that can judge."""
        self._looks = looks
        runs = [item.run for item in looks if item.to]
        self.run.setRuns(runs, self._session.selected_run)
        self._offer_judges()
        self.valueChanged.emit()

    def judging(self) -> tuple[bool, RunFolder | None]:
        """Return whether to look for masks, and the run that shall, if another one."""
        judge: RunFolder | None = self.judge.currentData()
        return self.judge.currentText() != NOBODY, judge

    def _offer_judges(self) -> None:
        """Offer the runs that segment the same structures, and keep the choice."""
        looks, before = self.looks(), self.judge.currentText()
        with signals_blocked(self.judge):
            self.judge.clear()
            self.judge.addItem(ITSELF, None)
            for other in self._looks:
                if looks and other is not looks and other.task == looks.task:
                    self.judge.addItem(other.run.id, other.run)
            self.judge.addItem(NOBODY, None)
            self.judge.setCurrentIndex(max(0, self.judge.findText(before)))

    def uses_layers(self) -> bool:
        """Tell whether two layers are compared, without a run."""
        return self.origin.currentIndex() == 1

    def looks(self) -> Looks | None:
        """Return the chosen run and what it can do."""
        run = self.run.run()
        return next(
            (one for one in self._looks if run and one.run.path == run.path), None
        )

    def problem(self) -> str:
        """Say why there is nothing to check; empty if there is."""
        image: Image | None = self.image.layer()
        if self.uses_layers():
            if image is None:
                return "Choose the original layer first."
            if self.translated.layer() is None:
                return "Choose the layer of its translation first."
            return ""
        looks = self.looks()
        if looks is None:
            return NO_RUN
        pairs = self._pairs()
        if not pairs:
            return "Choose an image layer first."
        for pair in pairs:
            to = self._to(pair.image)
            if to is None:
                return (
                    f"Choose the look that '{pair.image.name}' shall have: it is not "
                    "known whether it is a source or a target image."
                )
            if to not in looks.to:
                return (
                    f"{looks.method} gives images the look of the {looks.to[0]} only: "
                    f"choose another image than '{pair.image.name}', or another run."
                )
        return ""

    def originals(self) -> list[tuple[LayerPair, ImageInput, DomainName]]:
        """Return the layers to translate, their pixels and the look they shall have.

        Raises
        ------
        UserError
            If a layer cannot be translated.
        """
        found = []
        for pair in self._pairs():
            # Labels of target images are for scores that nothing is chosen by.
            labels = pair.labels if self._to(pair.image) == "target" else None
            data = layer_data(replace(pair, labels=labels))
            to = self._to(pair.image)
            if to is None:
                raise UserError(self.problem())
            found.append((pair, ImageInput(pair.image.name, layer=data), to))
        return found

    def two(self) -> tuple[LayerPair, Image, DomainName | None]:
        """Return the original, its translation, and the look that this has.

        Raises
        ------
        UserError
            If they are not chosen.
        """
        image, translated = self.image.layer(), self.translated.layer()
        if image is None or translated is None:
            raise UserError(self.problem())
        pair = self._pair(image)
        return pair, translated, other_domain(self._role(image))

    def _chosen(self) -> list[LayerPair]:
        """Return the layers chosen as source and target that the run can translate."""
        looks = self.looks()
        return [
            pair
            for domain, choice in self._session.choices.items()
            if looks is None or other_domain(domain) in looks.to
            for pair in choice.layers
        ]

    def _pairs(self) -> list[LayerPair]:
        image: Image | None = self.image.layer()
        return self._chosen() if image is None else [self._pair(image)]

    def _pair(self, image: Image) -> LayerPair:
        for choice in self._session.choices.values():
            for pair in choice.layers:
                if pair.image is image:
                    return pair
        return LayerPair(image)

    def _role(self, image: Image) -> str | None:
        for domain, choice in self._session.choices.items():
            if any(pair.image is image for pair in choice.layers):
                return domain
        return role_of(image)

    def _to(self, image: Image) -> DomainName | None:
        if self.look.currentIndex() > 0:
            return LOOKS[self.look.currentIndex() - 1]
        return other_domain(self._role(image))

    def _explain_look(self) -> None:
        image: Image | None = self.image.layer()
        text = "of the other domain"
        if image is not None:
            to = other_domain(self._role(image))
            text = "choose"
            if to is not None:
                text = f"of the {to} (it is a {self._role(image)} image)"
        self.look.setItemText(0, text)

    def _show_page(self) -> None:
        layers = self.uses_layers()
        for box in (self.run, self.look, self.judge):
            box.setVisible(not layers)
            self._captions[box].setVisible(not layers)
        self.checkpoint.setVisible(not layers)
        self.translated.setVisible(layers)
        self._captions[self.translated].setVisible(layers)
        self._captions[self.image].setText("Original" if layers else "Image")

    def _on_origin_changed(self, _index: int) -> None:
        self._show_page()
        self.refresh()

    def _on_image_changed(self, _index: int) -> None:
        # What was chosen for one image need not be right for another.
        with signals_blocked(self.look):
            self.look.setCurrentIndex(0)
        self._explain_look()
        self.valueChanged.emit()

    def _on_changed(self, _value: Any = None) -> None:
        self.valueChanged.emit()
