"""S-score: whether translation keeps shapes, as a segmenter of the other look sees.

Reference: Zhang, Yang and Zheng, CVPR 2018, section 5.2. Images of one domain are given
the look of the other and segmented by a network that was trained on real images of that
look; the masks are compared with the labels of the images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uda.core.data.load import voxel_size
from napari_uda.core.errors import UserError
from napari_uda.core.io import Geometry, read
from napari_uda.core.spec.folders import domain_from_folder

from .compared import Compared, compare_labels, compare_masks, dataset_config
from .images import Progress, working_size
from .masks import require_judge
from .model import raw_values
from .translations import require_domain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.metrics.report import Row
    from napari_uda.core.spec.domain import DomainName, Sample, Split
    from napari_uda.core.spec.folders import FolderConfig

    from .model import Model


def score_translations(
    translator: Model,
    judge: Model,
    data: Path,
    *,
    to: DomainName,
    split: Split | None = None,
    report: Callable[[Progress], None] | None = None,
    left_out: Callable[[list[str]], None] | None = None,
) -> list[Row]:
    """Translate labelled images, segment them with another model, and score that.

    Parameters
    ----------
    translator
        Model of a method that translates.
    judge
        Model whose segmenter learned the look of `to` from labels.
    data, to, split, report, left_out
        As in `napari_uda.core.api.s_score`.

    Returns
    -------
    list[Row]
        One row per image and structure, without distances.

    Raises
    ------
    UserError
        As `napari_uda.core.api.s_score`.
    """
    its_own: DomainName = "source" if to == "target" else "target"
    translator.require_translation(to)
    require_judge(translator, judge, to)
    domain = domain_from_folder(data, its_own)
    samples = [one for one in domain.samples if split in (None, one.split)]
    labelled = [one for one in samples if one.labels is not None]
    if not labelled:
        of_split = f" of split {split}" if split else ""
        raise UserError(
            f"{data} holds no labelled images{of_split}: the S-score needs labels of "
            f"images of the {its_own}."
        )
    require_domain(translator, [one.image for one in labelled], its_own)
    config = dataset_config(data / "labels")
    order = [item.name for item in translator.experiment.data.structures]
    rows: list[Row] = []
    for sample in labelled:
        volume = read(sample.image, axes=sample.axes)
        size, unit = voxel_size(domain, volume)
        sizes = [
            working_size(model, Geometry(size, unit, None))
            for model in (translator, judge)
        ]
        tell = [_half(half, sample.image, report) for half in (0, 1)]
        fake = translator.translate(volume.data, sizes[0], to=to, progress=tell[0])
        chance = judge.probabilities(
            fake, sizes[1], domain=to, normalised=True, progress=tell[1]
        )
        compared = _compared(judge, sample, judge.labels(chance), config, order)
        rows += compared.rows(sample.name, surface=False)
    if left_out is not None and len(labelled) < len(samples):
        left_out([one.name for one in samples if one.labels is None])
    return rows


def _half(
    half: int, image: Path, report: Callable[[Progress], None] | None
) -> Callable[[int, int], None]:
    """Return what is told of the first or second half of the work on an image."""

    def tell(done: int, total: int) -> None:
        if report is not None:
            report(Progress(str(image), half * total + done, 2 * total))

    return tell


def _compared(
    judge: Model,
    sample: Sample,
    labels: NDArray[Any],
    config: FolderConfig,
    order: list[str],
) -> Compared:
    """Bring masks and labels together, the structures in the order of the run."""
    names = [item.name for item in judge.experiment.data.structures]
    if judge.experiment.data.overlapping != isinstance(sample.labels, dict):
        raise UserError(
            f"the labels of '{sample.name}' and the masks of the judge differ in form: "
            "give one label file where structures exclude each other, and a mask per "
            "structure where they overlap."
        )
    if isinstance(sample.labels, dict):
        found = dict(zip(names, labels, strict=True))
        masks = {name: found[name] for name in order}
        return compare_masks(sample.name, masks, sample.labels, config)
    assert sample.labels is not None
    raw = dict(zip(names, raw_values(judge.experiment), strict=True))
    classes = {raw[name]: name for name in order}
    return compare_labels(sample.name, labels, sample.labels, classes, config)
