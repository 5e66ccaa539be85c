"""Counting the bytes of all tensors that are alive, as they come and go."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is active, follows the storage of every tensor made on a device.

    What operations keep for the way back counts like any other tensor, and temporary
    ones of the backward pass, too. What libraries take for themselves while they work
    does not.

    Parameters
    ----------
    device
        Storages elsewhere do not count.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = 0
        """Bytes alive."""
        self.peak = 0
        """The most since `begin`."""
        self._kind = device.type
        self._alive: dict[int, weakref.ref[Any]] = {}

    def begin(self) -> None:
        """Look for a new peak from now on."""
        self.peak = self.now

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Do what was asked for and count what came of it."""
        result = func(*args, **(kwargs or {}))
        for item in tree_leaves(result):
            if isinstance(item, Tensor) and item.device.type == self._kind:
                self._count(item)
        return result

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = id(storage)  # the same object as long as the storage lives
        if key in self._alive:
            return
        size = storage.nbytes()

        def gone(_: object) -> None:
            del self._alive[key]
            self.now -= size

        self._alive[key] = weakref.ref(storage, gone)
        self.now += size
        self.peak = max(self.peak, self.now)
