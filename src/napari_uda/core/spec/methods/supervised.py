"""Settings of the supervised upper bound."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from .base import MethodConfig
from .source_only import SourceOnlyConfig


class SupervisedConfig(MethodConfig):
    """Settings of the supervised upper bound."""

    title: ClassVar[str] = "Supervised (upper bound)"
    summary: ClassVar[str] = (
        "Trains the same U-Net on target labels: not an adaptation, but the score that "
        "an adaptation could reach at best."
    )
    reference: ClassVar[str] = SourceOnlyConfig.reference
    target_labels: ClassVar[Literal["never", "optional", "required"]] = "required"
    paper: ClassVar[dict[str, Any]] = SourceOnlyConfig.paper

    name: Literal["supervised"] = "supervised"
    """Method."""
