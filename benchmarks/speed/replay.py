"""Say again what a run said, at its pace or on request, without computing anything.

A process that holds the lock of a copy of the run, so that a window can attach to it
as to any run that trains elsewhere: the same events and files, but an idle processor.

    python benchmarks/speed/replay.py RUN COPY paced [KIND ...]
    python benchmarks/speed/replay.py RUN COPY asked

`paced`: with the pauses the run made, only events of these kinds (default: all), again
and again until told to stop. `asked`: one more preview and ten steps for every line on
standard input, until that is closed.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.spec.events import Preview, Started, Step, Stopped
from napari_uda.core.spec.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_uda.core.spec.events import Event

STEPS_PER_PREVIEW = 10
KINDS = ["step", "preview", "validation"]


class Replay:
    """A copy of a run that begins anew.

    Parameters
    ----------
    run
        A run that has trained.
    copy
        Folder that is made for the copy.
    """

    def __init__(self, run: Path, copy: Path) -> None:
        self.old = RunFolder(run)
        self.new = RunFolder(copy)
        self.new.previews.mkdir(parents=True)
        shutil.copy(self.old.experiment_file, self.new.experiment_file)
        self.events = self.old.events()
        self.steps = [event for event in self.events if isinstance(event, Step)]
        self.started = next(e for e in self.events if isinstance(e, Started))

    def say(self, event: Event, step: int) -> None:
        """Write an event, as if it came now and at this step."""
        about = {"run": self.new.id, "step": step, "time": time.time()}
        if isinstance(event, Preview):
            about["file"] = f"previews/{step:06d}.npz"
            shutil.copy(self.old.path / event.file, self.new.path / about["file"])
        self.new.append(event.model_copy(update=about))

    def paced(self, kinds: list[str]) -> None:
        """Say everything again with the same pauses, until asked to stop."""
        told = self._forever(kinds)
        event, step, due = next(told)
        while self.new.requested() != "stop":
            if time.monotonic() < due:
                time.sleep(min(0.05, due - time.monotonic()))
                continue
            self.say(event, step)
            event, step, due = next(told)

    def asked(self) -> None:
        """Say ten steps and show a preview that is a bit different, when asked."""
        rng = np.random.default_rng(0)
        file = next(e.file for e in self.events if isinstance(e, Preview))
        with np.load(self.old.path / file) as arrays:
            pictures = dict(arrays)
        preview = Preview(run=self.new.id, step=0, file="")
        for number, _ in enumerate(sys.stdin, start=1):
            step = STEPS_PER_PREVIEW * number
            for index in range(step - STEPS_PER_PREVIEW, step):
                self.say(self.steps[index % len(self.steps)], index + 1)
            rolled = {
                key: np.roll(picture, int(rng.integers(1, 9)), axis=-1)
                for key, picture in pictures.items()
            }
            file = f"previews/{step:06d}.npz"
            np.savez(self.new.path / file, **rolled)
            about = {"step": step, "time": time.time(), "file": file}
            self.new.append(preview.model_copy(update=about))

    def _forever(self, kinds: list[str]) -> Iterator[tuple[Event, int, float]]:
        """Yield events with their steps, and when they are due."""
        wanted = [
            event
            for event in self.events
            if event.step > 0 and event.kind in (kinds or KINDS)
        ]
        took = wanted[-1].time - wanted[0].time
        # After the last one, a pause as between the others.
        length = max(1.0, took * len(wanted) / max(1, len(wanted) - 1))
        last = wanted[-1].step
        began, turn = time.monotonic(), 0
        while True:
            for event in wanted:
                due = began + turn * length + event.time - wanted[0].time
                yield event, turn * last + event.step, due
            turn += 1


def main(run: str, copy: str, how: str, *kinds: str) -> None:
    """Replay a run until told to stop."""
    replay = Replay(Path(run), Path(copy))
    with replay.new.lock():
        replay.say(replay.started, 0)
        print("ready", flush=True)
        if how == "asked":
            replay.asked()
        else:
            replay.paced(list(kinds))
        last = Stopped(run=replay.new.id, step=replay.new.events()[-1].step)
        replay.new.append(last)


if __name__ == "__main__":
    main(*sys.argv[1:])
