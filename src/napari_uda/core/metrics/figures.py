"""Pictures for reports: overlays, comparisons, loss curves, domain gap.

Drawn without pyplot, so that nothing global changes and any thread may call them.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_uda.core.errors import UserError

from .canvas import CYCLE, INK, MUTED, WIDTH, new_figure, plot_axes, save_figure
from .overlap import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    TRUE_POSITIVE,
    WRONG_CLASS,
    Labels,
    Mask,
    confusion,
    difference_map,
    shape_text,
)
from .report import score_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

Image = npt.NDArray[Any]
Rgb = npt.NDArray[np.uint8]

DIFFERENCE = {
    TRUE_POSITIVE: ("found", "#56b4e9"),
    FALSE_POSITIVE: ("invented", "#d55e00"),
    FALSE_NEGATIVE: ("missed", "#f0e442"),
    WRONG_CLASS: ("wrong class", "#cc79a7"),
}
"""Name and colour of each value of a difference map; colours of Okabe & Ito (2008),
which people with any colour vision tell apart."""

SOURCE_COLOR, TARGET_COLOR = "#0072b2", "#d55e00"


def overlay(
    image: Image,
    prediction: Labels | None,
    truth: Labels | None,
    colors: Mapping[int, str],
    *,
    alpha: float = 0.45,
) -> Rgb:
    """Paint a prediction as a filled area, and the truth as a contour, over a slice.

    The contour lies inside the structure and has a white rim.

    Parameters
    ----------
    image
        Grey `(y, x)`, of any range; or RGB `(y, x, 3)`.
    prediction, truth
        Labels `(y, x)`, masks `(K, y, x)` of overlapping structures, or None.
    colors
        Label value to colour; other labels are not painted. In overlapping masks
        class c is channel c - 1.
    alpha
        Opacity of the filled area.

    Returns
    -------
    numpy.ndarray
        `(y, x, 3)` RGB picture.

    Raises
    ------
    UserError
        If the shapes differ.
    """
    rgb = _rgb(image)
    for mask, color in _painted(prediction, colors, image):
        rgb[mask] = (1 - alpha) * rgb[mask] + alpha * color
    width = max(1, round(min(rgb.shape[:2]) / 400))
    outlined = list(_painted(truth, colors, image))
    for mask, _ in outlined:
        rgb[mask ^ ndimage.binary_dilation(mask, iterations=width)] = 1.0
    for mask, color in outlined:
        rgb[mask ^ ndimage.binary_erosion(mask, iterations=width)] = color
    return _bytes(rgb)


def difference(
    image: Image, prediction: Labels, truth: Labels, *, alpha: float = 0.7
) -> Rgb:
    """Paint what was found, invented, missed or confused in the `DIFFERENCE` colours.

    Takes what `overlay` takes, and returns and raises what it does.
    """
    rgb = _rgb(image)
    kinds = difference_map(prediction, truth, overlapping=np.ndim(truth) == 3)
    colors = {kind: color for kind, (_, color) in DIFFERENCE.items()}
    for mask, color in _painted(kinds, colors, image):
        rgb[mask] = (1 - alpha) * rgb[mask] + alpha * color
    return _bytes(rgb)


def save_comparison(
    path: Path,
    image: Image,
    truth: Labels | None,
    before: Labels | None,
    after: Labels,
    names: Mapping[int, str],
    colors: Mapping[int, str],
    title: str = "",
) -> None:
    """Save a row of pictures: image, truth, source-only and adapted prediction.

    What is None is left out. Labels are filled and the truth is outlined; the Dice in
    a title is the mean over the classes in this one picture.

    Parameters
    ----------
    path
        PNG file to write.
    image
        Grey `(y, x)` or RGB `(y, x, 3)`.
    truth, before, after
        Labels `(y, x)`, or masks `(K, y, x)` of overlapping structures.
    names, colors
        Label value to name and to colour.
    title
        Heading of the row.

    Raises
    ------
    UserError
        If the shapes differ.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    panels: list[tuple[str, Labels | None]] = [("Image", None)]
    if truth is not None:
        panels.append(("Truth", truth))
    if before is not None:
        panels.append(("Source only", before))
    panels.append(("Adapted", after))

    gap, top, bottom = 0.12, 0.6 if title else 0.32, 0.42
    high, wide = np.shape(image)[:2]
    across = (WIDTH - gap * (len(panels) + 1)) / len(panels)
    # A tall slice must not become a picture nobody can see whole.
    tall = min(across * high / wide, 6.0)
    across = tall * wide / high
    indent = (WIDTH - across * len(panels) - gap * (len(panels) - 1)) / 2
    figure = new_figure(tall + top + bottom)
    height = figure.get_figheight()
    for index, (name, prediction) in enumerate(panels):
        left = indent + index * (across + gap)
        axes = figure.add_axes(
            (left / WIDTH, bottom / height, across / WIDTH, tall / height)
        )
        axes.set_axis_off()
        axes.imshow(overlay(image, prediction, None, colors), aspect="auto")
        axes.set_title(name, loc="left", fontsize=10, color=INK, pad=5, weight="bold")
        if truth is not None and name != "Image":
            _contours(axes, truth, colors, image, 72 * across / wide)
        if truth is not None and prediction is not None and prediction is not truth:
            dice = _dice_text(prediction, truth, names)
            axes.set_title(dice, loc="right", fontsize=10, color=INK, pad=5)
    if title:
        figure.text(
            indent / WIDTH, 1 - 0.12 / height, title, fontsize=12, weight="bold",
            color=INK, va="top",
        )  # fmt: skip
    keys: list[Patch | Line2D] = [
        Patch(facecolor=colors[label], label=name)
        for label, name in names.items()
        if label in colors
    ]
    if truth is not None:
        keys.append(Line2D([], [], color=MUTED, lw=1.6, label="outline: truth"))
    figure.legend(
        handles=keys, loc="lower center", ncols=min(len(keys), 8), frameon=False,
        fontsize=9, labelcolor=INK, handlelength=1.3, columnspacing=1.6,
        bbox_to_anchor=(0.5, 0.0),
    )  # fmt: skip
    save_figure(figure, path)


