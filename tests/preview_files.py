"""What the tests of previews share: files of a run, and a wait until they are seen."""

from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.spec import events as ev


def write(run, step, side=8, **more):
    image = np.full((2, side, side), step / 100, np.float16)
    labels = np.full((2, side, side), step % 3, np.uint8)
    arrays = {"source": image, "target": image, "target_prediction": labels, **more}
    file = f"previews/{step:06d}.npz"
    np.savez(run.path / file, **arrays)
    return ev.Preview(run="run", step=step, file=file)


def shown_at(previews, step):
    """Tell whether all layers show this step."""
    layers = previews.layers()
    pixel = float(layers["source"].data[0, 0]) if "source" in layers else None
    return previews._worker is None and pixel == pytest.approx(step / 100, abs=1e-3)


def show(previews, qtbot, run, step, **more):
    previews.add([write(run, step, **more)])
    qtbot.waitUntil(lambda: shown_at(previews, step), timeout=10_000)
