"""From an experiment file to a trained run: new, check, train, watch."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_uda import run_terminal, terminal
from napari_uda.core.errors import UserError
from napari_uda.options import AsJson, Run, Settings, found_run

if TYPE_CHECKING:
    from napari_uda.core.data.inspection import Problem
    from napari_uda.core.spec.estimate import Estimate
    from napari_uda.core.spec.experiment import Experiment
    from napari_uda.core.spec.run import RunFolder


def new(
    method: Annotated[str, typer.Argument(help="Name of a method.")],
    source: Annotated[Path, typer.Option(help="Folder of labelled source images.")],
    target: Annotated[Path, typer.Option(help="Folder of target images.")],
    preset: Annotated[str, typer.Option(help="quick or paper.")] = "quick",
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("experiment.yaml"),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file.")
    ] = False,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Write the experiment file of a method and two data folders."""
    from napari_uda.core.spec.domain import Dataset
    from napari_uda.core.spec.experiment import Experiment

    if out.exists() and not overwrite:
        raise UserError(f"{out} exists: choose another --out, or add --overwrite.")
    data = Dataset.from_folders(source=source, target=target)
    experiment = Experiment.preset(method, preset, data).override(settings or [])
    experiment.save(out)
    terminal.say(f"Wrote {out}. Next: napari-uda check {out}", as_json, file=out)


def check(
    experiment: Annotated[Path, typer.Argument(help="Experiment file.")],
    measure: Annotated[
        bool,
        typer.Option(
            "--estimate/--no-estimate",
            help="Do a few training steps to tell memory and time.",
        ),
    ] = True,
    as_json: AsJson = False,
) -> int:
    """Look for anything wrong with the data before training; estimate what it needs."""
    from napari_uda.core.data.inspect import inspect
    from napari_uda.core.spec.experiment import Experiment

    chosen = Experiment.load(experiment)
    inspection = inspect(chosen.data, chosen.method)
    needed = None
    if measure and not inspection.first_error:
        needed = _estimated(chosen)
    return terminal.inspection(inspection, as_json, needed)


def estimate() -> int:
    """Read the workload of a run as JSON from stdin and write what it will need."""
    from napari_uda.core.api import estimate as measure
    from napari_uda.core.spec.config import parse
    from napari_uda.core.spec.workload import Workload

    workload = parse(Workload, json.loads(sys.stdin.read()))
    terminal.emit({"kind": "estimate", **measure(workload).model_dump()})
    return 0


def train(
    experiment: Annotated[
        Path | None, typer.Argument(help="Experiment file.", show_default=False)
    ] = None,
    settings: Settings = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="New folder for the run.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            help="Run to continue, or a prepared one to start.",
            callback=found_run,
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Train an experiment in a new run folder, or continue a run."""
    import psutil

    from napari_uda.core.spec.experiment import Experiment, runs_folder
    from napari_uda.core.spec.run import RunFolder

    # A start time is only known to a second or two; older requests do not count.
    since = psutil.Process().create_time() - 3.0
    if resume is not None:
        if experiment is not None or run is not None:
            raise UserError(
                "--resume takes no experiment, no settings and no --run: the run "
                "folder knows them all; to change settings, start a new run."
            )
        folder = RunFolder(resume)
        folder.experiment()
        state = folder.state()
        if state == "finished":
            terminal.say(f"{folder.path} is finished: nothing to do.", as_json)
            return 0
        if state == "paused":
            # Its trainer lives and waits, perhaps without the window that paused it.
            folder.request("resume")
            return run_terminal.follow(run_terminal.events_of(folder), folder, as_json)
    else:
        if experiment is None:
            raise UserError(
                "what shall be trained? Give an experiment file (napari-uda new makes "
                "one), or --resume RUN."
            )
        chosen = Experiment.load(experiment).override(settings or [])
        fresh = f"{chosen.name}-{time.strftime('%Y%m%d-%H%M%S')}"
        folder = RunFolder(run or runs_folder() / fresh)
        folder.require_new()
        if folder.path.is_dir() and any(folder.path.iterdir()):
            raise UserError(f"{folder.path} is not empty: give --run a new folder.")
        warnings = _check_before(chosen)
        folder.create(chosen)
        if not as_json:
            terminal.problems(warnings, stderr=True)
    return _continue(folder, since, as_json)


def standby() -> int:
    """Get ready to train, read the path of a run from stdin, and continue that."""
    import napari_uda.core.api  # noqa: F401
    from napari_uda.core.engine.warm_up import warm_up
    from napari_uda.core.spec.run import RunFolder

    warm_up()
    path = sys.stdin.buffer.readline().decode().strip()
    if not path:
        return 0  # nobody needs it any more
    folder = RunFolder(Path(path))
    with folder.log_file.open("ab") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())
    folder.experiment()
    return _continue(folder, time.time(), as_json=False)


def watch(run: Run, as_json: AsJson = False) -> int:
    """Show a run live, wherever it is trained."""
    from napari_uda.core.spec.run import RunFolder

    (folder := RunFolder(run)).require()
    code = run_terminal.follow(run_terminal.events_of(folder), folder, as_json)
    state = folder.state()
    if state == "prepared":
        run_terminal.how_to_resume("Not started yet", folder)
    if state == "dead":
        run_terminal.how_to_resume("The trainer vanished", folder)
        return 1
    return code


def _continue(folder: RunFolder, since: float, as_json: bool) -> int:
    """Train a prepared or stopped run, and follow it."""
    from napari_uda.core.api import resume

    with run_terminal.stopping(folder) as signals:
        events = run_terminal.logged(resume(folder.path, since), folder)
        try:
            code = run_terminal.follow(events, folder, as_json)
        except KeyboardInterrupt:
            run_terminal.how_to_resume("Interrupted", folder)
            return 130
    stopped = signals and folder.state() == "stopped"
    return 128 + signals[0] if stopped else code


def _estimated(experiment: Experiment) -> Estimate | str:
    """Return what a run will need, or why that cannot be told: never an error."""
    from napari_uda.core.api import estimate as measure

    try:
        return measure(experiment)
    except UserError as error:
        return str(error)
    except Exception as error:  # what fails here would fail in training, and says more
        return f"{type(error).__name__}: {error}"


def _check_before(experiment: Experiment) -> list[Problem]:
    """Refuse what cannot work before hours of training; returns warnings."""
    from napari_uda.core.data.inspect import inspect
    from napari_uda.core.engine.device import pick_device

    pick_device(experiment.training.device)
    found = inspect(experiment.data, experiment.method)
    if found.first_error:
        raise UserError(found.first_error)
    return [one for one in found.problems if one.level == "warning"]
