"""Failures of training in words a user can act on."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING, Any

import torch

from napari_uda.core.errors import UserError
from napari_uda.core.spec.estimate import gigabytes

from .checkpoint import size_of
from .estimate import estimate

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uda.core.spec.experiment import Experiment
    from napari_uda.core.spec.run import RunFolder


LACKING = (
    "allocate memory",
    "out of memory",
    "not enough memory",  # of the processor, on Windows
    "STATUS_ALLOC_FAILED",  # cuBLAS and cuDNN, which take memory of their own
)
"""What PyTorch says where memory lacks."""


def explain_failure(error: Exception, experiment: Experiment) -> dict[str, Any]:
    """Return the message of a failure, and settings that may help as `fix`."""
    if isinstance(error, UserError):
        return {"message": str(error)}
    if is_out_of_memory(error):
        return _too_little_memory(experiment)
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return {
        "message": f"Training failed: {reason}. The last checkpoint is kept; the log "
        "has the details."
    }


def _too_little_memory(experiment: Experiment) -> dict[str, Any]:
    """Say how much the run needs, how much there is, and settings that would fit."""
    needs = ""
    try:
        found = estimate(experiment, budget=0.0)
    except Exception:  # on a device that has just failed: do without
        fix = _smaller(experiment)
    else:
        needs = f": it needs about {gigabytes(found.memory)}"
        needs += f", {gigabytes(found.free)} are free"
        # What others took meanwhile may be free again: then less will do.
        fix = _smaller(experiment) if found.fits else found.suggestion
    advice = "use a smaller method.width"
    if fix:
        advice = "try " + " ".join(f"method.{name}={it}" for name, it in fix.items())
    return {
        "message": f"The device ran out of memory{needs}. Now {advice}; the last "
        "checkpoint is kept and the run can be resumed.",
        "fix": fix,
    }


def _smaller(experiment: Experiment) -> dict[str, int]:
    """Return settings that need less memory, if there are any."""
    method = experiment.method
    if method.batch_size > 1:
        return {"batch_size": method.batch_size // 2}
    side = method.patch_size * 3 // 4 // 16 * 16
    return {"patch_size": side} if side >= max(16, 2**method.levels) else {}


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an error means too little memory, on any device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(
        words in str(error) for words in LACKING
    )


def is_memory_of_device(error: Exception) -> bool:
    """Tell whether that is memory of a device; the processor may have enough."""
    on_processor = isinstance(error, MemoryError) or "CPUAllocator" in str(error)
    return is_out_of_memory(error) and not on_processor


def is_disk_full(error: Exception) -> bool:
    """Tell whether an error means a full disk; torch reports it as RuntimeError."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "No space left" in str(error) or "unexpected pos" in str(error)


def disk_full(path: Path, content: dict[str, Any]) -> str:
    """Say that there is no room for a checkpoint, and how much it needs."""
    free = shutil.disk_usage(path.parent).free
    return (
        f"The disk is full: {path} needs {_megabytes(size_of(content) + 1e5)}, "
        f"{_megabytes(free)} are free. Training waits until there is room; the last "
        "checkpoint is untouched."
    )


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.1f} MB"


def require_kept(run: RunFolder) -> None:
    """Raise a UserError if the folder of a run under way was removed.

    Writing on would make a new folder, which holds no run.
    """
    if not run.exists:
        raise UserError(
            f"{run.path} was removed while it was being trained: nothing more can be "
            "saved in it, so training has ended."
        )
