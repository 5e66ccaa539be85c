"""What there is: the demo, the sample pairs, the methods."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from napari_uda import run_terminal, terminal
from napari_uda.commands import shown
from napari_uda.core.errors import UserError
from napari_uda.options import AsJson


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
    source, target = folder / "source", folder / "target"
    following = (
        f"new source_only --source {source} --target {target}"
        if target.is_dir()
        else f"drr {source} --out radiographs"
    )
    terminal.say(
        f"Wrote {folder}. Next: napari-uda {following}",
        as_json,
        folder=folder,
    )


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
    words = " ".join(filter(None, (config.summary, config.needs, config.prefer)))
    terminal.table(describe_fields(config), as_json, title=words)


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
    result = run_demo(data, folder, method, run_terminal.follow)
    if result is None:
        return 1
    page, rows = result
    shown.comparison(rows)
    terminal.say(f"Report: {page}")
    return 0
