"""Translation of image files: same stem, same format, same geometry."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

from napari_uda.core.errors import UserError
from napari_uda.core.io import write_image
from napari_uda.core.io.atomic import atomic_write_text

from .files import class_content
from .images import (
    Progress,
    check_free,
    find_images,
    of_other_domain,
    opened,
    result_file,
)
from .masks import MaskFinder, Masks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_uda.core.spec.domain import DomainName

    from .images import Opened
    from .model import Model

SIDECAR = "translations.json"


@dataclass(frozen=True)
class Translation:
    """What was written for a translated image.

    Attributes
    ----------
    image
        The image file.
    translation
        The file of the translated image.
    seconds
        Time taken.
    masks
        The masks before and after, where they are wanted.
    """

    image: str
    translation: str
    seconds: float
    masks: Masks | None = None

    @property
    def files(self) -> list[str]:
        """The translated image."""
        return [self.translation]


def translate_files(
    model: Model,
    images: Sequence[Path],
    out: Path,
    about: Mapping[str, str],
    report: Callable[[Progress | Translation], None] | None = None,
    *,
    to: DomainName,
    split: str | None = None,
    overwrite: bool = False,
    size: tuple[float, ...] | None = None,
    unit: str | None = None,
    axes: str | None = None,
    judge: Model | None = None,
) -> list[Translation]:
    """Give image files the look of the other domain; float32 in [-1, 1].

    Parameters
    ----------
    model
        A trained model of a method that translates.
    images, split
        As in `find_images`.
    out
        Folder to write to.
    about
        Written to `translations.json` in `out`, with the files.
    report
        Called with progress and results.
    to
        The domain whose look the images shall have.
    overwrite
        Replace files that exist.
    size, unit
        Voxel size of all images, whatever their files say.
    axes
        Meaning of the images' axes, where the files do not say.
    judge
        Also write the masks that this model finds in the translations and in the
        images, into `masks` in `out`; it may be `model` itself.

    Returns
    -------
    list[Translation]
        In the order of the images.

    Raises
    ------
    UserError
        If the method does not translate, an image is known to have the look already
        or cannot be read, or a file exists.
    """
    domain: DomainName = "source" if to == "target" else "target"
    model.require_translation(to)
    files = find_images(images, split)
    require_domain(model, files, domain)
    for path in files:
        check_free(path, [result_file(out, path)], overwrite)
    finder = None if judge is None else MaskFinder(model, judge, to)
    parts = 1 if finder is None else 1 + finder.parts
    results = []
    for image in opened(model, files, domain, report, size=size, unit=unit, axes=axes):

        def tell(part: int, done: int, total: int, image: Opened = image) -> None:
            image.tell(part * total + done, parts * total)

        fake = model.translate(
            image.volume.data, image.size, to=to, progress=partial(tell, 0)
        )
        file = result_file(out, image.path)
        write_image(file, fake, **image.place, overwrite=overwrite)
        masks = None
        if finder is not None:
            masks = finder.find(image, fake, out / "masks", tell, overwrite)
        seconds = time.perf_counter() - image.began
        results.append(Translation(str(image.path), str(file), seconds, masks))
        if report is not None:
            report(results[-1])
    content = {
        **about,
        "method": model.experiment.method.name,
        "step": model.step,
        "to": to,
        "range": [-1, 1],
        **({} if judge is None else class_content(judge)),
        "translations": [asdict(result) for result in results],
    }
    atomic_write_text(out / SIDECAR, json.dumps(content, indent=1))
    return results


def require_domain(model: Model, files: Sequence[Path], domain: DomainName) -> None:
    """Raise UserError if an image to translate is known to be of the other domain."""
    if strangers := of_other_domain(model.experiment, files, domain):
        to = "source" if domain == "target" else "target"
        raise UserError(
            f"{strangers[0]} is an image of the {to} itself, as the run knows it: "
            f"translate it to the {domain}, or give images of the {domain}."
        )
