from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from napari_uda.core.drr.orientation import upright


def patient():
    """Return a volume that lies right, all voxels different, and its voxel size."""
    return np.arange(2 * 3 * 4).reshape(2, 3, 4), (5.0, 2.0, 3.0)


@pytest.mark.parametrize("axes", ["LPS", "RAS", "LAS", "SPL", "AIR", "PSR"])
def test_however_a_file_lies_the_patient_comes_out_upright(axes):
    volume, size = patient()
    lps = nib.Nifti1Image(volume.T.astype(np.int32), np.diag([-3.0, -2, 5, 1]))
    there = nib.orientations.io_orientation(lps.affine)
    change = nib.orientations.ornt_transform(there, nib.orientations.axcodes2ornt(axes))
    stored = lps.as_reoriented(change)
    assert "".join(nib.aff2axcodes(stored.affine)) == axes
    sizes = stored.header.get_zooms()[::-1]

    found, found_size = upright(np.asarray(stored.dataobj).T, sizes, stored.affine)

    np.testing.assert_array_equal(found, volume)
    assert found_size == pytest.approx(size)


def test_without_an_affine_a_volume_stays_as_it_is():
    volume, size = patient()
    found, found_size = upright(volume, size, None)
    assert found is volume
    assert found_size == size
