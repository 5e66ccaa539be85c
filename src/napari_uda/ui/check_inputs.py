"""What to check: layers or files to translate, or two layers to compare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from superqt.utils import signals_blocked

from napari_uda.core.errors import UserError
from napari_uda.core.io import stem_of
from napari_uda.core.spec.folders import data_folder

from .check_form import FILES, LAYERS, LOOKS, CheckForm
from .child import ImageInput
from .choice import LayerPair
from .file_samples import domain_of_file, file_of, typed_for
from .layers import images_in, translations_in
from .session import Session, role_of
from .snapshot import layer_data
from .translating import Looks, other_domain
from .words import count_text

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Image
    from qtpy.QtWidgets import QWidget

    from napari_uda.core.spec.domain import DomainName
    from napari_uda.core.spec.run import RunFolder

NO_RUN = (
    "Train a run of a method that translates images first, such as CycleGAN; or choose "
    "two layers to compare."
)
ITSELF, NOBODY = "the same run", "nobody: no score of masks"


@dataclass(frozen=True, eq=False)
class Original:
    """An image to translate."""

    input: ImageInput
    """The image."""
    to: DomainName
    """Domain whose look it shall have."""
    pair: LayerPair | None = None
    """Its layers; None for a file."""


class CheckInputs(CheckForm):
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
        self._left_alone = True
        self._folder: Path | None = None
        self._offer_judges()
        self.origin.currentIndexChanged.connect(self._on_origin_changed)
        self.run.currentIndexChanged.connect(self._on_run_changed)
        self.files.valueChanged.connect(self._on_files_changed)
        self.dropped.connect(self.set_files)
        for other in (self.checkpoint, self.translated):
            other.currentIndexChanged.connect(self._on_changed)
        self.image.activated.connect(self._on_image_chosen)
        self.image.currentIndexChanged.connect(self._forget_look)
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
            0, text if several and not self.compares_layers else "choose"
        )
        if first and self.image.layer() is None and not several:
            self.image.setLayer(next(iter(reversed(images_in(layers))), None))
        if self._left_alone:
            folder = None if several else self._own_folder()
            with signals_blocked(self.origin):
                self.origin.setCurrentIndex(LAYERS if folder is None else FILES)
            self.show_rows()
            self._offer_folder(folder)
        self._explain_look()
        self.valueChanged.emit()

    def set_files(self, paths: list[Path]) -> None:
        """Choose image files, or folders of them; `problem` says what is wrong."""
        self._left_alone = False
        with signals_blocked(self.origin):
            self.origin.setCurrentIndex(FILES)
        self.show_rows()
        self.files.setValue(paths)

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
                    self.judge.addItem(other.run.title, other.run)
            self.judge.addItem(NOBODY, None)
            self.judge.setCurrentIndex(max(0, self.judge.findText(before)))

    def looks(self) -> Looks | None:
        """Return the chosen run and what it can do."""
        run = self.run.run()
        return next(
            (one for one in self._looks if run and one.run.path == run.path), None
        )

    def problem(self) -> str:
        """Say why there is nothing to check; empty if there is."""
        if self.compares_layers:
            if self.image.layer() is None:
                return "Choose the original layer first."
            if self.translated.layer() is None:
                return "Choose the layer of its translation first."
            return ""
        looks = self.looks()
        if looks is None:
            return NO_RUN
        chosen = self._images()
        if not chosen:
            return (
                self.files.problem()
                if self.uses_files
                else "Choose an image layer first."
            )
        for name, role in chosen:
            to = self._to(role)
            if to is None:
                return (
                    f"Choose the look that '{name}' shall have: it is not known "
                    "whether it is a source or a target image."
                )
            if to not in looks.to:
                return (
                    f"{looks.method} gives images the look of the {looks.to[0]} only: "
                    f"choose another image than '{name}', or another run."
                )
        return ""

    def originals(self) -> list[Original]:
        """Return what to translate.

        Raises
        ------
        UserError
            If a layer cannot be translated.
        """
        if trouble := self.problem():
            raise UserError(trouble)
        found = []
        if self.uses_files:
            files = self.files.value()
            typed = typed_for(files, self._session)
            for file in files:
                item = ImageInput(stem_of(file), path=file, typed=typed)
                if to := self._to(self._role_of_file(file)):
                    found.append(Original(item, to))
            return found
        for pair in self._pairs():
            if to := self._to(self._role(pair.image)):
                # Labels of target images are for scores that nothing is chosen by.
                labels = pair.labels if to == "target" else None
                data = layer_data(replace(pair, labels=labels))
                item = ImageInput(pair.image.name, layer=data)
                found.append(Original(item, to, pair))
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
        role = role_of(image)
        if role is None and (file := file_of(image)) is not None:
            return self._role_of_file(file)
        return role

    def _role_of_file(self, file: Path) -> DomainName | None:
        looks = self.looks()
        data = None if looks is None else looks.data
        return domain_of_file(file, self._session, data)

    def _images(self) -> list[tuple[str, str | None]]:
        """Return names of the chosen images, and their domains if they are known."""
        if self.uses_files:
            return [
                (file.name, self._role_of_file(file)) for file in self.files.value()
            ]
        images = [pair.image for pair in self._pairs()]
        return [(image.name, self._role(image)) for image in images]

    def _to(self, role: str | None) -> DomainName | None:
        if self.look.currentIndex() > 0:
            return LOOKS[self.look.currentIndex() - 1]
        return other_domain(role)

    def _own_folder(self) -> Path | None:
        """Return the folder of images to look at first: chosen, or that of the run."""
        looks = self.looks()
        domains = [one for one in LOOKS if looks and other_domain(one) in looks.to]
        for domain in domains:
            if (folder := self._session.choices[domain].folder) is not None:
                return folder
        if looks is None or images_in(self._session.viewer.layers):
            return None
        for domain in domains:
            image = looks.data.domain(domain).samples[0].image
            folder = data_folder(image)
            # The copies of layers that a run keeps are no folder of images.
            if image.exists() and not folder.is_relative_to(looks.run.path):
                return folder
        return None

    def _offer_folder(self, folder: Path | None) -> None:
        """Choose a folder, as long as the user has chosen nothing else."""
        if folder != self._folder:
            self._folder = folder
            with signals_blocked(self.files):
                self.files.setValue([] if folder is None else [folder])

    def _explain_look(self) -> None:
        text = "of the other domain"
        roles = {role for _, role in self._images()}
        if self.uses_files or self.image.layer() is not None:
            role = roles.pop() if len(roles) == 1 else None
            to = other_domain(role)
            if to is not None:
                several = len(self._images()) > 1
                images = (
                    f"they are {role} images" if several else f"it is a {role} image"
                )
                text = f"of the {to} ({images})"
            elif None in roles or not roles:
                text = "choose"
        self.look.setItemText(0, text)

    def _on_origin_changed(self, _index: int) -> None:
        self._left_alone = False
        if self.uses_files and not self.files.value():
            self._offer_folder(self._own_folder())
        self.show_rows()
        self.refresh()

    def _on_run_changed(self, _index: int) -> None:
        self._offer_judges()
        if self._left_alone:
            self.refresh()
        self._explain_look()
        self.valueChanged.emit()

    def _on_image_chosen(self, _index: int) -> None:
        self._left_alone = False

    def _on_files_changed(self) -> None:
        self._left_alone = False
        self._forget_look()

    def _forget_look(self, _index: int = 0) -> None:
        # What was chosen for one image need not be right for another.
        with signals_blocked(self.look):
            self.look.setCurrentIndex(0)
        self._explain_look()
        self.valueChanged.emit()

    def _on_changed(self, _value: Any = None) -> None:
        self.valueChanged.emit()
