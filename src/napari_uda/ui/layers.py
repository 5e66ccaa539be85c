"""Between layers of the viewer and volumes (z, y, x): axes, geometry, colours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_uda.core.io import Geometry, Header, Volume
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.domain import PALETTE, Structure

from .array_file import grey
from .session import METADATA_KEY, role_of
from .snapshot import default_axes
from .words import DIFFERENCE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari.layers import Layer
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from .choice import LayerPair
    from .snapshot import LayerData

AXES = ("zyx", "yxz", "xyz", "zxy", "yzx", "xzy")
"""What the three axes of a stack can be."""

_OURS = ("preview", "prediction", "translation", "check")
_TRANSPARENT = "#00000000"


def images_in(layers: Iterable[Layer]) -> list[Image]:
    """Return the layers that can be images; previews and predictions cannot."""
    return [layer for layer in layers if type(layer) is Image and _is_users(layer)]


def translations_in(layers: Iterable[Layer]) -> list[Image]:
    """Return the layers that can be translations: the user's images, and ours."""
    return [
        layer
        for layer in layers
        if type(layer) is Image
        and (_is_users(layer) or role_of(layer) == "translation")
    ]


def labels_in(layers: Iterable[Layer]) -> list[Labels]:
    """Return the layers that can be labels or truth."""
    return [layer for layer in layers if isinstance(layer, Labels) and _is_users(layer)]


def _is_users(layer: Layer) -> bool:
    return role_of(layer) not in _OURS


def kind_of(layer: Layer) -> str:
    """Return what a layer says it holds (image, labels, truth), or an empty text."""
    return str(layer.metadata.get(METADATA_KEY, {}).get("kind", ""))


def previews_in(viewer: Viewer) -> list[Layer]:
    """Return the layers that show how training goes."""
    return [layer for layer in viewer.layers if role_of(layer) == "preview"]


def put_aside(layer: Layer) -> None:
    """Hide a layer of ours, and remember that it was not the user."""
    layer.visible = False
    layer.metadata[METADATA_KEY]["aside"] = True


def bring_back(layer: Layer) -> None:
    """Show a layer of ours again, unless the user has hidden it."""
    if layer.metadata[METADATA_KEY].pop("aside", False):
        layer.visible = True


def camera_of(viewer: Viewer) -> Any:
    """Return the camera of a viewer; before napari 0.9 there was no scene."""
    return getattr(viewer, "scene", viewer).camera


def axes_choices(image: Image) -> tuple[str, ...]:
    """Return what the axes of an image layer can be, the likeliest first."""
    if image.ndim == 2:
        return ("yx",)
    found = default_axes(image)
    return tuple(dict.fromkeys([found or "", *AXES])) if image.ndim == 3 else ()


def axes_note(pair: LayerPair) -> str:
    """Say how the axes of a layer are read where that is not plain; else nothing."""
    image = pair.image
    names = [str(name).strip().lower() for name in image.axis_labels]
    axes = pair.axes or default_axes(image)
    named = any(name.isalpha() for name in names)
    if (
        image.ndim == 3
        and not pair.axes
        and named
        and not set(names) <= {"z", "y", "x"}
    ):
        return (
            f"its axes are named {', '.join(names)} but are read as {_comma(axes)}: "
            "choose the axes beside the layer if that is wrong, and split time points "
            "or channels into layers of their own."
        )
    if image.ndim == 3 and not pair.axes and not named:
        return f"its axes have no names and are read as {_comma(axes)}."
    return ""


def _comma(axes: str | None) -> str:
    return ", ".join(axes or "?")


def layer_volume(item: LayerData, pixels: Any, notes: tuple[str, ...] = ()) -> Volume:
    """Return the pixels of a layer as the core reads them from files.

    Parameters
    ----------
    item
        The layer, its axes in order.
    pixels
        The image or one of the labels of `item`; computed if lazy.
    notes
        What the user should know.
    """
    array = np.asarray(pixels)
    if item.rgb and array.ndim > len(item.image.shape) - 1:
        light = grey(array)
        array = light if array.dtype.kind == "f" else light.astype(array.dtype)
    if array.dtype.kind == "b":
        array = array.view(np.uint8)
    return Volume(array, layer_header(item, array, notes))


def layer_header(
    item: LayerData, array: NDArray[Any], notes: tuple[str, ...] = ()
) -> Header:
    """Return the header that a layer would have as a file."""
    axes = "zyx"[-array.ndim :]
    geometry = Geometry(voxel_sides(item), item.unit)
    return Header(Path(item.name), array.shape, array.dtype, axes, geometry, notes)


def voxel_sides(item: LayerData) -> tuple[float, ...] | None:
    """Return the voxel size with a side for every axis.

    Sections have no thickness of their own: it is taken as that of a pixel, as
    `core.data.load.voxel_size` does.
    """
    if item.voxel_size is None:
        return None
    ndim = len(item.image.shape) - item.rgb
    return (item.voxel_size[0],) * (ndim - len(item.voxel_size)) + item.voxel_size


