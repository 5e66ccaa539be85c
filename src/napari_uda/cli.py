"""The command line: the same runs as in napari, without it."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from napari_uda import terminal
from napari_uda.core.errors import UserError
from napari_uda.options import (
    AsJson,
    Axes,
    Device,
    Images,
    Overwrite,
    Part,
    Run,
    Settings,
    Unit,
    VoxelSize,
    Which,
    parsed_sizes,
)

if TYPE_CHECKING:
    from napari_uda.core.data.inspection import Problem
    from napari_uda.core.spec.experiment import Experiment

app = typer.Typer(
    name="napari-uda",
    help="Unsupervised domain adaptation for segmentation: train on labelled source "
    "images, segment unlabelled target images.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# Typer brings its own copy of click or uses the installed one, by version.
_UsageError: Any = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; exits with 0 (done), 1 (failed) or 2 (the input is wrong)."""
    # Spinning OpenMP threads would take the cores from the napari window beside us.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    logging.getLogger("lightning_fabric.utilities.rank_zero").setLevel(logging.WARNING)
    as_json = "--json" in (sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(arguments, standalone_mode=False, prog_name="napari-uda")
        sys.stdout.flush()
    except UserError as error:
        terminal.error(str(error), as_json)
        code = 2
    except _UsageError as error:
        command = getattr(error.ctx, "command_path", "napari-uda")
        said = error.format_message().removesuffix(".").replace("Value error, ", "")
        terminal.error(f"{said}: see {command} --help.", as_json)
        code = 2
    except BrokenPipeError:
        # Whoever read our output, such as `head`, has enough of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        code = terminal.file_error(error, as_json)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    sys.exit(code or 0)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show it.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        terminal.say(f"napari-uda {version_of('napari-uda')}")
    elif context.invoked_subcommand is None:
        terminal.say(context.get_help())


@app.command()
def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Train, predict and report; no window.")
    ] = False,
    method: Annotated[str, typer.Option(help="Method to compare with.")] = "grl",
    out: Annotated[
        Path | None,
        typer.Option(help="New folder for data, runs and report (headless)."),
    ] = None,
) -> int:
    """Run the main job on the built-in sample pair."""
    from napari_uda.core.spec.methods import method_config

    method_config(method)
    if headless:
        return _headless_demo(method, out or _new_folder("demo-report"))
    if importlib.util.find_spec("napari") is None:
        raise UserError(
            "napari is not installed, so there is no window: pip install "
            "'napari-uda[all]', or add --headless."
        )
    command = [sys.executable, "-m", "napari_uda.ui.launch", "--demo"]
    return subprocess.call([*command, "--method", method])


def _new_folder(name: str) -> Path:
    """Return the first of name, name-2, name-3, ... that does not exist."""
    path, number = Path(name), 1
    while path.exists():
        number += 1
        path = Path(f"{name}-{number}")
    return path


def _headless_demo(method: str, folder: Path) -> int:
    from napari_uda.core.demo import BASELINE, run_demo
    from napari_uda.samples import write

    if method == BASELINE:
        raise UserError(f"the demo compares a method with {BASELINE}: choose another.")
    if folder.exists():
        raise UserError(f"{folder} exists: give --out a new folder, or remove it.")
    data = write("em-pair", folder / "em-pair")
    result = run_demo(data, folder, method, terminal.follow)
    if result is None:
        return 1
    page, rows = result
    terminal.comparison(rows)
    terminal.say(f"Report: {page}")
    return 0


