"""A trainer in a process of its own: how it is started, ended, and how it died."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import psutil

from .priority import start
from .standby import standby

if TYPE_CHECKING:
    from napari_uda.core.spec.run import RunFolder

TRAIN = (sys.executable, "-m", "napari_uda", "train", "--resume")
"""What is started, followed by the run folder."""


class TrainerProcess(Protocol):
    """The process that trains a run."""

    def alive(self) -> bool:
        """Tell whether it still runs."""

    def terminate(self) -> None:
        """Ask the system to end it."""

    def kill(self) -> None:
        """Make the system end it."""

    def farewell(self) -> str:
        """Say in words how it ended, as in `signal 9, killed`; empty if unknown."""


class ChildTrainer:
    """A trainer started here; it lives on if napari ends.

    Parameters
    ----------
    run
        A prepared or stopped run.

    Raises
    ------
    OSError
        If the process cannot be started or the log not be written.
    """

    _started: list[subprocess.Popen[bytes]] = []  # noqa: RUF012
    """Children that nobody waits for: Popen objects must outlive their processes."""

    def __init__(self, run: RunFolder) -> None:
        self._started[:] = [old for old in self._started if old.poll() is None]
        with run.log_file.open("ab") as log:
            self._log = log.tell()
            self._process = standby.take(run.path) or start(
                [*TRAIN, str(run.path)], stdin=subprocess.DEVNULL, stdout=log
            )
        self._run = run
        self._started.append(self._process)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self._process.poll() is None

    def terminate(self) -> None:
        """Ask the system to end it."""
        self._process.terminate()

    def kill(self) -> None:
        """Make the system end it."""
        self._process.kill()

    def farewell(self) -> str:
        """Say in words how it ended."""
        code = self._process.poll()
        if code is None:
            return ""
        return f"signal {_signal(-code)}" if code < 0 else f"exit code {code}"

    def last_line(self) -> str:
        """Return the last line of the log that this process wrote, or ''."""
        try:
            with self._run.log_file.open("rb") as log:
                log.seek(self._log)
                text = log.read().decode(errors="replace").strip()
        except OSError:
            return ""
        return text.splitlines()[-1].removeprefix("Error: ") if text else ""


class ForeignTrainer:
    """A trainer that somebody else started, perhaps on another computer.

    Parameters
    ----------
    run
        The run it works on.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self._run.owner() is not None

    def terminate(self) -> None:
        """Ask the system to end it, if it runs on this computer."""
        if process := self._process():
            with suppress(psutil.Error):
                process.terminate()

    def kill(self) -> None:
        """Make the system end it, if it runs on this computer."""
        if process := self._process():
            with suppress(psutil.Error):
                process.kill()

    def farewell(self) -> str:
        """Nobody but its parent knows how a process ended."""
        return ""

    def _process(self) -> psutil.Process | None:
        owner = self._run.owner()
        if owner is None or owner.get("host") != socket.gethostname():
            return None
        with suppress(psutil.Error):
            return psutil.Process(int(str(owner["pid"])))
        return None


def _signal(number: int) -> str:
    with suppress(ValueError):
        words = signal.strsignal(number)
        if words:
            return f"{number}, {words.lower()}"
    return str(number)
