"""Showing a sample of a chosen folder in the viewer, with its labels over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtCore import QObject, Signal

from napari_uda.core.errors import UserError
from napari_uda.core.io import read
from napari_uda.core.spec.geometry import sample_geometry
from napari_uda.core.spec.typed import typed_domain

from .layers import (
    class_colormap,
    class_features,
    kind_of,
    placed,
)
from .listening import Latest
from .session import METADATA_KEY
from .sight import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari.layers import Layer
    from numpy.typing import NDArray
    from qtpy.QtCore import QModelIndex

    from napari_uda.core.io import Geometry
    from napari_uda.core.spec.domain import Domain, DomainName, Sample, Structure
    from napari_uda.core.spec.typed import Typed

    from .sample_table import SampleTable
    from .session import Session

    Drawn = tuple[str, NDArray[Any], Mapping[int, Structure]]

TO_SHOW = "Return or a double click shows it in the viewer."


@dataclass(frozen=True, eq=False)
class SamplePixels:
    """What the files of a sample hold."""

    domain: DomainName
    """Domain of the sample."""
    name: str
    """Name of the sample."""
    path: Path
    """File of the image."""
    image: NDArray[Any]
    """Pixels (z,) y, x."""
    geometry: Geometry
    """Voxel size and its unit."""
    labels: tuple[Drawn, ...]
    """Title, pixels and classes: of one label image, or of one mask per structure."""


class SampleLayers(QObject):
    """Opens the samples of a table as layers; of layers, selects the image.

    Parameters
    ----------
    session
        The session, whose viewer shows the layers.
    table
        The table; a double click or Return opens a sample.
    """

    problem = Signal(str)
    """A sample could not be read, in one sentence."""

    def __init__(self, session: Session, table: SampleTable) -> None:
        super().__init__(table)
        self._session = session
        self._table = table
        self._reader = Latest(table)
        table.activated.connect(self._on_activated)

    def _on_activated(self, index: QModelIndex) -> None:
        report = self._table.samples.report(index.row())
        if report is None:
            return
        choice = self._session.choices[report.domain]
        if choice.folder is None:
            images = [pair.image for pair in choice.layers]
            image = next((one for one in images if one.name == report.name), None)
            if image is not None:
                self._session.viewer.layers.selection.active = image
            return
        reader = thread_worker(read_sample)(
            choice.folder, report.domain, report.name, choice.typed
        )
        self._reader.start(reader, self._on_read)

    def _on_read(self, found: SamplePixels | str) -> None:
        self._reader.done()
        if isinstance(found, str):
            self.problem.emit(found)
            return
        viewer = self._session.viewer
        mark = f"{found.domain} {found.name}"
        opened = [layer for layer in viewer.layers if _sample_of(layer)]
        for layer in opened:
            layer.visible = _sample_of(layer) == mark and kind_of(layer) != "truth"
        image = next((one for one in opened if _sample_of(one) == mark), None)
        if image is None:
            image = self._add(found, mark)
        viewer.layers.selection.active = image
        self._session.stage.take("data")
        look_at(viewer, [image])

    def _add(self, found: SamplePixels, mark: str) -> Layer:
        viewer = self._session.viewer
        place = placed(found.geometry, found.image.ndim)
        said = {"role": found.domain, "sample": mark}
        image = viewer.add_image(
            found.image,
            name=mark,
            metadata={METADATA_KEY: {**said, "kind": "image", "path": str(found.path)}},
            **place,
        )
        truth = found.domain == "target"
        for title, pixels, classes in found.labels:
            about = {**said, "kind": "truth" if truth else "labels", "classes": classes}
            viewer.add_labels(
                pixels,
                name=f"{mark} {title}",
                opacity=0.5,
                visible=not truth,
                colormap=class_colormap(classes) if classes else None,
                features=class_features(classes) if classes else None,
                metadata={METADATA_KEY: about},
                **place,
            )
        return image


def read_sample(
    folder: Path, name: DomainName, sample: str, typed: Typed
) -> Iterator[SamplePixels | str]:
    """Read a sample of a data folder in a worker; yield a sentence if that fails."""
    try:
        yield _read(folder, name, sample, typed)
    except (UserError, OSError) as error:
        yield str(error)


def _read(folder: Path, name: DomainName, wanted: str, typed: Typed) -> SamplePixels:
    domain = typed_domain(folder, name, typed)
    sample = next((one for one in domain.samples if one.name == wanted), None)
    if sample is None:
        raise UserError(f"'{wanted}' has left {folder}: look at the data again (F5).")
    volume = read(sample.image, axes=sample.axes)
    geometry = sample_geometry(volume.header, domain)
    labels = tuple(_labels(domain, name, sample))
    return SamplePixels(name, wanted, sample.image, volume.data, geometry, labels)


def _labels(domain: Domain, name: DomainName, sample: Sample) -> Iterator[Drawn]:
    # Not at the top: it brings scipy, which would slow down the start.
    from napari_uda.core.data.labels import whole_numbers

    title = "truth (held back)" if name == "target" else "labels"
    files = sample.labels if isinstance(sample.labels, dict) else {"": sample.labels}
    for structure, path in files.items():
        if path is None:
            return
        # A copy, since labels are there to be painted on.
        pixels = whole_numbers(read(path, axes=sample.axes).data, path.name).copy()
        if not structure:
            yield title, pixels, domain.classes
            continue
        kinds = [one for one in domain.classes.values() if one.name == structure]
        yield f"{structure} {title}", pixels, dict(enumerate(kinds, 1))


def _sample_of(layer: Layer) -> str:
    return str(layer.metadata.get(METADATA_KEY, {}).get("sample", ""))
