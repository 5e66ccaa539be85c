"""Train, load, predict, translate, score: the whole of napari-uda for scripts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_uda.core.engine.build import build_method
from napari_uda.core.engine.checkpoint import load_checkpoint
from napari_uda.core.engine.device import pick_device, set_threads, use_bfloat16
from napari_uda.core.engine.estimate import estimate
from napari_uda.core.engine.trainer import Trainer
from napari_uda.core.errors import UserError
from napari_uda.core.inference.files import Prediction, predict_files
from napari_uda.core.inference.model import Model
from napari_uda.core.inference.s_score import score_translations
from napari_uda.core.inference.scores import evaluate
from napari_uda.core.inference.translations import Translation, translate_files
from napari_uda.core.spec.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_uda.core.inference.images import Progress
    from napari_uda.core.metrics.report import Row
    from napari_uda.core.spec.domain import DomainName, Split
    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.experiment import Experiment

__all__ = [
    "estimate", "evaluate", "load", "predict", "resume", "s_score", "train",
    "translate",
]  # fmt: skip

CHECKPOINTS = ("best", "last")


def train(experiment: Experiment, run: str | Path) -> Iterator[Event]:
    """Train an experiment in a new run folder, yielding events.

    Parameters
    ----------
    experiment
        What to train.
    run
        Folder to make; it must not hold a run yet.

    Yields
    ------
    Event
        The last one is Finished, Stopped or Failed.

    Raises
    ------
    UserError
        If the folder holds a run or cannot be written.
    """
    since = time.time()
    folder = RunFolder(run)
    folder.create(experiment)
    yield from Trainer(folder, since).events()


def resume(run: str | Path, since: float | None = None) -> Iterator[Event]:
    """Start a prepared run, or continue one from its last checkpoint.

    Parameters
    ----------
    run
        Folder of the run.
    since
        Requests to pause or stop that are older (seconds since 1970) are not obeyed;
        by default those made before this call.

    Yields
    ------
    Event
        The last one is Finished, Stopped or Failed.

    Raises
    ------
    UserError
        If the folder holds no run, or another process trains it.
    """
    yield from Trainer(RunFolder(run), time.time() if since is None else since).events()


def load(run: str | Path, checkpoint: str = "best", device: str = "auto") -> Model:
    """Load a trained model.

    Parameters
    ----------
    run
        Folder of the run.
    checkpoint
        `best` or `last`.
    device
        auto, cpu, cuda, cuda:1 or mps.

    Raises
    ------
    UserError
        If there is no such run or checkpoint, or the checkpoint is damaged.
    """
    folder = RunFolder(run)
    experiment = folder.experiment()
    if checkpoint not in CHECKPOINTS:
        raise UserError(
            f"there is no checkpoint '{checkpoint}': choose {' or '.join(CHECKPOINTS)}."
        )
    path = folder.checkpoints / f"{checkpoint}.pt"
    if not path.exists():
        raise UserError(_no_checkpoint(folder, experiment, checkpoint))
    where = pick_device(device)
    set_threads(experiment.training)
    content = load_checkpoint(path, where)
    method = build_method(experiment).to(where)
    networks: dict[str, Any] = content["average"]
    try:
        for name, state in networks.items():
            method.get_submodule(name).load_state_dict(state)
    except (RuntimeError, AttributeError):
        raise UserError(
            f"{path} does not fit the experiment of its run: experiment.yaml was "
            "changed after training."
        ) from None
    method.eval().requires_grad_(False)
    coarse = use_bfloat16(experiment.training, where, experiment.method.dims)
    return Model(method, experiment, where, coarse, content.get("step"))


def predict(
    run: str | Path,
    images: Iterable[str | Path],
    out: str | Path,
    *,
    checkpoint: str = "best",
    device: str = "auto",
    report: Callable[[Progress | Prediction], None] | None = None,
    **options: Any,
) -> list[Prediction]:
    """Segment image files with a trained run and write their labels.

    Parameters
    ----------
    run
        Folder of the run.
    images
        Image files, or folders of images.
    out
        Where to write; labels get the stem, format and geometry of their image.
    checkpoint, device
        As in `load`.
    report
        Called with progress and results while the work goes on.
    **options
        Those of `napari_uda.core.inference.files.predict_files`.

    Returns
    -------
    list[Prediction]
        What was written, in the order of the images.

    Raises
    ------
    UserError
        If an image cannot be read or segmented, or a file would be overwritten.
    """
    model = load(run, checkpoint, device)
    about = {"run": RunFolder(run).id, "checkpoint": checkpoint}
    return predict_files(
        model, [Path(image) for image in images], Path(out), about, report, **options
    )


def translate(
    run: str | Path,
    images: Iterable[str | Path],
    out: str | Path,
    *,
    to: DomainName,
    checkpoint: str = "best",
    device: str = "auto",
    report: Callable[[Progress | Translation], None] | None = None,
    masks: bool = False,
    judge: str | Path | None = None,
    **options: Any,
) -> list[Translation]:
    """Give image files the look of the other domain with a trained run.

    Parameters
    ----------
    run
        Folder of the run.
    images
        Image files of the other domain, or folders of images.
    out
        Where to write; results are float32 in [-1, 1] and get the stem, format and
        geometry of their image.
    to
        The domain whose look the images shall have.
    checkpoint, device
        As in `load`.
    report
        Called with progress and results while the work goes on.
    masks
        Also write the masks that a segmenter of the new look finds in the translations,
        and one of the old look in the images: does the translation keep them?
    judge
        Folder of the run that finds the masks; by default the one that translates.
    **options
        Those of `napari_uda.core.inference.translations.translate_files`.

    Returns
    -------
    list[Translation]
        What was written, in the order of the images.

    Raises
    ------
    UserError
        If the method does not translate, the judge does not fit, an image cannot be
        read, or a file would be overwritten.
    """
    model = load(run, checkpoint, device)
    about = {"run": RunFolder(run).id, "checkpoint": checkpoint}
    other = model if masks else None
    if judge is not None and RunFolder(judge).path != RunFolder(run).path:
        other = load(judge, checkpoint, device)
        about["judge"] = RunFolder(judge).id
    return translate_files(
        model, [Path(image) for image in images], Path(out), about, report, to=to,
        judge=other, **options,
    )  # fmt: skip


def s_score(
    run: str | Path,
    judge: str | Path,
    data: str | Path,
    *,
    to: DomainName,
    split: Split | None = None,
    checkpoint: str = "best",
    device: str = "auto",
    report: Callable[[Progress], None] | None = None,
    left_out: Callable[[list[str]], None] | None = None,
) -> list[Row]:
    """Score the shapes in translated images with the segmenter of the other look.

    Parameters
    ----------
    run
        Folder of a run of a method that translates.
    judge
        Folder of a run whose segmenter learned the look of `to` from labels.
    data
        Data folder with labelled images of the other domain.
    to
        The domain whose look the images are given.
    split
        Only this split of the data folder.
    checkpoint, device
        As in `load`, for both runs.
    report
        Called with progress while the work goes on.
    left_out
        Called with the names of images without labels, if there are any.

    Returns
    -------
    list[Row]
        One row per image and structure; `metrics.report.mean_dice` of them is the
        S-score.

    Raises
    ------
    UserError
        If the method does not translate, both runs do not fit together, or no image
        has labels.
    """
    if RunFolder(run).path == RunFolder(judge).path:
        raise UserError(
            "a run cannot judge its own translations, which its segmenter may have "
            "been trained on: choose another run as judge."
        )
    translator, other = (load(one, checkpoint, device) for one in (run, judge))
    return score_translations(
        translator, other, Path(data), to=to, split=split, report=report,
        left_out=left_out,
    )  # fmt: skip


def _no_checkpoint(folder: RunFolder, experiment: Experiment, checkpoint: str) -> str:
    """Say why a run has no such checkpoint, and what to do about it."""
    started = (folder.checkpoints / "last.pt").exists()
    if checkpoint == "best" and started and folder.owner() is not None:
        first = min(experiment.training.validate_every, experiment.method.steps)
        return (
            f"{folder.id} is still training: its first 'best' checkpoint comes at step "
            f"{first:,} (choose 'last' meanwhile)."
        )
    if checkpoint == "best" and started:
        return (
            f"{folder.id} ended before its first 'best' checkpoint: choose 'last', or "
            "let it train further (resume it)."
        )
    return (
        f"{folder.path} has no checkpoint {checkpoint}.pt yet: train it first with "
        f"train --resume {folder.path}."
    )
