"""Is what a run is said to need what it takes? Memory and time, estimated and real.

    python benchmarks/speed/estimate.py [CASE ...] [--steps 12] [--out FILE]

A case is METHOD or METHOD:key=value,...; 3D methods are given `dims=3`. Estimate and
training run one after the other, each in a process of its own, on a sample pair (2D:
em-pair, 3D: heart-pair). Memory is the peak of the whole process on a processor.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CASES = (
    "source_only", "grl", "cyclegan", "td_gan", "accseg", "grl:batch_size=2",
    "source_only:dims=3", "cycle_shape:dims=3",
)  # fmt: skip


def child(what: str, file: str, run: str) -> None:
    """Estimate or train in this process, and print what came of it."""
    from napari_uda.core.spec.experiment import Experiment

    experiment = Experiment.load(file)
    if what == "estimate":
        from napari_uda.core.api import estimate

        began = time.perf_counter()
        found = estimate(experiment).model_dump()
        took = time.perf_counter() - began
        print(json.dumps({**found, "took": took}))
        return
    import resource

    from napari_uda.core.api import train

    *_, last = train(experiment, run)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak *= 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"memory": peak, "seconds": last.seconds}))  # type: ignore[union-attr]


def measure(case: str, folder: Path, steps: int, threads: int) -> dict[str, Any]:
    """Return estimate and truth of a case."""
    from napari_uda.core.spec.domain import Dataset
    from napari_uda.core.spec.experiment import Experiment
    from napari_uda.samples import write

    method, _, text = case.partition(":")
    settings = [item for item in text.split(",") if item]
    pair = "heart-pair" if "dims=3" in settings else "em-pair"
    if not (folder / pair).exists():
        write(pair, folder / pair)
    data = Dataset.from_folders(folder / pair / "source", folder / pair / "target")
    wanted = [f"method.{item}" for item in settings if not item.startswith("dims")]
    wanted += [f"method.steps={steps}", f"training.threads={threads}"]
    wanted += ["training.device=cpu"]
    experiment = Experiment.preset(method, "quick", data).override(wanted)
    name = case.replace(":", "-").replace("=", "").replace(",", "-")
    file = folder / f"{name}.yaml"
    experiment.save(file)
    rows = []
    for what in ("estimate", "train"):
        command = [sys.executable, __file__, "--child", what, str(file)]
        done = subprocess.run(
            [*command, "--run", str(folder / name)],
            capture_output=True, text=True, check=True,
            env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
        )  # fmt: skip
        rows.append(json.loads(done.stdout.strip().splitlines()[-1]))
    return {"case": case, "told": rows[0], "real": rows[1]}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the result as a Markdown table."""
    lines = [
        "| case | GB told | real | error | s told | real | error | measured | took |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        told, real = row["told"], row["real"]
        cells = [row["case"]]
        for key, scale in (("memory", 1e9), ("seconds", 1.0)):
            error = told[key] / real[key] - 1
            digits = 2 if scale > 1 else 0
            cells += [
                f"{told[key] / scale:.{digits}f}",
                f"{real[key] / scale:.{digits}f}",
            ]
            cells += [f"{error:+.0%}"]
        cells += [f"{told['measured']:.0%}", f"{told['took']:.0f} s"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=CASES)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", choices=("estimate", "train"))
    parser.add_argument("--run", default="")
    options = parser.parse_args()
    if options.child:
        child(options.child, options.cases[0], options.run)
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in options.cases:
            row = measure(case, Path(folder), options.steps, options.threads)
            row["load"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
            rows.append(row)
            print(json.dumps(row), flush=True)
            text = (
                f"# Estimates of memory and time\n\n`quick` presets, {options.steps} "
                f"steps with one round of scores and two previews, {options.threads} "
                f"thread(s). {platform.system()} {platform.machine()}, Python "
                f"{platform.python_version()}, {time.strftime('%Y-%m-%d')}.\n"
                "measured: part of a patch's pixels that the estimate did steps with. "
                f"Load of the machine at the end: {row['load']:.1f} on "
                f"{os.cpu_count()} cores.\n\n{table(rows)}\n"
            )
            if options.out:
                options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
