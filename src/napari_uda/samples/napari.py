"""Sample pairs as napari layers, for the manifest's `sample_data`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import SAMPLES, domains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .pair import PairDomain

    LayerData = tuple[NDArray[Any], dict[str, Any], str]

MOST_VOLUMES = 4
"""Volumes of a domain that become layers."""
_GAP = 0.06  # between neighbours, as a fraction of an image's width


def em_pair() -> list[LayerData]:
    """Electron microscopy pair as layer data tuples; see `layers`."""
    return layers("em-pair")


def cine_pair() -> list[LayerData]:
    """Cardiac cine MR of three vendors as layer data tuples; see `layers`."""
    return layers("cine-pair")


def abdomen_pair() -> list[LayerData]:
    """Abdominal CT, cone-beam CT and MR as layer data tuples; see `layers`."""
    return layers("abdomen-pair")


def heart_pair() -> list[LayerData]:
    """Volumes of the heart in CT and MR as layer data tuples; see `layers`."""
    return layers("heart-pair")


def torso_pair() -> list[LayerData]:
    """Radiographs drawn from CT, and topograms, as layer data tuples; see `layers`."""
    return layers("torso-pair")


def torso_ct() -> list[LayerData]:
    """CT volumes of the trunk as layer data tuples; see `layers`."""
    return layers("torso-ct")


def layers(name: str) -> list[LayerData]:
    """Training images of a sample pair: domains beside each other.

    Images of a domain become one stack (n, y, x). Volumes become layers of their own,
    the first `MOST_VOLUMES` of each domain in a row, one row per domain.

    Parameters
    ----------
    name
        A key of `SAMPLES`.

    Returns
    -------
    list of tuple
        Layer data tuples: images, then labels (one layer per structure where they
        overlap) of the source, then of the targets, whose labels are truth held back
        from training. Lengths are in the unit of the domain.
    """
    result: list[LayerData] = []
    corner = np.zeros(2)
    for domain, modality in zip(domains(name), SAMPLES[name].modalities, strict=True):
        flat = domain.images[0].ndim == 2
        step = np.multiply(domain.images[0].shape, domain.voxel_size)[-2:] * (1 + _GAP)
        images = _shown(domain, domain.images)
        masks = [(key, _shown(domain, stack)) for key, stack in domain.stacks()]
        for k, image in enumerate(images):
            title = domain.name if flat else domain.stems[k]
            placed = _placed(domain, image.ndim, (corner[0], corner[1] + k * step[1]))
            said = {"name": f"{title} {modality}", "metadata": _said(domain, "image")}
            result.append((image, placed | said, "image"))
            for structure, stack in masks:
                drawn = _labels(domain, f"{title} {structure}".strip(), structure)
                result.append((stack[k], placed | drawn, "labels"))
        corner += step * ((0, 1) if flat else (1, 0))
    return result


def _shown(domain: PairDomain, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return arrays for layers: copies, since labels are there to be painted on."""
    if arrays[0].ndim == 2:
        return [np.stack(arrays[: domain.train])]
    return [array.copy() for array in arrays[: min(domain.train, MOST_VOLUMES)]]


def _placed(
    domain: PairDomain, ndim: int, corner: tuple[float, float]
) -> dict[str, Any]:
    stack = ndim > len(domain.voxel_size)
    return {
        "scale": ((1.0,) if stack else ()) + tuple(domain.voxel_size),
        "translate": (0.0,) * (ndim - 2) + tuple(map(float, corner)),
        "units": (("pixel",) if stack else ())
        + (domain.unit,) * len(domain.voxel_size),
        "axis_labels": ("n", "y", "x") if stack else tuple("zyx"[-ndim:]),
    }


def _labels(domain: PairDomain, title: str, structure: str) -> dict[str, Any]:
    truth = domain.name != "source"
    classes = _classes(domain, structure)
    colours: dict[int | None, str] = {0: "transparent", None: "transparent"}
    colours |= {value: item["color"] for value, item in classes.items()}
    return {
        "name": f"{title} truth (held back)" if truth else f"{title} labels",
        "metadata": _said(domain, "truth" if truth else "labels", structure),
        "colormap": colours,
        "opacity": 0.5,
        "visible": not truth,
    }


def _said(domain: PairDomain, kind: str, structure: str = "") -> dict[str, Any]:
    """Return what the plugin's widgets read from a layer's metadata."""
    classes = _classes(domain, structure)
    return {"napari_uda": {"role": domain.name, "kind": kind, "classes": classes}}


def _classes(domain: PairDomain, structure: str) -> dict[int, dict[str, str]]:
    """Return the classes of a label map, or of a mask, whose value is 1."""
    items = {value: dict(item) for value, item in domain.classes.items()}
    if structure:
        return {1: next(i for i in items.values() if i["name"] == structure)}
    return items
