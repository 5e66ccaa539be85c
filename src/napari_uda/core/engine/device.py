"""Where to compute and how precisely."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psutil
import torch

from napari_uda.core.errors import UserError

if TYPE_CHECKING:
    from napari_uda.core.method import Method
    from napari_uda.core.spec.experiment import Training


def pick_device(name: str) -> torch.device:
    """Return the device of a name; `auto` prefers CUDA, then MPS, then the CPU.

    Raises
    ------
    UserError
        If this machine has no such device.
    """
    has_mps = torch.backends.mps.is_available()
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
    if name.startswith("cuda"):
        count = torch.cuda.device_count()
        number = int(name.partition(":")[2] or 0)
        if number >= count:
            reason = (
                f"there are {count} CUDA devices"
                if count
                else "this PyTorch is built without CUDA"
                if torch.version.cuda is None
                else "no CUDA device was found"
            )
            raise UserError(
                f"device {name} is not available ({reason}): choose auto or cpu, "
                "or install the CUDA build of PyTorch."
            )
        return torch.device("cuda", number)
    if name == "mps" and not has_mps:
        raise UserError("device mps is not available here: choose auto or cpu.")
    return torch.device(name)


def use_bfloat16(training: Training, device: torch.device, dims: int) -> bool:
    """Decide on bfloat16: where asked for, or where the device is fast at it.

    Not in 3D on a processor: where a kernel is longer than its input, as at the end of
    a discriminator of thin patches, the gradient of the weights there comes from memory
    that was never set (torch 2.13.0, oneDNN on AVX512-BF16), now and then huge or NaN.
    """
    if training.precision != "auto":
        return training.precision == "bfloat16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device.type == "cpu":
        return dims == 2 and cpu_has_bfloat16()
    return False


def cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16 (AVX512-BF16 or AMX)."""
    # torch.cpu.get_capabilities is younger than the oldest torch we allow.
    ask = getattr(torch.cpu, "get_capabilities", dict)
    abilities: dict[str, Any] = ask()
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))


def place(method: Method[Any], device: torch.device, dims: int) -> Method[Any]:
    """Move networks to where they are trained, laid out as is fastest there.

    Narrow 3D networks train up to 1.75 times as fast on a processor with channels last.
    """
    method.to(device)
    if dims == 3 and device.type == "cpu":
        method.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return method


def describe(device: torch.device) -> str:
    """Name a device as a user would."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    if device.type == "cpu":
        count = torch.get_num_threads()
        return f"cpu ({count} thread{'s' * (count != 1)})"
    return str(device)


def memory_used(device: torch.device) -> float:
    """Return memory in GB: reserved on an accelerator, or resident in this process."""
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device) / 1e9
    return float(psutil.Process().memory_info().rss) / 1e9


def memory_free(device: torch.device) -> tuple[float, float]:
    """Return the bytes that are free on a device, and all that it has."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return float(free), float(total)
    memory = psutil.virtual_memory()
    return float(memory.available), float(memory.total)


def set_threads(training: Training) -> int:
    """Use the wanted number of processor threads and return it."""
    # macOS knows no affinity.
    allowed: list[int] = getattr(psutil.Process(), "cpu_affinity", list)()
    count = training.threads or len(allowed) or os.cpu_count() or 1
    torch.set_num_threads(count)
    return count
