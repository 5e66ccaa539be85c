"""A training run under way, as the window sees it."""

from __future__ import annotations

import threading
import time
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from napari.qt.threading import thread_worker
from qtpy.QtCore import QObject, QThreadPool, Signal

from napari_uda.core.errors import UserError
from napari_uda.core.spec.events import (
    LAST_EVENTS,
    Continued,
    Event,
    Failed,
    Paused,
    Resumed,
    Started,
    Step,
    Warned,
)
from napari_uda.core.spec.run import EventReader, valid_events

from .trainer_process import ChildTrainer, ForeignTrainer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from napari_uda.core.spec.run import Request, RunFolder

    from .trainer_process import TrainerProcess

How = Literal["process", "thread", "attach"]
State = Literal[
    "starting", "running", "pausing", "paused", "continuing", "stopping", "ended"
]

POLL = 0.2
"""Seconds between two looks at a run: what is said in between comes in one piece."""
MOST_STEPS = 4000
"""Steps of a long history that are handed on; the rest would not be seen in a plot."""
KILL_AFTER = 5.0
"""Seconds between asking the system to end a process and making it."""


class Job(QObject):
    """A run that trains; ends in exactly one of Finished, Stopped or Failed.

    Closing the viewer (or `detach`) ends the job without an ending: a trainer in a
    process of its own goes on.

    Parameters
    ----------
    run
        A prepared, stopped or (to attach) running run.
    how
        `process`: start a trainer in a process of its own; `thread`: train inside
        napari; `attach`: follow a trainer that already lives.
    grace
        Seconds that a trainer may take to obey a stop before it is ended by force.
    """

    recalled = Signal(list)
    """All that the run had said before, comes once and first: a list of events."""
    progressed = Signal(list)
    """What the run has said since the last time: a list of events."""
    state_changed = Signal()
    """`state` changed."""
    ended = Signal(object)
    """The last event; nothing follows."""

    def __init__(
        self,
        run: RunFolder,
        how: How = "process",
        grace: float = 60.0,
    ) -> None:
        super().__init__()
        self.run = run
        self.how: How = how
        self.grace = grace
        self.state: State = "starting"
        self.step = 0
        self._wanted: Request = "resume"
        self._control = threading.Lock()
        self._troubles: list[Event] = []
        self._stop_asked: float | None = None
        self._inside: Iterator[Event] | None = None
        self._worker: Any = None
        self._began = False

    def start(self) -> None:
        """Begin; napari lists the job among its tasks from now on."""
        if self.how != "attach":
            self.run.clear_request()
        task = _Task(_once, [self._batches])
        task.words = f"training of {self.run.title}"
        self._worker = thread_worker(task)()
        self._worker.yielded.connect(self._on_batch)
        self._worker.returned.connect(self._on_returned)
        self._worker.aborted.connect(self._on_aborted)
        # It mostly sleeps: it must not take a thread away from those who work.
        if pool := QThreadPool.globalInstance():
            pool.releaseThread()
        self._worker.start()

    def pause(self) -> None:
        """Ask to save and wait."""
        self._ask("pause", "pausing")

    def resume(self) -> None:
        """Ask to go on after a pause."""
        self._ask("resume", "continuing")

    def stop(self) -> None:
        """Ask to save and end; after the grace period, end it by force."""
        self._stop_asked = time.monotonic()
        self._ask("stop", "stopping")

    @property
    def stop_asked(self) -> bool:
        """Whether it was asked here to stop."""
        return self._stop_asked is not None

    def detach(self) -> None:
        """Look away: the job ends without an ending, its process goes on."""
        if self._worker is not None:
            self._worker.quit()

    def _ask(self, request: Request, state: State) -> None:
        if self.state == "ended":
            return
        self._wanted = request
        self._set_state(state)
        # The run may lie on a slow drive: the window must not wait for it.
        threading.Thread(target=self._write_request, daemon=True).start()

    def _write_request(self) -> None:
        with self._control:
            request = self._wanted
            if self._gone():
                return  # writing would make a new folder, which holds no run
            try:
                self.run.request(request)
            except OSError as error:
                message = f"The request to {request} could not be written: {error}."
                self._troubles.append(
                    Warned(
                        run=self.run.id, step=self.step, code="control", message=message
                    )
                )

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit()

    def _on_batch(self, batch: list[Event]) -> None:
        # Before it is attached to, a run may have been stopped and resumed often.
        if self._began or self.how == "attach":
            match last_word(batch):
                case Started() | Resumed() | Continued():
                    self._set_state("stopping" if self._stop_asked else "running")
                case Paused():
                    self._set_state("paused")
        if not self._began:
            self._began = True
            self.recalled.emit(batch)
        elif batch:
            self.progressed.emit(batch)

    def _on_returned(self, last: Event) -> None:
        self._forget_worker()
        self._set_state("ended")
        self.ended.emit(last)

    def _on_aborted(self) -> None:
        self._forget_worker()
        if self._inside is not None:
            self._inside.close()  # type: ignore[attr-defined]

    def _forget_worker(self) -> None:
        self._worker = None
        if pool := QThreadPool.globalInstance():
            pool.reserveThread()

    # What follows runs in the worker thread.

    def _batches(self) -> Generator[list[Event], None, Event]:
        """Yield what is said; no exception leaves, as superqt would swallow it."""
        try:
            if self.how == "thread":
                return (yield from self._train_inside())
            return (yield from self._follow())
        except Exception as error:
            words = f"Training could not be followed: {type(error).__name__}: {error}."
            if self._gone():
                failed = self._failed(gone_text(self.run))
            elif isinstance(error, UserError):
                failed = self._failed(str(error))
            else:
                failed = self._failed(words, traceback.format_exc())
        yield [failed]
        return failed

    def _follow(self) -> Generator[list[Event], None, Event]:
        reader = EventReader(self.run.events_file)
        news = valid_events(list(reader.read()))
        trainer: TrainerProcess = ForeignTrainer(self.run)
        if self.how == "process":
            self.step = news[-1].step if news else 0
            yield thinned(news)
            trainer, news = ChildTrainer(self.run), []
        while True:
            # Asked before reading, so that nothing said before dying is missed.
            alive = trainer.alive()
            news += [*reader.read(), *self._complaints()]
            self.step = news[-1].step if news else self.step
            last = last_word(news)
            yield thinned(news)
            if isinstance(last, LAST_EVENTS):
                yield from self._wait_for_the_end(trainer)
                return last
            if not alive:
                failed = self._vanished(trainer)
                self._record(failed)
                yield [failed]
                return failed
            news = []
            self._enforce_stop(trainer)
            time.sleep(POLL)

    def _train_inside(self) -> Generator[list[Event], None, Event]:
        yield thinned(self.run.history())
        from napari_uda.core.api import resume

        news: list[Event] = []
        last: Event | None = None
        said = time.monotonic()
        self._inside = resume(self.run.path, since=0.0)
        for last in self._inside:
            self.step = last.step
            news.append(last)
            # After these it may wait, and say nothing more for long.
            if isinstance(last, Paused | Warned) or time.monotonic() - said >= POLL:
                yield [*news, *self._complaints()]
                said, news = time.monotonic(), []
        if not isinstance(last, LAST_EVENTS):
            last = self._failed("Training ended without saying why.")
            news.append(last)
        yield news
        return last

    def _complaints(self) -> list[Event]:
        said, self._troubles = self._troubles, []
        return said

    def _enforce_stop(self, trainer: TrainerProcess) -> None:
        if self._stop_asked is None:
            return
        # Nobody can be asked in a folder that was removed.
        grace = 0.0 if self._gone() else self.grace
        over = time.monotonic() - self._stop_asked - grace
        if over > KILL_AFTER:
            trainer.kill()
        elif over > 0:
            trainer.terminate()

    def _wait_for_the_end(
        self, trainer: TrainerProcess
    ) -> Generator[list[Event], None, None]:
        """Wait until a trainer that took its leave is gone and has freed the run."""
        left = time.monotonic()
        while trainer.alive():
            yield []
            time.sleep(POLL)
            if time.monotonic() - left > self.grace:
                trainer.kill()

    def _vanished(self, trainer: TrainerProcess) -> Failed:
        if self._gone():
            return self._failed(gone_text(self.run))
        how = trainer.farewell()
        kept = "Everything up to the last checkpoint is kept: press Resume to go on."
        if self._stop_asked is not None and how.startswith("signal"):
            return self._failed(
                f"Did not stop within {self.grace:g} s and was ended by force ({how}) "
                f"at step {self.step}. {kept}"
            )
        if isinstance(trainer, ChildTrainer) and trainer.code == 2:
            return self._failed(trainer.last_line() or "Training refused to start.")
        words = f" ({how})" if how else ""
        return self._failed(f"Stopped unexpectedly{words} at step {self.step}. {kept}")

    def _gone(self) -> bool:
        return not self.run.path.is_dir()

    def _failed(self, message: str, detail: str = "") -> Failed:
        return Failed(
            run=self.run.id,
            step=self.step,
            message=message,
            detail=detail or self.run.log_tail(),
        )

    def _record(self, failed: Failed) -> None:
        """Write down what a dead trainer could not say, unless another one lives."""
        if self.run.owner() is None:
            try:
                self.run.append(failed)
            except OSError:
                # The disk is full or gone, which is likely why the trainer died.
                return


class _Task(partial[Any]):
    """A function whose name napari can show when it lists what is running."""

    words: str

    def __repr__(self) -> str:
        return self.words


def _once(
    held: list[Callable[[], Generator[list[Event], None, Event]]],
) -> Generator[list[Event], None, Event]:
    """Do what is held and let go of it: napari keeps every task until it closes."""
    return (yield from held.pop()())


def last_word(events: Sequence[Event]) -> Event | None:
    """Return the last event that says whether a run runs, waits or has ended."""
    kinds = (Started, Resumed, Paused, Continued, *LAST_EVENTS)
    return next((event for event in reversed(events) if isinstance(event, kinds)), None)


def gone_text(run: RunFolder) -> str:
    """Return what is said of a run whose folder was removed."""
    return f"{run.path} was removed: nothing is left of this run. Start a new one."


def thinned(events: list[Event], most: int = MOST_STEPS) -> list[Event]:
    """Drop steps evenly until about `most` are left; the last one stays."""
    steps = [event for event in events if isinstance(event, Step)]
    stride = -(-len(steps) // most)
    if stride <= 1:
        return events
    kept = set(map(id, steps[::-stride]))
    return [
        event for event in events if not isinstance(event, Step) or id(event) in kept
    ]
