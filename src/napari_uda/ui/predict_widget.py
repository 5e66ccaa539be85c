"""Predict with a run, look at the result over the truth, and score it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtWidgets import QApplication, QWidget

from napari_uda.core.errors import UserError

from .baselines import Baselines, find_baselines
from .child import Failure, Progress
from .listening import Latest, Listener
from .predict_form import SAVE_HINT, WHERE_HINT, PredictForm
from .predict_inputs import Chosen, PredictInputs
from .predicted_layers import PredictedLayers
from .predicting import Predictor, PredictRequest, PredictResult
from .progress import Count, move, show_progress
from .run_choice import has_checkpoint
from .saving import new_folder, save_masks, save_scores
from .scored import Scored, score_safely
from .session import Session
from .shared_key import SharedKey
from .words import count_text

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from qtpy.QtGui import QHideEvent, QShowEvent

    from napari_uda.core.metrics.gain import Gain

    from .overlays import Overlay, Side, View

MOST_SHOWN = 8
"""Predicted layers whose masks become layers at once; of files it is the first alone.
All are scored, and a row of the table shows any."""

KEPT = "What you painted before stays in {names}."


class PredictWidget(PredictForm):
    """Predict layers or files with a run, before and after adaptation.

    Parameters
    ----------
    napari_viewer
        The viewer whose layers are offered and that shows the results.
    """

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        self.session = Session.of(napari_viewer)
        self.inputs = PredictInputs(self.session)
        super().__init__(self.inputs, parent)
        self.setObjectName("napari-uda predict")
        self.command: list[str] | None = None
        self._work = Latest(self)
        self._search = Latest(self)
        self._chosen: list[Chosen] = []
        self._results: list[PredictResult] = []
        self._layers = PredictedLayers(self.session.viewer, self.session.stage)
        self._scores: list[Scored] = []
        self._request: PredictRequest | None = None
        self._failed, self._why = False, ""
        self._count = Count(0)
        self._connect()
        self._on_run_changed()
        self._on_runs_changed()
        self.inputs.refresh()

    def _connect(self) -> None:
        session, viewer = self.session, self.session.viewer
        session.runs_changed.connect(self._on_runs_changed)
        session.job_changed.connect(self._on_runs_changed)
        session.run_selected.connect(self._on_runs_changed)
        session.choices_changed.connect(self._on_layers_changed)
        listener = Listener(self)
        events = viewer.layers.events
        for emitter in (events.inserted, events.removed, events.reordered):
            listener.connect(emitter, self._on_layers_changed)
        listener.connect(viewer.dims.events.ndisplay, self._layers.refresh)
        self.run.currentIndexChanged.connect(self._on_run_changed)
        self.inputs.valueChanged.connect(self._refresh)
        self.inputs.truthChanged.connect(self._on_truth_changed)
        self.predict.clicked.connect(self._on_predict_clicked)
        SharedKey("Ctrl+Return", self.predict)
        self.cancel.clicked.connect(self._on_cancel_clicked)
        self.shown.viewChosen.connect(self._show_view)
        self.shown.sideChosen.connect(self._show_side)
        self.shown.bind_keys(viewer)
        self.scores.imageChosen.connect(self._on_image_chosen)
        self.scores.sideChosen.connect(self._show_side)
        self.head.measureChosen.connect(self.scores.setMeasure)
        self.checkpoint.currentIndexChanged.connect(self._refresh)
        self.copy.clicked.connect(self._on_copy_clicked)
        self.csv.clicked.connect(self._on_csv_clicked)
        self.save.clicked.connect(self._on_save_clicked)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Show what was predicted, as it was left."""
        super().showEvent(event)
        self._layers.away = False
        if self._results:
            self._layers.take_stage()
            for number in range(self._first()):
                if number not in self._layers:
                    self._add_layers(number)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Leave the canvas to others, as soon as they have something to show."""
        self._layers.away = True
        self._layers.give_up_stage()
        super().hideEvent(event)

    def _show_view(self, view: View) -> None:
        self.shown.show_view(view)
        self._layers.view = view
        self._apply()

    def _show_side(self, side: Side) -> None:
        self.shown.show_side(side)
        self._layers.side = side
        self._apply()
        self._name_save()

    def _apply(self) -> None:
        """Show the layers as chosen; if all were removed, make them again."""
        for number in self._layers.begin_again():
            self._add_layers(number)
        self._layers.apply()

    def _name_save(self) -> None:
        """Say in the tooltip whose masks the button saves."""
        hint = SAVE_HINT.format(run=self.shown.run)
        out = self._request.out if self._request else None
        if out is not None and self.shown.side == "after":
            hint += f"\n{WHERE_HINT.format(folder=out)}"
        self.save.setToolTip(hint)

    def _on_runs_changed(self, *_: Any) -> None:
        """Offer the runs that have a checkpoint; keep the choice, or follow it."""
        runs = [run for run in self.session.runs() if has_checkpoint(run)]
        self.run.setRuns(runs, self.session.selected_run)
        self._refresh()

    def _on_run_changed(self, _index: int = 0) -> None:
        run = self.run.run()
        self.baseline.clear()
        self.baseline.addItem("with nothing", None)
        if run is not None:
            worker = thread_worker(find_baselines)(run, self.session.runs())
            self._search.start(worker, self._on_baselines_found)
        self._refresh()

    def _on_baselines_found(self, found: Baselines) -> None:
        self._search.done()
        for run in found.same_data:
            self.baseline.addItem(f"with {run.title}", run)
        if found.default is not None:
            self.baseline.setCurrentIndex(found.same_data.index(found.default) + 1)

    def _on_layers_changed(self, _event: Any = None) -> None:
        self.inputs.refresh()

    def _refresh(self) -> None:
        """Enable what can work, and say why the rest cannot."""
        busy = self._work.busy
        why = (
            "A prediction is under way."
            if busy
            else "Train a run first: there is none with a checkpoint."
            if self.run.run() is None
            else self.inputs.problem()
        )
        self.predict.setEnabled(not why)
        self.predict.setToolTip(
            why or "Predict the images with this run (Ctrl+Return)."
        )
        lasting = "" if busy or self._results else why
        if lasting or self.message.text() == self._why:
            self._say(lasting)
        self._why = lasting
        self.cancel.setEnabled(busy)
        self.cancel.setToolTip(
            "End the prediction; nothing of it is kept (Escape)."
            if busy
            else "Nothing to cancel: no prediction is under way."
        )
        self.shown.setVisible(bool(self._layers))
        scored = any(item.after for item in self._scores)
        self.scores.setVisible(scored or self.scores.lists_images())
        self.head.setVisible(scored)
        stale = scored and self._request is not None and not self._asks(self._request)
        self.head.set_stale(stale)
        self.scores.set_stale(stale)
        self.gain.setVisible(scored and bool(self.gain.text()))
        self.copy.setVisible(scored)
        self.csv.setVisible(scored)
        self.save.setVisible(bool(self._results))
        truth = any(item.truth is not None for item in self._scores)
        self.shown.set_truth(truth)

    def _asks(self, request: PredictRequest) -> bool:
        """Tell whether run and checkpoint are still those of a request."""
        run = self.run.run()
        same = run is not None and run.path == request.run.path
        return same and self.checkpoint.currentText() == request.checkpoint

    def _say(self, text: str) -> None:
        self.news.say(text)

    def _on_predict_clicked(self) -> None:
        run = self.run.run()
        if run is None or self._work.busy or self.inputs.problem():
            return
        self.inputs.keep()
        try:
            chosen = self.inputs.value()
        except UserError as error:
            self._say(str(error))
            return
        out = new_folder(run.predictions) if self.inputs.uses_files() else None
        request = PredictRequest(
            run,
            self.checkpoint.currentText(),
            tuple(item.input for item in chosen),
            out,
            self.probability.isChecked(),
            self.uncertainty.isChecked(),
            self.baseline.currentData(),
            self.device.value(),
        )
        predictor = Predictor(request, self.command)
        self._request = request
        self._chosen, self._results, self._scores = chosen, [], []
        self._failed = False
        self._layers.start()
        before, after = (title.replace("\n", ", ") for title in request.titles[::-1])
        self.shown.set_runs(before, after)
        self._name_save()
        self.scores.clear()
        self._say("")
        self.news.begin("starting")
        worker = thread_worker(predictor.events)()
        self._work.start(worker, self._on_told, self._on_predicted, predictor.cancel)
        self._refresh()

    def _on_told(self, told: Progress | PredictResult | Failure) -> None:
        if isinstance(told, Progress):
            show_progress(self.bar, told)
        elif isinstance(told, PredictResult):
            self._show_result(told)
        else:
            self._failed = True
            self.news.fail(told)

    def _show_result(self, result: PredictResult) -> None:
        number = len(self._results)
        self._results.append(result)
        if number < self._first() and not self._layers.away:
            self._add_layers(number)

    def _first(self) -> int:
        """Return how many results become layers at once."""
        of_files = self._results[0].input.layer is None
        return min(len(self._results), 1 if of_files else MOST_SHOWN)

    def _add_layers(self, number: int) -> Overlay:
        """Make the layers of a result, with its truth if it was scored."""
        result, chosen = self._results[number], self._chosen[number]
        overlay = self._layers.add(number, result, chosen)
        if number < len(self._scores):
            self._layers.give_truth(number, self._scores[number])
        return overlay

    def _on_predicted(self) -> None:
        self._work.done()
        self.news.end()
        if self._results and not self._failed:
            text = f"{count_text(len(self._results), 'image')} predicted."
            if (file := self._results[0].file) is not None:
                text += f" The masks are in {file.parent}."
            if kept := self._layers.kept:
                text += f" {KEPT.format(names=', '.join(kept))}"
            if len(self._layers) < len(self._results):
                text += " A row of the table shows its image."
            self._say(text)
            self._score()
        self._refresh()

    def _on_cancel_clicked(self) -> None:
        self._work.stop()
        self.news.end()
        self._say("Cancelled; nothing was kept." if not self._results else "")
        self._refresh()

    def _on_truth_changed(self) -> None:
        if not self._results or self._work.busy or len(self._chosen) != 1:
            return
        old = self._chosen[0]
        # The truth of another image, chosen since, says nothing of this one.
        if old.image is not None and self.inputs.image.layer() is old.image:
            truth = self.inputs.truth.layer()
            if truth is not old.truth:
                self._chosen = [Chosen(old.input, old.image, old.axes, truth)]
                self._score()

    def _score(self) -> None:
        """Score what was predicted, in a worker."""
        if self._request is None:
            return
        self._scores = []
        self.gain.setText("")
        truths = [chosen.truth_array() for chosen in self._chosen]
        worker = thread_worker(score_safely)(list(self._results), truths, self._request)
        self._work.start(worker, self._on_scored, self._on_all_scored)
        self._count = Count(len(self._results))
        self.news.begin("scoring")
        self._refresh()

    def _on_scored(self, found: Scored | Gain | str) -> None:
        if isinstance(found, str):
            self._say(found)
            return
        if not isinstance(found, Scored):
            self.gain.setMarked(found.level, f"{found.text}.")
            return
        number = len(self._scores)
        self._scores.append(found)
        done = round(1000 * (number + 1) / len(self._results))
        move(self.bar, done, f"scoring {self._count.next()}")
        self._layers.give_truth(number, found)

    def _on_all_scored(self) -> None:
        self._work.done()
        self.news.end()
        after = [row for item in self._scores for row in item.after]
        before = [row for item in self._scores for row in item.before]
        classes = self._results[0].classes.values() if self._results else ()
        assert self._request is not None
        titles = self._request.titles
        images = [_name(item) for item in self._scores if item.after]
        self.scores.setMeasure(self.head.chosen)
        self.scores.show_rows(
            after,
            before,
            {item.name: item.color for item in classes},
            [_name(item) for item in self._scores if not item.after],
            runs=titles,
        )
        self.head.name(
            self._request.run.title,
            self._request.checkpoint,
            images[0] if len(images) == 1 else count_text(len(images), "image"),
            bool(before),
        )
        if after and self._request.out is not None:
            self.session.runs_changed.emit()  # the list of runs tells the new Dice
        self._refresh()
        self._layers.refresh()
        if (first := self._layers.get(0)) is not None and self._layers.in_charge:
            self.session.viewer.layers.selection.active = first.labels[0]
        if (shown := self._layers.shown) is not None and shown < len(self._scores):
            self.scores.mark(_name(self._scores[shown]))
        self._on_truth_changed()  # it may have been chosen meanwhile

    def _on_image_chosen(self, name: str) -> None:
        """Show the image of a row; one of many files gets its layers only now."""
        for number, scored in enumerate(self._scores):
            if name not in {_name(scored), *(row["image"] for row in scored.after)}:
                continue
            if self._layers.get(number) is None:
                overlay = self._add_layers(number)
                if overlay.kept:
                    self._say(KEPT.format(names=", ".join(overlay.kept)))
            self._layers.show(number)
            return

    def _on_copy_clicked(self) -> None:
        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(self.scores.text())

    def _on_csv_clicked(self) -> None:
        request = self._request
        if request and (text := save_scores(self, request, self._scores)):
            self._say(text)

    def _on_save_clicked(self) -> None:
        overlays = [self._layers.get(i) for i in range(len(self._results))]
        side, run = self.shown.side, self.shown.run
        if text := save_masks(self, self._results, overlays, side, run):
            self._say(text)


def _name(scored: Scored) -> str:
    return scored.result.input.name
