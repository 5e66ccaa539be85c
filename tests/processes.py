"""The command line in a process of its own."""

from __future__ import annotations

import subprocess
import sys

PATIENCE = 60
"""Seconds to wait for what will surely come."""


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "napari_uda", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "napari_uda", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
