"""A trainer without torch: obeys, refuses, dies or says nothing, as it is told."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np
import psutil

from napari_uda.core.spec import events as ev
from napari_uda.core.spec.run import RunFolder

STEPS = 20


def main(behaviour: str, path: str) -> int:
    run = RunFolder(path)
    since = psutil.Process().create_time() - 1  # as `train` does
    if behaviour == "refuse":
        print("Error: The data do not fit together: choose others.", file=sys.stderr)
        return 2
    if behaviour == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with run.lock():
        return train(run, behaviour, since)


def train(run: RunFolder, behaviour: str, since: float) -> int:
    saved = run.path / "fake_step"
    first = int(saved.read_text()) if saved.exists() else 0
    about = {
        "method": "fake",
        "steps": STEPS,
        "device": "nowhere",
        "precision": "float32",
        "loss_groups": {"segmentation": ("seg",), "others": ("domain",)},
    }
    begin = ev.Resumed if first else ev.Started
    run.append(begin(run=run.id, step=first, **about))
    for step in range(first + 1, STEPS + 1):
        asked = run.requested(since)
        while asked == "pause":
            run.append(ev.Paused(run=run.id, step=step - 1))
            while run.requested(since) == "pause":
                time.sleep(0.02)
            run.append(ev.Continued(run=run.id, step=step - 1))
            asked = run.requested(since)
        if asked == "stop" and behaviour != "deaf":
            saved.write_text(str(step - 1))
            run.append(ev.Stopped(run=run.id, step=step - 1))
            return 0
        report(run, step)
        if step == 5:
            if behaviour == "die":
                print("last words", flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            if behaviour == "vanish":
                return 0
            if behaviour == "fail":
                run.append(ev.Failed(run=run.id, step=step, message="Out of luck."))
                return 1
            if behaviour in ("deaf", "wait"):
                while behaviour == "deaf" or run.requested(since) is None:
                    time.sleep(0.02)
        time.sleep(0.01)
    run.append(ev.Finished(run=run.id, step=STEPS, seconds=1.0))
    return 0


def report(run: RunFolder, step: int) -> None:
    run.append(
        ev.Step(
            run=run.id, step=step, losses={"seg": 1 / step, "domain": 0.7},
            speed=10.0, remaining=1.0, memory=0.1,
        )
    )  # fmt: skip
    if step % 5 == 0:
        image = np.full((2, 8, 8), step / STEPS, np.float16)
        run.previews.mkdir(exist_ok=True)
        file = f"previews/{step:06d}.npz"
        np.savez(
            run.path / file, source=image, source_prediction=image.astype(np.uint8)
        )
        run.append(ev.Preview(run=run.id, step=step, file=file))
        run.append(
            ev.Validation(run=run.id, step=step, scores={"a": 0.5}, truth={"mean": 0.4})
        )
        # No file is written: these runs cannot predict.
        run.append(ev.Checkpoint(run=run.id, step=step, file="best", best=step == 5))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
