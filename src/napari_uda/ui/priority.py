"""Processes that compute go after the window, where they share cores."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

NICENESS = 10
"""Priority on POSIX: the window goes first."""


def start(command: list[str], **pipes: Any) -> subprocess.Popen[bytes]:
    """Start a process that outlives the window, and goes after it.

    Parameters
    ----------
    command
        Program and arguments.
    pipes
        `stdin` and `stdout` of `subprocess.Popen`; errors go where the output goes.

    Raises
    ------
    OSError
        If it cannot be started.
    """
    flags = 0
    if sys.platform == "win32":
        flags = (
            subprocess.CREATE_NO_WINDOW
            | subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
    process = subprocess.Popen(
        command,
        **pipes,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        start_new_session=sys.platform != "win32",
        creationflags=flags,
    )
    give_way(process.pid)
    return process


def give_way(pid: int) -> None:
    """Let the window go before a process that computes, where they share cores.

    Windows does that with a flag when the process is started.

    Parameters
    ----------
    pid
        Number of a process that was started in a session of its own.
    """
    if sys.platform == "win32":
        return
    with suppress(psutil.Error):
        psutil.Process(pid).nice(NICENESS)
    # Linux shares cores among sessions first; niceness counts only within one.
    with suppress(OSError):
        if os.getsid(pid) == os.getsid(0):
            return  # the window's own
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS), encoding="ascii")
