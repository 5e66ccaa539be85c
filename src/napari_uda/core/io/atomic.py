"""Files that appear complete or not at all."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from .formats import suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATTEMPTS = 10
_PAUSE = 0.05  # seconds


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path to write to, which then becomes `path` in one step.

    The temporary file is hidden, lies in the same folder (made if it is missing) and
    has the same suffix. It replaces `path`, if that exists, once the block has ended,
    and is removed if the block fails.

    Parameters
    ----------
    path
        The file to make or to replace.

    Yields
    ------
    Path
        Where the block has to write.

    Raises
    ------
    OSError
        If the folder cannot be written to or the disk is full.
    """
    path = Path(path)
    suffix = suffix_of(path)
    stem = path.name[: len(path.name) - len(suffix)]
    temporary = path.with_name(f".{stem}.{uuid4().hex[:8]}{suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        _flush(temporary)
        _replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def atomic_write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file (UTF-8) so that nobody ever reads half of it.

    Parameters
    ----------
    path
        The file to make or to replace.
    text
        Its new content; line ends are kept as they are.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def _flush(path: Path) -> None:
    # Windows flushes only what was opened for writing.
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(temporary: Path, path: Path) -> None:
    # Windows refuses for the moment in which somebody else has the file open.
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            os.replace(temporary, path)
        except PermissionError:
            if attempt == _ATTEMPTS:
                raise
            time.sleep(_PAUSE)
        else:
            return
