"""Settings of the source-only baseline."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from .base import MethodConfig


class SourceOnlyConfig(MethodConfig):
    """Settings of the source-only baseline."""

    title: ClassVar[str] = "Source only"
    summary: ClassVar[str] = (
        "Trains a segmenter on the labelled source alone: the baseline that every "
        "adaptation has to beat."
    )
    needs: ClassVar[str] = "Needs source labels; target images are only predicted."
    prefer: ClassVar[str] = (
        "Always train it first: if its masks are good enough on the target, stop there."
    )
    reference: ClassVar[str] = "Ronneberger, Fischer, Brox, MICCAI 2015"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 30_000, "batch_size": 4, "patch_size": 256, "patch_depth": 32,
        "learning_rate": 1e-4, "width": 64, "levels": 5, "ema": 0.999,
        "intensity": 0.3,
    }  # fmt: skip

    name: Literal["source_only"] = "source_only"
    """Method."""
