"""Output-space domain adaptation with a gradient-reversal layer.

Reference: Javanmardi & Tasdizen, "Domain adaptation for biomedical image segmentation
using adversarial training", ISBI 2018. Minimises L_sup(U(X_s), Y_s) + L_dc(D(U(X))),
the gradient of L_dc being reversed and weighted by beta on its way to U (section 3).
Labelled target images, where there are any, join L_sup but stay "target" for D: the
paper's semi-supervised rows (*).
Differences from the paper: beta follows Ganin's ramp (the paper gives no value); the
layers of D, the optimiser and the crops are ours (the paper gives none); D may judge
regions, as AdaptSegNet's does, instead of whole maps; a U-Net with normalisation; a
soft Dice term in the quick preset. The part of D's verdicts that is right is reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from napari_uda.core.losses.adversarial import (
    domain_accuracy,
    domain_loss,
    ramp,
    reverse_gradient,
)
from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Stepper, Task, part
from napari_uda.core.networks.domain_classifier import (
    DomainClassifier,
    RegionClassifier,
)
from napari_uda.core.spec.methods import GrlConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer


class Grl(Method[GrlConfig]):
    """Make the masks of both domains alike."""

    losses: ClassVar[dict[str, tuple[str, ...]]] = {
        "segmentation": ("seg",),
        "domain classifier": ("domain", "accuracy"),
    }

    def __init__(self, config: GrlConfig, task: Task) -> None:
        super().__init__(config, task)
        self.segmenter = self.new_segmenter()
        fcn = config.domain_classifier == "fcn"
        kind = RegionClassifier if fcn else DomainClassifier
        self.domain_classifier = kind(
            task.dims, task.outputs, config.domain_width, config.domain_depth
        )

    def optimizers(self) -> dict[str, Optimizer]:
        """Return one Adam over both networks: a single backward updates both."""
        config = self.config
        groups = [
            {"params": self.segmenter.parameters(), "lr": config.learning_rate},
            {
                "params": self.domain_classifier.parameters(),
                "lr": config.domain_learning_rate,
            },
        ]
        return {"all": torch.optim.Adam(groups)}

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Minimise the segmentation loss while confusing the domain classifier."""
        config = self.config
        images = torch.cat([batch.source.image, batch.target.image])
        labels = torch.cat([batch.source.label, batch.target.label])
        logits = self.segmenter(images)
        loss_seg = segmentation_loss(logits, labels, config.dice_weight)

        begun = part(engine.progress, config.warm_up, 1)
        beta = config.domain_weight * ramp(begun, config.ramp_speed)
        maps = torch.sigmoid(logits) if self.task.overlapping else logits.softmax(1)
        score = self.domain_classifier(reverse_gradient(maps, beta))
        sources = len(batch.source.image)
        loss_domain = domain_loss(score, sources)

        engine.update("all", loss_seg + loss_domain)
        return {
            "seg": loss_seg.detach(),
            "domain": loss_domain.detach(),
            "accuracy": domain_accuracy(score.detach(), sources),
        }

    def segment(self, image: Tensor) -> Tensor:
        """Return logits of images of either domain."""
        logits: Tensor = self.segmenter(image)
        return logits


METHOD = Grl
