"""The run folder: everything a run is, in files; the protocol between processes."""

from __future__ import annotations

import json
import os
import platform
import socket
import threading
import time
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from napari_uda.core.errors import UserError
from napari_uda.core.io.atomic import atomic_write_text

from .events import (
    LAST_EVENTS,
    Continued,
    Event,
    Paused,
    Resumed,
    Started,
    event_from_json,
)
from .experiment import Experiment

if TYPE_CHECKING:
    from collections.abc import Iterator

Request = Literal["pause", "resume", "stop"]
State = Literal[
    "prepared", "running", "paused", "finished", "stopped", "failed", "dead"
]

HEARTBEAT = 5.0
"""Seconds between two signs of life of a trainer."""
TITLE_LENGTH = 80
"""Characters of a title at most."""
STALE = 30.0
"""Seconds without a sign of life after which a lock of another host is stale."""


class RunFolder:
    """A run on disk.

    Parameters
    ----------
    path
        The folder; it needs not exist yet.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()
        self.experiment_file = self.path / "experiment.yaml"
        self.events_file = self.path / "events.jsonl"
        self.control_file = self.path / "control"
        self.lock_file = self.path / "lock"
        self.title_file = self.path / "title.txt"
        self.log_file = self.path / "log.txt"
        self.previews = self.path / "previews"
        self.checkpoints = self.path / "checkpoints"
        self.data = self.path / "data"
        self.predictions = self.path / "predictions"
        self.report = self.path / "report"

    @property
    def id(self) -> str:
        """Name of the run."""
        return self.path.name

    @property
    def title(self) -> str:
        """What the window calls the run: a title given to it, or its id."""
        try:
            text = self.title_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return self.id
        return _one_line(text) or self.id

    def rename(self, title: str) -> None:
        """Give the run another title; folder and id stay, so that no path breaks.

        Parameters
        ----------
        title
            One line, at most TITLE_LENGTH characters; empty for the id again.

        Raises
        ------
        UserError
            If it is too long, or cannot be written, or the folder is gone.
        """
        title = _one_line(title)
        if len(title) > TITLE_LENGTH:
            raise UserError(
                f"the title has {len(title)} characters: give at most {TITLE_LENGTH}."
            )
        if not self.exists:
            # Writing would make the folder anew, with nothing but a title in it.
            raise UserError(f"{self.path} was removed: it cannot be renamed.")
        try:
            if title in ("", self.id):
                self.title_file.unlink(missing_ok=True)
            else:
                atomic_write_text(self.title_file, title)
        except OSError as error:
            raise UserError(
                f"{self.title_file} cannot be written ({error.strerror}): the title "
                "stays as it was."
            ) from None

    @property
    def exists(self) -> bool:
        """Whether the folder holds a run."""
        return self.experiment_file.exists()

    @property
    def started(self) -> bool:
        """Whether a trainer has ever worked on the run."""
        return self.events_file.exists()

    def create(self, experiment: Experiment) -> None:
        """Prepare the folder for training.

        Raises
        ------
        UserError
            If the folder already holds a run, or cannot be written.
        """
        self.require_new()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            stamped = experiment.model_copy(update={"versions": versions()})
            stamped.save(self.experiment_file)
        except OSError as error:
            raise UserError(
                f"{self.path} cannot be written ({error.strerror}): "
                "choose another folder."
            ) from None

    def experiment(self) -> Experiment:
        """Read the experiment of the run.

        Raises
        ------
        UserError
            If the folder holds no run, or one of a newer version.
        """
        self.require()
        return Experiment.load(self.experiment_file)

    def require(self) -> None:
        """Raise a UserError if the folder holds no run."""
        if not self.exists:
            what = "does not exist"
            if self.path.exists():
                what = "holds no run" if self.path.is_dir() else "is a file"
            raise UserError(
                f"{self.path} {what}: give the folder that train --run made, the one "
                "with experiment.yaml in it."
            )

    def require_new(self) -> None:
        """Raise a UserError if the folder holds a run."""
        if self.exists:
            raise UserError(
                f"{self.path} already holds a run: choose another folder, or continue "
                f"it with train --resume {self.path}."
            )

    def append(self, event: Event) -> None:
        """Write one event at the end of events.jsonl."""
        line = event.model_dump_json() + "\n"
        with self.events_file.open("ab+") as file:
            if file.seek(0, os.SEEK_END) > 0:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = "\n" + line
            file.write(line.encode())

    def events(self) -> list[Event]:
        """Read all events; torn or foreign lines are left out."""
        return list(EventReader(self.events_file).read())

    def history(self) -> list[Event]:
        """Read the events that still hold: those beyond a resumed step are void."""
        return valid_events(self.events())

    def request(self, request: Request) -> None:
        """Ask the trainer to pause, resume or stop."""
        atomic_write_text(self.control_file, request)

    def clear_request(self) -> None:
        """Forget what was asked: it was obeyed, or a new trainer starts."""
        self.control_file.unlink(missing_ok=True)

    def requested(self, since: float = 0.0) -> Request | None:
        """Return what was asked after the time `since`, if anything."""
        try:
            text = self.control_file.read_text(encoding="utf-8").strip()
            if self.control_file.stat().st_mtime < since:
                return None
        except OSError:
            return None
        return text if text in ("pause", "resume", "stop") else None  # type: ignore[return-value]

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of log.txt."""
        try:
            text = self.log_file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def state(self) -> State:
        """Tell where the run stands; `dead` means its trainer vanished."""
        alive = self.owner() is not None
        marks = (*LAST_EVENTS, Started, Resumed, Paused, Continued)
        last = next((e for e in reversed(self.events()) if isinstance(e, marks)), None)
        if last is None:
            return "running" if alive else "prepared"
        if isinstance(last, LAST_EVENTS) and not alive:
            return last.kind
        if not alive:
            return "dead"
        return "paused" if isinstance(last, Paused) else "running"

    def owner(self) -> dict[str, object] | None:
        """Return pid and host of the living trainer, or None."""
        try:
            text = self.lock_file.read_text(encoding="utf-8")
            age = time.time() - self.lock_file.stat().st_mtime
            lock = json.loads(text)
        except (OSError, ValueError):
            return None
        if not isinstance(lock, dict):
            return None
        if lock.get("host") != socket.gethostname():
            return lock if age < STALE else None
        return lock if _alive(lock) else None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for one trainer.

        Raises
        ------
        UserError
            If another living trainer holds it.
        """
        import psutil

        content = json.dumps(
            {
                "pid": os.getpid(),
                "born": psutil.Process().create_time(),
                "host": socket.gethostname(),
                "token": os.urandom(8).hex(),
            }
        )
        while not self._take(content):
            if owner := self.owner():
                raise UserError(
                    f"{self.path} is being trained by process {owner.get('pid')} on "
                    f"{owner.get('host')}: follow it with napari-uda watch, or write "
                    f"stop into {self.control_file}."
                )
            self.lock_file.unlink(missing_ok=True)
        done = threading.Event()
        beat = threading.Thread(
            target=_beat, args=(self.lock_file, done), name="heartbeat", daemon=True
        )
        beat.start()
        try:
            yield
        finally:
            done.set()
            beat.join()
            if self._holds(content):
                self.lock_file.unlink(missing_ok=True)

    def _take(self, content: str) -> bool:
        try:
            with self.lock_file.open("x", encoding="utf-8") as file:
                file.write(content)
        except FileExistsError:
            return False
        return True

    def _holds(self, content: str) -> bool:
        try:
            return self.lock_file.read_text(encoding="utf-8") == content
        except OSError:
            return False


class EventReader:
    """Reads a growing events.jsonl piece by piece.

    Parameters
    ----------
    file
        Path of the events file; it needs not exist yet.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = 0

    def skip(self) -> None:
        """Go to the present end: only later events will be read."""
        if self._file.exists():
            self._offset = self._file.stat().st_size

    def read(self) -> Iterator[Event]:
        """Yield the complete events that were not read before."""
        try:
            with self._file.open("rb") as file:
                file.seek(self._offset)
                chunk = file.read()
        except OSError:
            return
        complete = chunk.rfind(b"\n") + 1
        self._offset += complete
        for line in chunk[:complete].splitlines():
            if line.strip():
                try:
                    yield event_from_json(line)
                except ValidationError:
                    continue


