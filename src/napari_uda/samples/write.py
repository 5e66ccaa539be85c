"""Sample pairs as data folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import tifffile
import yaml

from napari_uda.core.io import NANOMETRES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .pair import PairDomain

_NIFTI_UNITS = {"mm": "mm", "um": "micron"}
_SCANNER = 1  # the NIfTI code for coordinates of the scanner


def write_pair(domains: Sequence[PairDomain], folder: Path) -> None:
    """Write every domain of a pair as a data folder.

    Parameters
    ----------
    domains
        The domains of the pair.
    folder
        An existing folder; gets one folder per domain, each with `images`, `labels`
        and `dataset.yaml`. Images are TIFF files, volumes compressed NIfTI files.
    """
    for domain in domains:
        root = folder / domain.name
        _write_all(root / "images", domain.images, domain)
        for structure, stack in domain.stacks():
            _write_all(root / "labels" / structure, stack, domain)
        (root / "dataset.yaml").write_text(
            yaml.safe_dump(_config(domain), sort_keys=False, default_flow_style=None),
            encoding="utf-8",
        )


def _config(domain: PairDomain) -> dict[str, Any]:
    stems = domain.stems
    content: dict[str, Any] = {
        "classes": {value: dict(item) for value, item in domain.classes.items()},
        "voxel_size": list(domain.voxel_size),
        "unit": domain.unit,
        "split": {"train": stems[: domain.train], "test": stems[domain.train :]},
    }
    if domain.name != "source":
        content["labels_role"] = "evaluate"
    return content | dict(domain.extras)


def _write_all(
    folder: Path, arrays: Sequence[NDArray[Any]], domain: PairDomain
) -> None:
    folder.mkdir(parents=True)
    for stem, array in zip(domain.stems, arrays, strict=True):
        if array.ndim == 2:
            _write_tiff(folder / f"{stem}.tif", array, domain)
        else:
            _write_nifti(folder / f"{stem}.nii.gz", array, domain)


def _write_tiff(path: Path, array: NDArray[Any], domain: PairDomain) -> None:
    # Not core.io's writer: that one leaves files uncompressed, to be memory-mapped.
    rows, columns = (
        1e7 / (side * NANOMETRES[domain.unit]) for side in domain.voxel_size[-2:]
    )
    tifffile.imwrite(
        path,
        array,
        photometric="minisblack",
        compression="zlib",
        predictor=True,
        resolution=(columns, rows),
        resolutionunit="CENTIMETER",
        metadata=None,
        software=False,
    )


def _write_nifti(path: Path, array: NDArray[Any], domain: PairDomain) -> None:
    # Not core.io's writer: that one knows no int16, the type of CT.
    # NIfTI counts to the right, the front and the head; ours to the left and the back.
    affine = np.diag([*np.multiply(domain.voxel_size[::-1], (-1, -1, 1)), 1.0])
    image: Any = nib.Nifti1Image(array.T, affine)  # type: ignore[no-untyped-call]
    image.header.set_xyzt_units(_NIFTI_UNITS[domain.unit])
    image.set_sform(affine, _SCANNER)
    image.set_qform(affine, _SCANNER)
    nib.save(image, path)
