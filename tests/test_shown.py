"""How scores are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_uda.commands import shown
from napari_uda.core.metrics.report import score_volume

if TYPE_CHECKING:
    from napari_uda.core.metrics.report import Row


def rows_of(images: int) -> list[Row]:
    labels = np.ones((4, 4), np.uint8)
    return [
        row
        for i in range(images)
        for row in score_volume(labels, labels, {1: "mito"}, image=f"slice-{i:03d}")
    ]


@pytest.mark.parametrize("more", [0, 1])
def test_many_single_images_are_summarised(
    more: int, capsys: pytest.CaptureFixture[str]
) -> None:
    count = shown.MOST_ROWS + more
    shown.scores(rows_of(count))
    said = capsys.readouterr()
    assert ("slice-007" in said.out) == (more == 0)
    assert (f"{count} images" in said.err) == (more == 1)
    assert ("--out FILE.csv" in said.err) == (more == 1)
    assert "mean of" in said.out
