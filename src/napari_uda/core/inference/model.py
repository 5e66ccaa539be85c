"""A trained model: numpy in, numpy out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_uda.core.data.load import resample
from napari_uda.core.data.normalise import normalise
from napari_uda.core.errors import UserError
from napari_uda.core.spec.methods.pretrained import PretrainedConfig

from .statistics import shared_statistics
from .tiled import predict_tiled, sample_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_uda.core.method import Method
    from napari_uda.core.spec.domain import DomainName
    from napari_uda.core.spec.experiment import Experiment
    from napari_uda.core.spec.methods import MethodConfig

TILE = 512
"""Side of a 2D tile in pixels (a multiple of the patch for small patches)."""
WHOLE = 2**22
"""Pixels up to which an image is translated at once: each channel takes 17 MB."""
WIDE = 2**19
"""Voxels of a tile that is larger than the patch."""
TRANSLATED_TILE = {2: (1024, 1024), 3: (64, 256, 256)}
"""Tiles of larger images; they overlap by a quarter and are blended."""
BORDER = 8
"""Pixels by which planes are mirrored beyond their border before they are translated:
generators take what is beyond for zero, and change the border as they do nothing else.
See `docs/scores.md` for what was measured."""


class Model:
    """A trained method, ready to segment and, if it can, to translate.

    Parameters
    ----------
    method
        The method with its networks on `device`, in evaluation mode.
    experiment
        The experiment it was trained by.
    device, bfloat16
        Where and how precisely to compute.
    step
        Step of training that its weights are of, if it is known.
    """

    def __init__(
        self,
        method: Method[MethodConfig],
        experiment: Experiment,
        device: torch.device,
        bfloat16: bool,
        step: int | None = None,
    ) -> None:
        self.experiment = experiment
        self.method = method
        self.device = device
        self.step = step
        self._bfloat16 = bfloat16

    def segment(
        self,
        image: NDArray[np.generic],
        voxel_size: Sequence[float] | None = None,
        *,
        domain: DomainName = "target",
        progress: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.integer]:
        """Segment an image.

        Parameters
        ----------
        image
            Shape (y, x) or (z, y, x), any real type and intensity scale.
        voxel_size
            Voxel size in the unit of the experiment; needed only if the experiment
            resamples.
        domain
            Where the image comes from.
        progress
            Called with the number of tiles done and their total.

        Returns
        -------
        NDArray[np.integer]
            Raw label values of the source's classes, shape of the image; or masks
            (K, *shape) where structures overlap.

        Raises
        ------
        UserError
            If the image does not fit the model.
        """
        chance = self.probabilities(image, voxel_size, domain=domain, progress=progress)
        return self.labels(chance)

    def labels(self, probabilities: NDArray[np.float32]) -> NDArray[np.integer]:
        """Turn probabilities (outputs, *shape) into raw labels or masks."""
        data = self.experiment.data
        if data.overlapping:
            return (probabilities >= 0.5).astype(np.uint8)
        raw = [0, *raw_values(self.experiment)]
        kind = np.uint8 if max(raw) < 256 else np.uint16
        values = np.array(raw, kind)
        result: NDArray[np.integer] = values[np.argmax(probabilities, axis=0)]
        return result

    def probabilities(
        self,
        image: NDArray[np.generic],
        voxel_size: Sequence[float] | None = None,
        *,
        domain: DomainName = "target",
        normalised: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.float32]:
        """Return probabilities (outputs, *shape).

        Parameters
        ----------
        image, voxel_size, domain, progress
            As in `segment`.
        normalised
            The image is in [-1, 1] already, as `translate` returns it.

        Raises
        ------
        UserError
            If the image does not fit the model.
        """
        normal = self._normal(image, voxel_size, domain, normalised)
        chance = self._predict(normal, domain, progress)
        if chance.shape[1:] == image.shape:
            return chance
        return np.stack([resample_to(channel, image.shape) for channel in chance])

    def translate(
        self,
        image: NDArray[np.generic],
        voxel_size: Sequence[float] | None = None,
        *,
        to: DomainName,
        progress: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.float32]:
        """Give an image the look of the other domain.

        Parameters
        ----------
        image
            Image of the domain that is not `to`, (y, x) or (z, y, x).
        voxel_size
            As in `segment`.
        to
            The domain whose look it shall have.
        progress
            Called with the number of images or tiles done and their total.

        Returns
        -------
        NDArray[np.float32]
            In [-1, 1], shape of the image; -1 and 1 stand for the intensities that the
            normalisation of `to` maps there.

        Raises
        ------
        UserError
            If the method does not translate, or the image does not fit the model.
        """
        self.require_translation(to)
        its_own: DomainName = "source" if to == "target" else "target"
        normal = self._normal(image, voxel_size, its_own)

        def network(batch: torch.Tensor) -> torch.Tensor:
            with self._autocast():
                return self.method.translate(batch, to).float()

        if image.ndim == self.experiment.method.dims:
            fake = self._translate(network, normal, progress)
        else:
            planes = []
            for z, plane in enumerate(normal):
                planes.append(self._translate(network, plane, None))
                if progress is not None:
                    progress(z + 1, len(normal))
            fake = np.stack(planes)
        return fake if fake.shape == image.shape else resample_to(fake, image.shape)

    def require_translation(self, to: DomainName) -> None:
        """Raise UserError if the method cannot give images the look of `to`."""
        if to not in self.method.translates:
            others = self.method.translates
            only = f", only of the {others[0]}" if others else ""
            raise UserError(
                f"{type(self.experiment.method).title} does not translate images to "
                f"the look of the {to}{only}: choose a run of another method, such as "
                "cyclegan."
            )

    def _translate(
        self,
        network: Callable[[torch.Tensor], torch.Tensor],
        image: NDArray[np.float32],
        progress: Callable[[int, int], None] | None,
    ) -> NDArray[np.float32]:
        """Translate as a whole, or in tiles that are normalised alike."""
        plane = [(BORDER, BORDER)] * 2
        wide = np.pad(image, [(0, 0)] * (image.ndim - 2) + plane, mode="reflect")

        def in_tiles(tile: tuple[int, ...]) -> NDArray[np.float32]:
            channels = predict_tiled(
                network, wide, 1, tile, batch_size=1, device=self.device,
                progress=progress,
            )  # fmt: skip
            return np.asarray(channels[0, ..., BORDER:-BORDER, BORDER:-BORDER])

        if image.size <= WHOLE:
            return in_tiles(wide.shape)
        tile = TRANSLATED_TILE[image.ndim]
        tiles = torch.from_numpy(sample_tiles(image, tile, WHOLE)).to(self.device)
        with (
            torch.inference_mode(),
            shared_statistics(self.method, network, tiles.unsqueeze(1)),
        ):
            return in_tiles(tile)

    def _normal(
        self,
        image: NDArray[np.generic],
        voxel_size: Sequence[float] | None,
        domain: DomainName,
        normalised: bool = False,
    ) -> NDArray[np.float32]:
        """Return an image as the networks see it: in [-1, 1], at the working size."""
        config, data = self.experiment.method, self.experiment.data
        if image.ndim < config.dims or image.ndim > 3:
            raise UserError(
                f"the image has {image.ndim} axes, but this model segments "
                f"{'volumes (z, y, x)' if config.dims == 3 else '(y, x) or (z, y, x)'}"
                ": give an image of that shape."
            )
        rule = data.domain(domain).normalise
        ready = np.asarray(image, np.float32)
        normal = ready if normalised else normalise(image, rule)
        if data.voxel_size is None:
            return normal
        if voxel_size is None:
            raise UserError(
                "this model resamples to "
                f"{' x '.join(f'{side:g}' for side in data.voxel_size)} "
                f"{data.source.unit or ''}: give the voxel size of the image."
            )
        count = min(len(data.voxel_size), len(voxel_size), image.ndim)
        factors = (1.0,) * (image.ndim - count) + tuple(
            mine / wanted
            for mine, wanted in zip(
                tuple(voxel_size)[-count:], data.voxel_size[-count:], strict=True
            )
        )
        return resample(normal, factors)

    def _predict(
        self,
        image: NDArray[np.float32],
        domain: DomainName,
        progress: Callable[[int, int], None] | None,
    ) -> NDArray[np.float32]:
        config = self.experiment.method
        outputs = self.experiment.data.outputs
        tile = tile_shape(config)
        if image.ndim == config.dims:
            return predict_tiled(
                self._network(domain), image, outputs, tile,
                device=self.device, progress=progress,
                batch_size=1 if config.dims == 3 else 2,
            )  # fmt: skip
        planes = []
        for z, plane in enumerate(image):
            planes.append(
                predict_tiled(
                    self._network(domain), plane, outputs, tile, device=self.device
                )
            )
            if progress is not None:
                progress(z + 1, len(image))
        return np.stack(planes, axis=1)

    def _network(self, domain: DomainName) -> Callable[[torch.Tensor], torch.Tensor]:
        segment = (
            self.method.segment if domain == "target" else self.method.segment_source
        )

        def network(batch: torch.Tensor) -> torch.Tensor:
            with self._autocast():
                logits = segment(batch).float()
            overlapping = self.experiment.data.overlapping
            return logits.sigmoid() if overlapping else logits.softmax(1)

        return network

    def _autocast(self) -> torch.autocast:
        kind = self.device.type
        return torch.autocast(kind, torch.bfloat16, enabled=self._bfloat16)


def raw_values(experiment: Experiment) -> list[int]:
    """Return the raw label value of each structure, in the order of the outputs."""
    data = experiment.data
    if data.source.membrane_width is not None:
        return [1]
    by_index = {index: raw for raw, index in data.label_indices("source").items()}
    return [by_index[i + 1] for i in range(len(data.structures))]


def tile_shape(config: MethodConfig) -> tuple[int, ...]:
    """Choose the tile: large in 2D; in 3D as large as what the model was trained on.

    Statistics of larger parts of a volume are not those that instance normalisation
    knows from training: predicting small volumes whole lost a tenth of Dice and more.
    Segmenters without it need no such care, and see more in twice that, at most WIDE.
    """
    if config.dims == 2:
        return (max(TILE, config.patch_size),) * 2
    if isinstance(config, PretrainedConfig) and config.norm == "none":
        wide = tuple(2 * side for side in config.patch_shape)
        return wide if math.prod(wide) <= WIDE else config.patch_shape
    return config.patch_shape


def resample_to(
    channel: NDArray[np.float32], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Resample to an exact shape, linearly."""
    tensor = torch.from_numpy(channel)[None, None]
    mode = "bilinear" if channel.ndim == 2 else "trilinear"
    result = torch.nn.functional.interpolate(tensor, shape, mode=mode)[0, 0]
    return np.asarray(result.numpy(), np.float32)
