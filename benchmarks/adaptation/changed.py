"""How much do the translations of a run change? Per cent, preview by preview.

    python benchmarks/adaptation/changed.py RUN

RUN is the folder of a run of a method that translates; `training.preview_every` says
how often it looked. What is counted is that of `docs/scores.md`, on the patches of the
previews: the mean absolute difference in per cent of the intensity range.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from napari_uda.core.metrics.amount import changed_percent

PAIRS = {"to_target": "source", "to_source": "target"}
"""What is translated, by the name of its translation."""


def main() -> None:
    """Print a row for each preview."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    files = sorted((parser.parse_args().run / "previews").glob("*.npz"))
    print("| step |", " | ".join(PAIRS), "|\n|---:|---:|---:|")
    for file in files:
        with np.load(file) as shown:
            shares = [
                f"{changed_percent(shown[of] / 2 + 0.5, shown[name] / 2 + 0.5):.2f}"
                if name in shown
                else "-"
                for name, of in PAIRS.items()
            ]
        print(f"| {int(file.stem)} |", " | ".join(shares), "|")


if __name__ == "__main__":
    main()
