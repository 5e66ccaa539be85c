"""What the tests of bad input share: spoilt workshops, and one sentence about each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tifffile

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from conftest import Outcome

    Case = Callable[[Path], list[str]]

NEW = ["new", "grl", "--source", "source", "--target", "target", "--out", "new.yaml"]
TRAIN = ["train", "experiment.yaml", "--run", "other"]


class Cases(list[Any]):
    """Cases, each a function that spoils the workshop and returns a command."""

    def bad(self, *words: str) -> Callable[[Case], Case]:
        """Add a case, with words of the sentence that it must lead to."""

        def add(case: Case) -> Case:
            self.append(pytest.param(case, words, id=case.__name__))
            return case

        return add


def put(domain: str, kind: str, array: np.ndarray, stem: str = "a") -> None:
    tifffile.imwrite(f"{domain}/{kind}/{stem}.tif", array, photometric="minisblack")


def declare(domain: str, text: str) -> None:
    Path(domain, "dataset.yaml").write_text(text)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def check_sentence(
    case: Case, words: tuple[str, ...], workshop: Path, command: Callable[..., Outcome]
) -> None:
    """Spoil the workshop and check that one sentence says so and nothing changes."""
    arguments = case(workshop)
    before = snapshot(workshop.parent)

    done = command(*arguments)

    assert done.code == 2, done
    assert done.out == ""
    lines = done.err.splitlines()
    assert len(lines) == 1, done.err
    assert lines[0].startswith("Error: ")
    assert lines[0].endswith(".")
    assert "Traceback" not in done.err
    for word in words:
        assert word in lines[0]
    assert snapshot(workshop.parent) == before
