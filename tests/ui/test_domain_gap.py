"""The domain gap draws what there is, and nothing of a domain without images."""

from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.data.inspection import DomainSummary, Inspection
from napari_uda.ui.domain_gap import DomainGap

SHARES = np.array([0.25, 0.5, 0.25])
EDGES = np.linspace(-1, 1, 4)


def looked_at(target):
    source = DomainSummary(2, 2, stored=SHARES, trained=SHARES)
    return Inspection((), (), source, target, EDGES, EDGES, 0.1)


@pytest.fixture
def gap(qtbot):
    widget = DomainGap()
    qtbot.addWidget(widget)
    widget.resize(350, 300)
    widget.show()
    return widget


def drawn(gap, name):
    """Return the height of what is drawn of a domain; None if that is nothing."""
    _, heights = gap._curves[name].getData()
    return None if heights is None or not len(heights) else float(np.max(heights))


def test_of_a_domain_without_images_nothing_is_drawn(gap):
    both = looked_at(DomainSummary(1, 0, stored=SHARES, trained=SHARES[::-1]))
    without = looked_at(DomainSummary(0, 0))
    for scale in (0, 1):
        gap.scale.setCurrentIndex(scale)
        for found, height, overlap in (
            (both, 0.5, "overlap 100%"),
            (without, None, ""),
        ):
            gap.show_inspection(found, ())
            assert drawn(gap, "source") == 0.5
            assert drawn(gap, "target") == height
            assert gap.overlap.text() == overlap
            gap.grab()  # pyqtgraph may stumble over nothing
