"""The masks in images before and after their translation, which should be alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from napari_uda.core.errors import UserError
from napari_uda.core.io import NANOMETRES

from .files import write_masks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import DomainName

    from .images import Opened
    from .model import Model

    Files = str | dict[str, str]


@dataclass(frozen=True)
class Masks:
    """Label files of one image, or mask files by structure where these overlap."""

    after: Files
    """What a segmenter of the new look finds in the translation."""
    before: Files | None
    """What a segmenter of the old look finds in the image."""
    why: str = ""
    """Why there is nothing in `before`, in one sentence."""


class MaskFinder:
    """Segments images and their translations.

    Parameters
    ----------
    translator
        The model that translates.
    judge
        The model that segments; it may be the same.
    to
        The look of the translations.

    Raises
    ------
    UserError
        If the judge does not fit the translator.
    """

    def __init__(self, translator: Model, judge: Model, to: DomainName) -> None:
        self.judge = judge
        self._to = to
        self._its_own: DomainName = "source" if to == "target" else "target"
        self._unit = translator.experiment.data.source.unit
        self.why = ""
        if judge is not translator:
            require_judge(translator, judge, to)
            if self._its_own not in judge.method.domains:
                self.why = (
                    f"The judge knows the look of the {to} alone, so that there is no "
                    "mask of the original to compare with."
                )
        elif segments_by_translating(judge, self._its_own, to):
            self.why = (
                f"This run segments images of the {self._its_own} by translating them, "
                "so that both masks would be the same: choose another run as judge."
            )

    @property
    def parts(self) -> int:
        """How often an image is segmented."""
        return 1 if self.why else 2

    def find(
        self,
        image: Opened,
        fake: NDArray[Any],
        out: Path,
        tell: Callable[[int, int, int], None],
        overwrite: bool,
    ) -> Masks:
        """Segment an image and its translation, and write the masks.

        Parameters
        ----------
        image, fake
            The image and its translation in [-1, 1].
        out
            Folder to write to; `after` and `before` are made in it.
        tell
            Called with the part of the work, of which 0 is the translation, what of it
            is done, and its total.
        overwrite
            Replace files that exist.
        """
        judge, size = self.judge, self._size(image)

        def write(name: str, chance: NDArray[Any]) -> Files:
            return write_masks(
                judge, image.path, out / name, chance, image.place, overwrite
            )

        found = judge.probabilities(
            fake, size, domain=self._to, normalised=True, progress=partial(tell, 1)
        )
        files = write("after", found)
        if self.why:
            return Masks(files, None, self.why)
        found = judge.probabilities(
            image.volume.data, size, domain=self._its_own, progress=partial(tell, 2)
        )
        return Masks(files, write("before", found))

    def _size(self, image: Opened) -> tuple[float, ...] | None:
        """Return the voxel size in the unit of the judge."""
        mine, its = self._unit, self.judge.experiment.data.source.unit
        if image.size is None or mine == its or mine is None or its is None:
            return image.size
        return tuple(side * NANOMETRES[mine] / NANOMETRES[its] for side in image.size)


def segments_by_translating(model: Model, domain: DomainName, to: DomainName) -> bool:
    """Tell whether a model gives images of a domain another look to segment them.

    Parameters
    ----------
    model
        A model that translates to the look of `to`.
    domain, to
        Where images come from, and the look that they may be given.
    """
    method = model.method
    segment = {"source": method.segment_source, "target": method.segment}
    random = torch.Generator().manual_seed(0)
    shape = (1, 1, *model.experiment.method.patch_shape)
    probe = (2 * torch.rand(shape, generator=random) - 1).to(model.device)
    with torch.inference_mode():
        straight = segment[domain](probe)
        detour = segment[to](method.translate(probe, to))
    return torch.allclose(straight, detour, rtol=1e-3, atol=1e-3)


def require_judge(translator: Model, judge: Model, to: DomainName) -> None:
    """Check that a model can judge the translations of another.

    Parameters
    ----------
    translator, judge
        The two models.
    to
        The look that the judge has to know.

    Raises
    ------
    UserError
        If it was not trained on that look, or for other structures, another
        normalisation or other dimensions.
    """
    mine, other = translator.experiment, judge.experiment
    if to not in judge.method.domains:
        knows = "supervised" if to == "target" else "source_only"
        raise UserError(
            f"the judge is a run of {other.method.name}, which never saw the {to}: "
            f"choose a run of {knows}."
        )
    for what, one, two in (
        ("structures", _structures(translator), _structures(judge)),
        (f"normalisation of the {to}", *(_rule(m, to) for m in (translator, judge))),
        ("dimensions", f"{mine.method.dims}D", f"{other.method.dims}D"),
    ):
        if one != two:
            raise UserError(
                f"the judge does not fit the run: its {what} are {two}, those of the "
                f"run {one}; choose a judge that was trained on the same data."
            )


def _structures(model: Model) -> str:
    data = model.experiment.data
    names = ", ".join(sorted(item.name for item in data.structures))
    return f"{names} (overlapping)" if data.overlapping else names


def _rule(model: Model, domain: DomainName) -> str:
    rule = model.experiment.data.domain(domain).normalise
    return rule if isinstance(rule, str) else f"window {list(rule.window)}"
