"""How much do the translations of a run change? Per cent, preview by preview.

    python benchmarks/adaptation/changed.py RUN

RUN is the folder of a run of a method that translates; `training.preview_every` says
how often it looked. What is counted is that of `docs/scores.md`, on the patches of the
previews: the mean absolute difference in per cent of the intensity range.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean

import numpy as np

from napari_uda.core.metrics.amount import changed_percent

PAIRS = {"to_target": "source", "to_source": "target"}
"""What is translated, by the name of its translation."""


def changes(run: Path) -> dict[int, dict[str, float]]:
    """Return by how many per cent translations change, for each step previewed."""
    found = {}
    for file in sorted((run / "previews").glob("*.npz")):
        with np.load(file) as shown:
            found[int(file.stem)] = {
                name: changed_percent(shown[of] / 2 + 0.5, shown[name] / 2 + 0.5)
                for name, of in PAIRS.items()
                if name in shown
            }
    return found


def changed_at(run: Path, step: int) -> float | None:
    """Return by how much the last preview until `step` changes, mean of both ways.

    None where nothing is translated.
    """
    upto = [share for at, share in changes(run).items() if at <= step]
    return fmean(upto[-1].values()) if upto and upto[-1] else None


def main() -> None:
    """Print a row for each preview."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    print("| step |", " | ".join(PAIRS), "|\n|---:|---:|---:|")
    for step, share in changes(parser.parse_args().run).items():
        cells = [f"{share[name]:.2f}" if name in share else "-" for name in PAIRS]
        print(f"| {step} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
