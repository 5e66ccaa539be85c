"""Checkpoints: written atomically, read without executing anything."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_uda.core.errors import UserError
from napari_uda.core.io.atomic import atomic_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from torch import nn

FORMAT = 1


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint; an older one stays whole until the new one is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        torch.save({"format": FORMAT, **content}, temporary)


def size_of(content: Any) -> int:
    """Return about how many bytes a checkpoint takes."""
    if isinstance(content, torch.Tensor):
        return content.nbytes
    parts = content.values() if isinstance(content, dict) else content
    return sum(map(size_of, parts)) if isinstance(content, dict | list | tuple) else 0


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint.

    Raises
    ------
    UserError
        If the file is missing, damaged, foreign, or of a newer version.
    """
    if not path.exists():
        raise UserError(
            f"{path} does not exist: train the run first, or choose another checkpoint."
        )
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except (OSError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # what is raised depends on where the damage is
        reason = str(error).splitlines()[0][:120] if str(error) else "unreadable"
        raise UserError(
            f"{path} is not a checkpoint of napari-uda or is damaged ({reason}); "
            "nothing in it was executed: choose another checkpoint or train again."
        ) from None
    if not isinstance(content, dict) or "format" not in content:
        raise UserError(
            f"{path} is not a checkpoint of napari-uda: choose last.pt or best.pt of a "
            "run."
        )
    if content["format"] > FORMAT:
        raise UserError(
            f"{path} was written by a newer napari-uda (format {content['format']}, "
            f"this one reads {FORMAT}): update napari-uda."
        )
    return content


def all_finite(networks: Iterable[nn.Module]) -> bool:
    """Tell whether no weight is NaN or infinite; one synchronisation."""
    sums = [p.detach().sum() for network in networks for p in network.parameters()]
    return bool(torch.isfinite(torch.stack(sums)).all())


def seed_everything(seed: int) -> None:
    """Seed every global random generator."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)


def random_state() -> dict[str, Any]:
    """Return the state of every global random generator, without pickles."""
    kind, internal, gauss = random.getstate()
    keys = np.random.get_state(legacy=False)
    assert isinstance(keys, dict)
    state: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "python": [kind, list(internal), gauss],
        "numpy": {
            "key": torch.from_numpy(keys["state"]["key"].astype(np.int64)),
            "pos": int(keys["state"]["pos"]),
            "has_gauss": int(keys["has_gauss"]),
            "gauss": float(keys["gauss"]),
        },
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def restore_random_state(state: dict[str, Any]) -> None:
    """Set every global random generator as `random_state` found it."""
    torch.set_rng_state(state["torch"].cpu())
    kind, internal, gauss = state["python"]
    random.setstate((kind, tuple(internal), gauss))
    keys = state["numpy"]
    np.random.set_state(
        {
            "bit_generator": "MT19937",
            "state": {
                "key": keys["key"].cpu().numpy().astype(np.uint32),
                "pos": keys["pos"],
            },
            "has_gauss": keys["has_gauss"],
            "gauss": keys["gauss"],
        }
    )
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([each.cpu() for each in state["cuda"]])
