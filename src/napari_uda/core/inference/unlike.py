"""Images that are plainly not what a run was trained for: it says so, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .images import of_other_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_uda.core.spec.domain import DomainName
    from napari_uda.core.spec.experiment import Experiment

MOST_SCALE = 1.5
"""Voxels that differ by more show structures at a size that was never trained."""


class Unlike:
    """Looks at images to segment; says each thing that is strange once.

    Parameters
    ----------
    experiment
        What the run was trained for.
    domain
        Where the images are said to come from.
    say
        Called with a sentence; None: nothing is said.
    """

    def __init__(
        self,
        experiment: Experiment,
        domain: DomainName,
        say: Callable[[str], None] | None,
    ) -> None:
        self._experiment = experiment
        self._domain = domain
        self._say = say
        self._said: set[str] = set()

    def look_at_files(self, files: Sequence[Path]) -> None:
        """Look for files that the run knows as images of the other domain."""
        strangers = of_other_domain(self._experiment, files, self._domain)
        if strangers:
            other = "source" if self._domain == "target" else "target"
            some = f"{len(strangers)} of {len(files)} images"
            self._tell(
                "domain",
                f"{strangers[0]} is an image of the {other}, as the run knows it "
                f"({some}), and is segmented as one of the {self._domain}: add "
                f"--domain {other} if that is not meant.",
            )

    def look_at(
        self, path: Path, axes: int, voxel_size: Sequence[float] | None
    ) -> None:
        """Look at one image.

        Parameters
        ----------
        path
            Its file.
        axes
            How many axes it has.
        voxel_size
            Sides of its voxels in the unit of the source; None if not known.
        """
        data = self._experiment.data
        own = data.domain(self._domain)
        if axes == 3 and self._experiment.method.dims == 2 and own.slices is None:
            self._tell(
                "axes",
                f"{path} is a volume, but this run was trained on single images: it is "
                "segmented slice by slice.",
            )
        known = own.voxel_size if own.unit == data.source.unit else None
        if data.voxel_size is None and known is not None and voxel_size is not None:
            ratio = voxel_size[-1] / known[-1]
            if max(ratio, 1 / ratio) > MOST_SCALE:
                look = f"{ratio:.2g} times as small" if ratio > 1 else ""
                look = look or f"{1 / ratio:.2g} times as large"
                self._tell(
                    "size",
                    f"{path} has pixels of {voxel_size[-1]:g} {own.unit}, this run was "
                    f"trained on {known[-1]:g} {own.unit} and does not resample: "
                    f"structures look {look} as it knows them.",
                )

    def _tell(self, what: str, sentence: str) -> None:
        if self._say is not None and what not in self._said:
            self._said.add(what)
            self._say(sentence)
