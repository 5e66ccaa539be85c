"""A trainer that waits: its imports are done by the time Start is pressed.

PyTorch takes seconds to import, which would pass between Start and the first point of a
plot. Where memory allows, one process has done so beforehand; it is told which run to
train, or ends when nobody needs it any more, at the latest with the window.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from .priority import start

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = (sys.executable, "-m", "napari_uda", "standby")
"""What is started; it reads the path of a run from its input."""
ENOUGH = 3 * 2**30
"""Bytes of free memory without which none is kept waiting; it takes some 400 MB."""


class Standby:
    """At most one trainer that waits for a run, whichever window wants it first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._one = threading.Lock()

    def prepare(self) -> None:
        """Have a trainer wait from now on, if none does and there is memory for it."""
        with self._one:
            if self._process is not None and self._process.poll() is None:
                return
            self._end()
            if psutil.virtual_memory().available < ENOUGH:
                return
            with suppress(OSError):  # then Start will say what is wrong
                self._process = start(
                    list(COMMAND), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
                )

    def prepare_soon(self) -> None:
        """Do so without holding up the window: starting a process takes a moment."""
        threading.Thread(target=self.prepare, daemon=True).start()

    def take(self, run: Path) -> subprocess.Popen[bytes] | None:
        """Let the one that waits train a run; None if there is none.

        Parameters
        ----------
        run
            Folder of a prepared or stopped run. The trainer writes to its log.
        """
        with self._one:
            process = self._process
            if process is not None and process.poll() is None:
                assert process.stdin is not None
                with suppress(OSError):  # it has just died
                    process.stdin.write(f"{run.absolute()}\n".encode())
                    process.stdin.close()
                    self._process = None
                    return process
            self._end()
            return None

    def dismiss(self, *_: object) -> None:
        """End the one that waits."""
        with self._one:
            self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


standby = Standby()
"""That of this napari."""
