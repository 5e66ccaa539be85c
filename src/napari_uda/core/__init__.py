"""The torch core of napari-uda: no napari, no Qt.

Names are resolved on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import (
        estimate,
        evaluate,
        load,
        predict,
        resume,
        s_score,
        train,
        translate,
    )
    from .drr.geometry import XrayGeometry
    from .drr.projection import project
    from .errors import UserError
    from .spec.domain import Dataset
    from .spec.experiment import Experiment
    from .spec.run import RunFolder

__all__ = [
    "Dataset",
    "Experiment",
    "RunFolder",
    "UserError",
    "XrayGeometry",
    "estimate",
    "evaluate",
    "load",
    "predict",
    "project",
    "resume",
    "s_score",
    "train",
    "translate",
]

_HOMES = {
    "Dataset": "spec.domain",
    "Experiment": "spec.experiment",
    "RunFolder": "spec.run",
    "UserError": "errors",
    "XrayGeometry": "drr.geometry",
    "project": "drr.projection",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f".{_HOMES.get(name, 'api')}", __name__)
    return getattr(module, name)
