"""Unsupervised domain adaptation of segmentation, in napari and without it."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-uda")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