def _one_line(text: str) -> str:
    return " ".join(text.split())


def valid_events(events: list[Event]) -> list[Event]:
    """Drop what a run said beyond the step it was later resumed from."""
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Resumed):
            kept = [old for old in kept if old.step <= event.step]
        kept.append(event)
    return kept


def versions() -> dict[str, str]:
    """Return the versions of Python and of what results depend on."""
    packages = ("napari-uda", "torch", "numpy", "scipy")
    found = {"python": platform.python_version()}
    for package in packages:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def list_runs(folder: Path) -> list[RunFolder]:
    """Return the runs in a folder, the newest first."""
    if not folder.is_dir():
        return []
    found = []
    for run in map(RunFolder, folder.iterdir()):
        with suppress(OSError):  # deleted meanwhile, or not ours to read
            found.append((run.experiment_file.stat().st_mtime_ns, run.id, run))
    return [run for *_, run in sorted(found, key=lambda one: one[:2], reverse=True)]


def _alive(lock: dict[str, object]) -> bool:
    import psutil

    pid, born = lock.get("pid"), lock.get("born")
    if not isinstance(pid, int) or not isinstance(born, float):
        return False
    try:
        process = psutil.Process(pid)
        return (
            abs(process.create_time() - born) < 2
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return False


def _beat(file: Path, done: threading.Event) -> None:
    while not done.wait(HEARTBEAT):
        try:
            os.utime(file)
        except OSError:
            return
