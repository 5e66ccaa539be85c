"""Arrays that are computed slice by slice while somebody looks at them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


class Sliced:
    """An array (z,) y, x in the order of a layer's axes; nothing of it is stored.

    napari takes anything with shape, dtype and `[]` as the data of a layer, and asks
    only for what it shows.

    Parameters
    ----------
    compute
        Makes slice z: (y, x) of `dtype`.
    shape
        (z, y, x), or (y, x) of a single image, whose slice is 0.
    axes
        Letters of the layer's axes, such as "zyx".
    dtype
        Type of the pixels.
    """

    def __init__(
        self,
        compute: Callable[[int], NDArray[Any]],
        shape: tuple[int, ...],
        axes: str,
        dtype: Any = np.float32,
    ) -> None:
        self._compute = compute
        self._flat = len(shape) == 2
        self._sizes = (1, *shape) if self._flat else shape
        # Where z, y and x are among the layer's axes.
        self._order = [axes.index(letter) for letter in "zyx"[-len(shape) :]]
        self.shape = tuple(shape["zyx"[-len(shape) :].index(letter)] for letter in axes)
        self.dtype = np.dtype(dtype)
        self.ndim = len(shape)
        self.size = int(np.prod(shape))

    def __len__(self) -> int:
        """Return the length of the first axis."""
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Compute a part; integers and slices only, as basic indexing of numpy."""
        keys = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            keys[at : at + 1] = [slice(None)] * (self.ndim - len(keys) + 1)
        keys += [slice(None)] * (self.ndim - len(keys))
        canonical = [_range(keys[axis], self.shape[axis]) for axis in self._order]
        if self._flat:
            canonical.insert(0, range(1))
        z, y, x = canonical
        block = np.empty((len(z), len(y), len(x)), self.dtype)
        for index, number in enumerate(z):
            block[index] = self._compute(number)[np.ix_(y, x)]
        result = block[0] if self._flat else block
        result = result.transpose(np.argsort(self._order))
        whole = slice(None)
        return result[tuple(whole if isinstance(k, slice) else 0 for k in keys)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Compute everything, to save it."""
        return self[...].astype(dtype or self.dtype, copy=False)


def _range(key: Any, size: int) -> range:
    if isinstance(key, slice):
        return range(*key.indices(size))
    number = operator.index(key)
    if not -size <= number < size:
        raise IndexError(f"index {number} is out of bounds for axis of size {size}")
    return range(number % size, number % size + 1)