def save_losses(
    path: Path,
    steps: Mapping[str, Sequence[tuple[int, float]]],
    groups: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Save loss curves, one panel per group.

    Faint lines are the values, strong ones the values smoothed. The scale is
    logarithmic where the values of a panel are positive and span two decades.

    Parameters
    ----------
    path
        PNG file to write.
    steps
        Name of each loss and its (step, value) pairs; values that are not finite are
        left out.
    groups
        Losses of each panel, by its title, as the `Started` event of a run tells them.
        The others share a panel of their own.
    """
    curves = {
        name: np.array(pairs, float).reshape(-1, 2) for name, pairs in steps.items()
    }
    curves = {name: xy[np.isfinite(xy[:, 1])] for name, xy in curves.items()}
    grouped = {name for losses in (groups or {}).values() for name in losses}
    others = [name for name in curves if name not in grouped]
    panels = {
        title: {name: curves[name] for name in losses if len(curves.get(name, ()))}
        for title, losses in {**(groups or {}), "losses": others}.items()
    }
    panels = {title: losses for title, losses in panels.items() if losses}

    columns = 2 if len(panels) in (2, 4) else min(3, max(1, len(panels)))
    rows = max(1, -(-len(panels) // columns))
    figure = new_figure(2.9 * rows)
    for index, (title, losses) in enumerate(panels.items()):
        axes = plot_axes(figure, rows, columns, index, title)
        for (name, xy), color in zip(
            losses.items(), itertools.cycle(CYCLE), strict=False
        ):
            smooth = ndimage.gaussian_filter1d(xy[:, 1], len(xy) / 60, mode="nearest")
            axes.plot(*xy.T, color=color, lw=0.8, alpha=0.28)
            axes.plot(xy[:, 0], smooth, color=color, lw=1.8, label=name)
        values = np.concatenate([xy[:, 1] for xy in losses.values()])
        if values.min() > 0 and values.max() > 100 * values.min():
            axes.set_yscale("log")
        axes.set_xlabel("step", fontsize=9, color=MUTED)
        axes.legend(
            fontsize=9,
            labelcolor=INK,
            handlelength=1.2,
            edgecolor="none",
            framealpha=0.8,
        )
    if not panels:
        figure.text(0.5, 0.5, "no steps yet", ha="center", color=MUTED, fontsize=10)
    save_figure(figure, path)


def save_histograms(
    path: Path,
    source_values: npt.NDArray[Any],
    target_values: npt.NDArray[Any],
    label: str = "intensity",
) -> None:
    """Save the intensity histograms of both domains, one over the other.

    Smoothed by 1 % of the range, which is that of the 0.1 to 99.9 percentiles of both.
    Each has the same area; the share in common is their overlap coefficient.

    Parameters
    ----------
    path
        PNG file to write.
    source_values, target_values
        Intensities, of any shape; values that are not finite are left out.
    label
        What the values are, with their unit.

    Raises
    ------
    UserError
        If a domain has no finite values.
    """
    values = {
        name: array[np.isfinite(array)]
        for name, array in (
            ("source", np.asarray(source_values)),
            ("target", np.asarray(target_values)),
        )
    }
    for name, array in values.items():
        if not array.size:
            raise UserError(f"The {name} has no finite intensities to show: check it.")
    limits = [np.percentile(array, (0.1, 99.9)) for array in values.values()]
    low, high = float(np.min(limits)), float(np.max(limits))
    if low == high:
        low, high = low - 0.5, high + 0.5
    centres = np.linspace(low, high, 4096)
    half = (centres[1] - centres[0]) / 2
    edges = np.append(centres - half, high + half)

    figure = new_figure(3.4)
    axes = plot_axes(figure, 1, 1, 0, "Domain gap")
    shares = []
    for (name, array), color in zip(
        values.items(), (SOURCE_COLOR, TARGET_COLOR), strict=True
    ):
        # Unsmoothed, the grey levels of 8-bit images show as a comb.
        share = np.histogram(array, edges)[0] / array.size
        share = ndimage.gaussian_filter1d(share, len(share) / 100)
        axes.fill_between(centres, share, color=color, alpha=0.3, lw=0, label=name)
        axes.plot(centres, share, color=color, lw=1.6)
        shares.append(share)
    common = f"{np.minimum(*shares).sum():.0%} in common"
    axes.set_title(common, loc="right", fontsize=10, color=INK, pad=7)
    axes.set_xlabel(label, fontsize=9, color=MUTED)
    axes.set_ylabel("share of pixels", fontsize=9, color=MUTED)
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)
    axes.set_yticks([])
    axes.legend(frameon=False, fontsize=10, labelcolor=INK, handlelength=1.4)
    save_figure(figure, path)


def _rgb(image: Image) -> npt.NDArray[np.float64]:
    """Return an image as floats in [0, 1], its 0.5 to 99.5 percentiles stretched."""
    array = np.array(image, float)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise UserError(
            f"A picture needs one slice, but the image is {shape_text(array)}: "
            "give (y, x) or RGB (y, x, 3)."
        )
    array = array[..., :3] if array.ndim == 3 else np.repeat(array[..., None], 3, -1)
    finite = array[np.isfinite(array)]
    low, high = np.percentile(finite, (0.5, 99.5)) if finite.size else (0.0, 1.0)
    scaled: npt.NDArray[np.float64] = (array - low) / ((high - low) or 1.0)
    return np.nan_to_num(scaled).clip(0, 1)


def _bytes(rgb: npt.NDArray[np.float64]) -> Rgb:
    return np.round(255 * rgb).astype(np.uint8)


def _painted(
    labels: Labels | None, colors: Mapping[int, str], image: Image
) -> Iterator[tuple[Mask, npt.NDArray[np.float64]]]:
    """Yield the mask and the RGB colour of each class in a label array or masks."""
    from matplotlib.colors import to_rgb

    if labels is None:
        return
    labels = np.asarray(labels)
    if labels.shape[-2:] != np.shape(image)[:2] or labels.ndim not in (2, 3):
        raise UserError(
            f"The labels are {shape_text(labels)} but the slice under them is "
            f"{shape_text(np.asarray(image))}: give labels of the same slice."
        )
    for label, color in colors.items():
        mask = labels == label if labels.ndim == 2 else labels[label - 1] == 1
        yield mask, np.array(to_rgb(color))


def _dice_text(prediction: Labels, truth: Labels, names: Mapping[int, str]) -> str:
    counts = confusion(prediction, truth, names, overlapping=np.ndim(truth) == 3)
    scores = [item.dice for item in counts.values() if item.truth or item.predicted]
    mean = float(np.mean(scores)) if scores else float("nan")
    return f"{'mean ' if len(scores) > 1 else ''}Dice {score_text(mean, 2)}"


def _contours(
    axes: Axes, truth: Labels, colors: Mapping[int, str], image: Image, point: float
) -> None:
    """Draw the outlines of the truth; `point` is the size of a pixel in points."""
    from matplotlib.patheffects import withStroke

    for mask, color in _painted(truth, colors, image):
        if not mask.any():
            continue
        # Thin structures get thin lines, which would hide them otherwise.
        rim = np.count_nonzero(mask ^ ndimage.binary_erosion(mask))
        thickness = 2 * np.count_nonzero(mask) / rim * point
        width = min(1.0, 0.12 * thickness)
        # A margin of background closes the line where a mask touches the border.
        high, wide = mask.shape
        lines = axes.contour(
            np.arange(-1, wide + 1), np.arange(-1, high + 1), np.pad(mask, 1),
            levels=[0.5], colors=[tuple(color)], linewidths=width,
        )  # fmt: skip
        lines.set_path_effects([withStroke(linewidth=2 * width, foreground="white")])
    axes.set_xlim(-0.5, mask.shape[1] - 0.5)
    axes.set_ylim(mask.shape[0] - 0.5, -0.5)
