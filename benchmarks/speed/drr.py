"""How many radiographs a second? A CT of 256^3 voxels to 256^2 pixels.

    python benchmarks/speed/drr.py [--threads 2] [--repeats 5] [--out FILE]

The result is the median time of a projection, without reading and writing files; the
organ is a ball of a quarter of the volume's width, measured exactly.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import time
from pathlib import Path
from statistics import median

import psutil
import torch

from napari_uda.core.drr import XrayGeometry, line_integrals

SIZE = 256
VIEWS = {
    "cone": XrayGeometry("cone", pitch=2.0),
    "cone, 30 degrees": XrayGeometry("cone", rotation=30, pitch=2.0),
    "parallel": XrayGeometry("parallel", pitch=1.5),
    "parallel, 30 degrees": XrayGeometry("parallel", rotation=30, pitch=1.5),
}


def seconds(
    volume: torch.Tensor, view: XrayGeometry, between: str, n: int
) -> tuple[float, float]:
    """Return the median time of a projection, on the clock and of all processors."""
    clock, used = [], []
    for _ in range(n + 1):  # the first one warms up
        began, before = time.perf_counter(), time.process_time()
        line_integrals(volume, (1.2, 1.2, 1.2), view, between)
        clock.append(time.perf_counter() - began)
        used.append(time.process_time() - before)
    return median(clock[1:]), median(used[1:])


def main() -> None:
    """Measure and print or write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    axis = torch.arange(SIZE) - (SIZE - 1) / 2
    squares = axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2
    body = torch.rand(1, SIZE, SIZE, SIZE)
    organ = (squares < (SIZE / 8) ** 2)[None]
    rows = []
    for name, view in VIEWS.items():
        image, work = seconds(body, view, "linear", given.repeats)
        label, more = seconds(organ, view, "constant", given.repeats)
        times = f"{image:.2f} | {work:.2f} | {label:.2f} | {more:.2f}"
        rows.append(f"| {name} | {1 / image:.1f} | {times} |")
    page = (
        "# Radiographs from CT\n\n"
        f"256^3 voxels to 256^2 pixels, median of {given.repeats}, without files. "
        f"{platform.system()} {platform.machine()}, {given.threads} threads, "
        f"torch {torch.__version__}, {datetime.date.today()}; load of the machine "
        f"before: {psutil.getloadavg()[0]:.1f}.\n\n"
        "| view | images per s | s per image | CPU s | s per organ | CPU s |\n"
        "|---|---:|---:|---:|---:|---:|\n" + "\n".join(rows) + "\n"
    )
    if given.out:
        given.out.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
