"""Other settings for a run that has failed with those that it had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uda.core.errors import UserError

from .config import parse
from .events import Warned
from .experiment import Experiment

if TYPE_CHECKING:
    from .run import RunFolder


def amend(run: RunFolder, settings: dict[str, Any]) -> Experiment:
    """Change settings of a run's method; its events tell when.

    Parameters
    ----------
    run
        A run that nobody trains.
    settings
        Settings that networks do not depend on, such as `batch_size`.

    Returns
    -------
    Experiment
        The run as it will go on.

    Raises
    ------
    UserError
        If the run is being trained, a value is not allowed, or nothing can be written.
    """
    if run.owner() is not None:
        raise UserError(
            f"{run.id} is being trained: stop it before its settings are changed."
        )
    before = run.experiment()
    method = {**before.method.model_dump(), **settings}
    changed = parse(Experiment, {**dict(before), "method": method})
    step = max((event.step for event in run.history()), default=0)
    words = ", ".join(
        f"{name} = {value} instead of {getattr(before.method, name)}"
        for name, value in settings.items()
    )
    try:
        changed.save(run.experiment_file)
        run.append(
            Warned(
                run=run.id,
                step=step,
                code="amended",
                message=f"From step {step} on with {words}, to need less memory.",
            )
        )
    except OSError as error:
        raise UserError(
            f"{run.path} cannot be written ({error.strerror}): its settings stay as "
            "they were."
        ) from None
    return changed
