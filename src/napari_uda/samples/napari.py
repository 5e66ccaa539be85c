"""Sample pairs as napari layers, for the manifest's `sample_data`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .packaged import packaged, read_pair
from .pair import TRAIN
from .pair import em_pair as draw_em_pair
from .write import MITOCHONDRION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GAP = 0.06  # between the domains, as a fraction of the source's width
_COLOURS = {0: "transparent", 1: MITOCHONDRION["color"], None: "transparent"}


def em_pair() -> list[tuple[NDArray[np.uint8], dict[str, Any], str]]:
    """Training images of the electron microscopy pair, target beside source.

    Returns
    -------
    list of tuple
        Layer data tuples: images and labels (n, y, x) of the source, then of the
        target, whose labels are truth held back from training. Lengths are in nm.
    """
    layers: list[tuple[NDArray[np.uint8], dict[str, Any], str]] = []
    left = 0.0
    ready = packaged("em-pair")
    for domain in read_pair(ready) if ready else draw_em_pair():
        truth = domain.name == "target"
        placed = {
            "scale": (1.0, domain.pixel_nm, domain.pixel_nm),
            "translate": (0.0, 0.0, left),
            "units": ("pixel", "nm", "nm"),
            "axis_labels": ("n", "y", "x"),
        }

        def metadata(kind: str, role: str = domain.name) -> dict[str, Any]:
            classes = {1: MITOCHONDRION}
            return {"napari_uda": {"role": role, "kind": kind, "classes": classes}}

        image = placed | {"name": f"{domain.name} EM", "metadata": metadata("image")}
        labels = placed | {
            "name": "target truth (held back)" if truth else "source labels",
            "metadata": metadata("truth" if truth else "labels"),
            "colormap": _COLOURS,
            "opacity": 0.5,
            "visible": not truth,
        }
        # Copies, since labels are there to be painted on.
        layers.append((domain.images[:TRAIN].copy(), image, "image"))
        layers.append((domain.labels[:TRAIN].copy(), labels, "labels"))
        left += (1 + _GAP) * domain.images.shape[2] * domain.pixel_nm
    return layers
