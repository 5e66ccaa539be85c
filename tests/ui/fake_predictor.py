"""`napari-uda predict` without torch: thresholds, or fails, as it is told."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from napari_uda.core.io import read, suffix_of, write_image, write_labels
from napari_uda.core.spec.domain import Domain
from napari_uda.core.spec.typed import file_axes


def say(**content: object) -> None:
    print(json.dumps(content), flush=True)


def main(behaviour: str, words: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["predict"])
    parser.add_argument("run", type=Path)
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--checkpoint", choices=["best", "last"])
    parser.add_argument("--voxel-size")
    parser.add_argument("--axes")
    parser.add_argument("--unit")
    parser.add_argument("--device")
    for flag in ("--probability", "--uncertainty", "--json"):
        parser.add_argument(flag, action="store_true")
    given = parser.parse_args(words)
    if behaviour == "refuse":
        say(kind="error", message="The image is too small: choose a larger one.")
        return 2
    if behaviour == "full" and given.device != "cpu":
        say(kind="error", message="(--device cpu).", memory="device")
        return 1
    if behaviour == "die":
        print("Traceback: out of luck", file=sys.stderr)
        return 1
    given.out.mkdir(parents=True)
    threshold = 100 if "source_only" in given.run.name else 0
    for path in given.images:
        say(kind="progress", image=str(path), done=0, total=2)
        while behaviour == "hang":
            time.sleep(0.05)
        volume = read(path, given.axes or file_axes(path, Domain(samples=())))
        chance = (np.asarray(volume.data) > threshold).astype(np.float32)
        labels = (5 * chance).astype(np.uint8)
        file = given.out / f"{path.name[: -len(suffix_of(path))]}{suffix_of(path)}"
        write_labels(file, labels, volume.header.geometry)
        maps = {}
        for wanted, name in ((given.probability, "p"), (given.uncertainty, "u")):
            if wanted:
                maps[name] = str(given.out / f"{name}_{path.name}")
                write_image(maps[name], chance, volume.header.geometry)
        say(kind="progress", image=str(path), done=2, total=2)
        say(
            kind="result",
            image=str(path),
            labels=str(file),
            probability={"nucleus": maps["p"]} if "p" in maps else None,
            uncertainty=maps.get("u"),
            seconds=0.1,
        )
    sidecar = {
        "classes": {"5": {"name": "nucleus", "color": "#00ff00"}},
        "overlapping": False,
        "step": threshold + 20,
        "words": words,
    }
    (given.out / "predictions.json").write_text(json.dumps(sidecar))
    (given.run / "asked.json").write_text(json.dumps(sidecar))
    say(kind="finished")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2:]))