def classes_of(layer: Labels) -> dict[int, Structure]:
    """Return the classes that a layer of ours describes in its metadata."""
    listed = layer.metadata.get(METADATA_KEY, {}).get("classes", {})
    classes = {}
    for index, (value, item) in enumerate(listed.items()):
        if isinstance(item, Structure):
            classes[int(value)] = item
        else:
            given = {"name": item} if isinstance(item, str) else dict(item)
            default = {"color": PALETTE[index % len(PALETTE)]}
            classes[int(value)] = parse(Structure, default | given)
    return classes


def default_class(layer: Labels, value: int, index: int, alone: bool) -> Structure:
    """Name a label value that nothing is known of, in the colour the layer gives it.

    Parameters
    ----------
    layer
        Layer in which the value occurs.
    value, index
        The value, and how many classes come before it.
    alone
        Whether it is the only class.
    """
    color = PALETTE[index % len(PALETTE)]
    if isinstance(layer.colormap, DirectLabelColormap):
        rgba = layer.get_color(value)
        if rgba is not None and rgba[3] > 0:
            color = "#" + "".join(
                f"{round(255 * float(part)):02x}" for part in rgba[:3]
            )
    return Structure(name="foreground" if alone else unnamed(value), color=color)


def unnamed(value: int) -> str:
    """Return what a class is called until the user gives it a name."""
    return f"class {value}"


def class_colormap(classes: Mapping[int, Structure]) -> DirectLabelColormap:
    """Return the colours of classes for a Labels layer; others are not shown."""
    colors: dict[int | None, str] = {None: _TRANSPARENT, 0: _TRANSPARENT}
    colors |= {value: item.color for value, item in classes.items()}
    return DirectLabelColormap(color_dict=colors)


def difference_colormap() -> DirectLabelColormap:
    """Return the colours of a difference map."""
    colors: dict[int | None, str] = {None: _TRANSPARENT, 0: _TRANSPARENT}
    colors |= dict(enumerate(DIFFERENCE_WORDS.values(), start=1))
    return DirectLabelColormap(color_dict=colors)


def to_layer_axes(array: NDArray[Any], axes: str) -> NDArray[Any]:
    """Bring an array (z,) y, x to the order of a layer's axes.

    Parameters
    ----------
    array
        Array whose last axes are (z,) y, x.
    axes
        Letters of the layer's axes, such as "xyz".
    """
    order = [letter for letter in "zyx" if letter in axes]
    return array.transpose([order.index(letter) for letter in axes])


def from_layer_axes(array: Any, axes: str) -> Any:
    """Bring the pixels of a layer to the order (z,) y, x."""
    return array.transpose([axes.index(letter) for letter in "zyx" if letter in axes])


def aligned(image: Image, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return what a layer of that shape needs to lie exactly over an image layer.

    Parameters
    ----------
    image
        The layer to lie over.
    shape
        Shape of the new layer's array; that of a coarser level if `image` is
        multiscale and a coarser level was used.
    """
    full = image.level_shapes[0] if image.multiscale else image.data.shape
    factor = np.array(full[: image.ndim], float) / np.array(shape, float)
    # The centre of a coarse voxel lies between the centres of the fine ones.
    offset = np.asarray(image.rotate) @ ((factor - 1) / 2 * np.asarray(image.scale))
    return {
        "scale": np.asarray(image.scale) * factor,
        "translate": np.asarray(image.translate) + offset,
        "rotate": image.rotate,
        "shear": image.shear,
        "affine": image.affine,
        "units": image.units,
        "axis_labels": image.axis_labels,
    }


def placed(geometry: Geometry, ndim: int) -> dict[str, Any]:
    """Return scale, units and axis names of a layer for a file with that geometry.

    A volume with a size along y and x alone is drawn as thick as a pixel is high.
    """
    names, size = tuple("zyx"[-ndim:]), geometry.voxel_size
    if size is None or geometry.unit is None:
        return {"axis_labels": names}
    return {
        "scale": size[:1] * (ndim - len(size)) + size[-ndim:],
        "units": (geometry.unit,) * ndim,
        "axis_labels": names,
    }


def class_features(classes: Mapping[int, Structure]) -> dict[str, list[Any]]:
    """Return a features table, so that napari's status bar names the class."""
    return {
        "index": [0, *classes],
        "class": ["background", *(item.name for item in classes.values())],
    }


def labels_kwargs(
    name: str, classes: Mapping[int, Structure], place: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a Labels layer for a prediction of ours."""
    return {
        "name": name,
        "colormap": class_colormap(classes),
        "features": class_features(classes),
        "opacity": 0.6,
        "metadata": {METADATA_KEY: {"role": "prediction", "kind": "labels"}},
        **place,
    }
