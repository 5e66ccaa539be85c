"""Settings of the supervised upper bound."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from .base import MethodConfig
from .source_only import SourceOnlyConfig


class SupervisedConfig(MethodConfig):
    """Settings of the supervised upper bound."""

    title: ClassVar[str] = "Supervised (upper bound)"
    summary: ClassVar[str] = (
        "Trains the same segmenter on target labels: no adaptation, but the score "
        "that one could reach at best."
    )
    needs: ClassVar[str] = "Needs target labels that also train."
    prefer: ClassVar[str] = (
        "Train it to know what is left to gain, or where there are labels enough."
    )
    reference: ClassVar[str] = SourceOnlyConfig.reference
    target_labels: ClassVar[Literal["never", "optional", "required"]] = "required"
    paper: ClassVar[dict[str, Any]] = SourceOnlyConfig.paper

    name: Literal["supervised"] = "supervised"
    """Method."""
