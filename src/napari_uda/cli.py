"""The command line: the same runs as in napari, without it."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, Literal

import typer

from napari_uda import terminal
from napari_uda.commands.drr import drr
from napari_uda.commands.inference import predict, translate
from napari_uda.commands.overview import demo, methods, samples
from napari_uda.commands.scoring import compare, evaluate, s_score, table
from napari_uda.commands.training import check, estimate, new, standby, train, watch
from napari_uda.core.errors import UserError

COMMANDS = (
    demo,
    samples,
    drr,
    methods,
    new,
    check,
    train,
    watch,
    predict,
    translate,
    evaluate,
    s_score,
    compare,
    table,
)
"""In the order of `napari-uda --help`."""

app = typer.Typer(
    name="napari-uda",
    help="Unsupervised domain adaptation for segmentation: train on labelled source "
    "images, segment unlabelled target images.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for _command in COMMANDS:
    app.command()(_command)
for _asked in (estimate, standby):  # by the window, for its child processes
    app.command(hidden=True)(_asked)

# Typer brings its own copy of click or uses the installed one, by version.
_UsageError: Any = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


NO_MEMORY = (
    "There is too little memory: stop what else uses the device, such as a training, "
    "or choose another one (--device cpu)."
)
"""What is said instead of a traceback where the memory of a device is full."""
NO_ROOM = (
    "There is too little memory: close what else uses it, such as a training, or give "
    "smaller images."
)
"""The same of the machine's own memory."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command; exits with 0 (done), 1 (failed) or 2 (the input is wrong)."""
    # Spinning OpenMP threads would take the cores from the napari window beside us.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
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
    except (MemoryError, RuntimeError) as error:
        if (which := _lacking_memory(error)) is None:
            raise
        said = NO_MEMORY if which == "device" else NO_ROOM
        terminal.error(said, as_json, memory=which)
        code = 1
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    sys.exit(code or 0)


def _lacking_memory(error: Exception) -> Literal["device", "machine"] | None:
    """Tell whose memory is full, if that is it; torch is not imported for that."""
    if "torch" not in sys.modules:
        return "machine" if isinstance(error, MemoryError) else None
    from napari_uda.core.engine.failure import is_memory_of_device, is_out_of_memory

    if not is_out_of_memory(error):
        return None
    return "device" if is_memory_of_device(error) else "machine"


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