@app.command()
def samples(
    name: Annotated[str, typer.Argument(help="Sample pair to write.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="New folder to write the pair to.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the built-in sample pairs, or write one of them to a folder."""
    from napari_uda.samples import SAMPLES, write

    if not name:
        rows = [{"name": n, "description": s.description} for n, s in SAMPLES.items()]
        terminal.table(rows, as_json)
        return
    folder = write(name, out or Path(name))
    terminal.say(
        f"Wrote {folder}. Next: napari-uda new grl --source {folder / 'source'} "
        f"--target {folder / 'target'}",
        as_json,
        folder=folder,
    )


@app.command()
def methods(
    name: Annotated[str, typer.Argument(help="Method to explain.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the methods, or every setting of one."""
    from napari_uda.core.spec.describe import describe_fields
    from napari_uda.core.spec.methods import METHODS, method_config

    if not name:
        rows = [
            {"name": key, "title": kind.title, "summary": kind.summary}
            for key, kind in METHODS.items()
        ]
        terminal.table(rows, as_json)
        return
    config = type(method_config(name))
    terminal.table(describe_fields(config), as_json, title=config.summary)


@app.command()
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


@app.command()
def check(
    experiment: Annotated[Path, typer.Argument(help="Experiment file.")],
    as_json: AsJson = False,
) -> int:
    """Look for anything wrong with the data before training."""
    from napari_uda.core.data.inspect import inspect
    from napari_uda.core.spec.experiment import Experiment

    chosen = Experiment.load(experiment)
    inspection = inspect(chosen.data, chosen.method)
    return terminal.inspection(inspection, as_json)


@app.command()
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
        typer.Option("--resume", help="Run to continue, or a prepared one to start."),
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
            return terminal.follow(terminal.events_of(folder), folder, as_json)
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
    from napari_uda.core.api import resume as continue_run

    with terminal.stopping(folder) as signals:
        events = terminal.logged(continue_run(folder.path, since), folder)
        try:
            code = terminal.follow(events, folder, as_json)
        except KeyboardInterrupt:
            terminal.how_to_resume("Interrupted", folder)
            return 130
    stopped = signals and folder.state() == "stopped"
    return 128 + signals[0] if stopped else code


@app.command()
def watch(run: Run, as_json: AsJson = False) -> int:
    """Show a run live, wherever it is trained."""
    from napari_uda.core.spec.run import RunFolder

    (folder := RunFolder(run)).require()
    code = terminal.follow(terminal.events_of(folder), folder, as_json)
    state = folder.state()
    if state == "prepared":
        terminal.how_to_resume("Not started yet", folder)
    if state == "dead":
        terminal.how_to_resume("The trainer vanished", folder)
        return 1
    return code


@app.command()
def predict(
    run: Run,
    images: Images,
    out: Annotated[Path, typer.Option(help="Folder for the labels.")],
    checkpoint: Which = "best",
    split: Part = None,
    domain: Annotated[
        Literal["source", "target"], typer.Option(help="Where the images come from.")
    ] = "target",
    probability: Annotated[
        bool, typer.Option("--probability", help="Also write probabilities.")
    ] = False,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Also write the uncertainty.")
    ] = False,
    overwrite: Overwrite = False,
    voxel_size: VoxelSize = None,
    unit: Unit = "um",
    axes: Axes = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Segment images with a trained run."""
    size = parsed_sizes(voxel_size)
    from napari_uda.core.api import predict as predict_images

    with terminal.predicting(as_json) as report:
        predict_images(
            run, images, out, checkpoint=checkpoint, device=device, report=report,
            domain=domain, split=split, probability=probability, unit=unit, size=size,
            uncertainty=uncertainty, overwrite=overwrite, axes=axes,
        )  # fmt: skip


@app.command()
def translate(
    run: Run,
    images: Images,
    out: Annotated[Path, typer.Option(help="Folder for the translated images.")],
    to: Annotated[
        Literal["source", "target"], typer.Option(help="Look that they shall have.")
    ],
    checkpoint: Which = "best",
    split: Part = None,
    overwrite: Overwrite = False,
    voxel_size: VoxelSize = None,
    unit: Unit = "um",
    axes: Axes = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Give images of one domain the look of the other, as float32 in [-1, 1]."""
    size = parsed_sizes(voxel_size)
    from napari_uda.core.api import translate as translate_images

    with terminal.predicting(as_json) as report:
        translate_images(
            run, images, out, to=to, checkpoint=checkpoint, device=device,
            report=report, split=split, overwrite=overwrite, size=size, unit=unit,
            axes=axes,
        )  # fmt: skip


@app.command()
def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Label file or folder.")],
    labels: Annotated[Path, typer.Argument(help="True label file or folder.")],
    out: Annotated[
        Path | None, typer.Option(help="CSV file for the scores of every image.")
    ] = None,
    surface: Annotated[
        bool, typer.Option(help="Measure surface distances, which takes longest.")
    ] = True,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Score predictions against true labels."""
    from napari_uda.core.inference.scores import evaluate as score
    from napari_uda.core.metrics.report import summarise, write_csv

    if out is not None and out.exists() and not overwrite:
        raise UserError(f"{out} exists: choose another --out, or add --overwrite.")
    rows = score(predictions, labels, surface=surface)
    if out is not None:
        write_csv(rows, out)
    terminal.scores(rows, summarise(rows), as_json)


def _check_before(experiment: Experiment) -> list[Problem]:
    """Refuse what cannot work before hours of training; returns warnings."""
    from napari_uda.core.data.inspect import inspect
    from napari_uda.core.engine.device import pick_device

    pick_device(experiment.training.device)
    found = inspect(experiment.data, experiment.method)
    if found.first_error:
        raise UserError(found.first_error)
    return [one for one in found.problems if one.level == "warning"]
