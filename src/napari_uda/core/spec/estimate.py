"""What a run will need, before it is started."""

from __future__ import annotations

from .config import Config

MINUTE, HOUR, DAY = 60, 3600, 86_400


class Estimate(Config):
    """Memory and time that a run will need."""

    device: str
    """Where it was measured: cpu, cuda:0, ..."""
    memory: float
    """Bytes at the peak of training, all of the process on a processor."""
    free: float
    """Bytes that are free for it."""
    total: float
    """Bytes that the device has."""
    seconds: float
    """Time that training takes with the device to itself, without reading images."""
    crowded: float = 0.0
    """Part of the processor that other work took meanwhile, where that is much."""
    measured: float
    """Part of a training step that was measured; the rest is extrapolated."""
    suggestion: dict[str, int] = {}
    """Settings of the method that would fit, if the run does not."""
    suggested_memory: float = 0.0
    """Bytes that it would need with them."""

    @property
    def fits(self) -> bool:
        """Whether the device has enough memory free."""
        return self.memory <= self.free

    @property
    def time(self) -> str:
        """How long training takes, in words, and what may make it longer."""
        words = f"{rough_time(self.seconds)} on {self.device}"
        if self.crowded:
            words += f", longer while other work takes {self.crowded:.0%} of it"
        return words

    @property
    def advice(self) -> str:
        """What to do about too little memory, as in `try batch_size = 2`."""
        if not self.suggestion:
            return "use a narrower network (width), or another device"
        words = " and ".join(f"{key} = {it}" for key, it in self.suggestion.items())
        return f"try {words}, which needs about {gigabytes(self.suggested_memory)}"

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"Needs about {gigabytes(self.memory)} of memory "
            f"({gigabytes(self.free)} free) and {self.time}"
        )


def gigabytes(size: float) -> str:
    """Return an amount of memory such as `850 MB` or `1.2 GB`."""
    if size < 0.95e9:
        return f"{max(10, round(size / 1e7) * 10)} MB"
    return f"{size / 1e9:.1f} GB" if size < 99.5e9 else f"{size / 1e9:.0f} GB"


def rough_time(seconds: float) -> str:
    """Return a time as roughly as it is known: `40 seconds`, `6 minutes`, `3 hours`."""
    for unit, name, below in (
        (1, "second", 90), (MINUTE, "minute", 90), (HOUR, "hour", 48),
    ):  # fmt: skip
        count = max(1, round(seconds / unit))
        if count < below:
            if count >= 20:
                count = round(count / 5) * 5
            return f"{count} {name}{'s' * (count != 1)}"
    return f"{round(seconds / DAY)} days"
