"""`napari-uda translate` without torch: inverts, copies, or fails, as it is told.

What is brighter than 100 is its mask, but for the third slice of a translation.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from napari_uda.core.data.normalise import normalise
from napari_uda.core.io import read, write_image, write_labels


def say(**content: object) -> None:
    print(json.dumps(content), flush=True)


def mask_file(folder: Path, image: Path, labels: np.ndarray) -> str:
    folder.mkdir(exist_ok=True)
    write_labels(folder / image.name, labels, read(image).header.geometry)
    return str(folder / image.name)


def main(behaviour: str, words: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["translate"])
    parser.add_argument("run", type=Path)
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--to", choices=["source", "target"], required=True)
    parser.add_argument("--checkpoint", choices=["best", "last"])
    parser.add_argument("--voxel-size")
    parser.add_argument("--axes")
    parser.add_argument("--unit")
    parser.add_argument("--device")
    parser.add_argument("--masks", action="store_true")
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--json", action="store_true")
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
    for path in given.images:
        say(kind="progress", image=str(path), done=0, total=2)
        while behaviour == "hang":
            time.sleep(0.05)
        volume = read(path, given.axes)
        grey = np.asarray(volume.data, np.float32)
        fake = 1 - 2 * grey / 255
        if behaviour == "copy":
            fake = normalise(grey, "percentiles")
        elif grey.ndim == 3:
            # The third slice loses what is in it, the second one some of it.
            fake[2] = np.random.default_rng(0).normal(size=grey.shape[1:]) / 4
            fake[1, :20] = fake[1].mean()
        file = given.out / path.name
        write_image(file, fake.astype(np.float32), volume.header.geometry)
        say(kind="progress", image=str(path), done=2, total=2)
        masks = None
        if given.masks:
            label = np.where(grey > 100, np.uint8(7), np.uint8(0))
            masks = {"before": mask_file(given.out / "before", path, label), "why": ""}
            if grey.ndim == 3 and behaviour != "copy":
                label[2] = 0
            masks["after"] = mask_file(given.out / "after", path, label)
            if given.judge is not None:
                masks |= {"before": None, "why": "There is no mask of the original."}
        say(
            kind="result",
            image=str(path),
            translation=str(file),
            seconds=0.1,
            masks=masks,
        )
    classes = {"7": {"name": "nucleus", "color": "#00ff00"}}
    step = 8 if behaviour == "later" else 7
    content = {"classes": classes, "overlapping": False, "step": step}
    (given.out / "translations.json").write_text(json.dumps(content))
    with (given.run / "asked.jsonl").open("a") as asked:
        asked.write(json.dumps(words) + "\n")
    say(kind="finished")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2:]))
