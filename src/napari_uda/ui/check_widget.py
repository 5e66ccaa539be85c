"""Translate images with a run, and look whether the anatomy is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_uda.core.errors import UserError

from .changing import change
from .check_inputs import CheckInputs, Original
from .check_pairs import Pair, pair_of, pair_of_file, pair_of_layers
from .child import Failure, Progress
from .layers import to_layer_axes
from .listening import Latest, Listener
from .news import News
from .page import page_of
from .parting import Parting
from .progress import show_progress
from .review import Review
from .review_panel import ReviewPanel
from .run_choice import has_checkpoint
from .session import METADATA_KEY, Session, role_of
from .shared_key import SharedKey
from .translating import (
    Looks,
    Translated,
    TranslateRequest,
    Translator,
    find_looks,
)
from .words import count_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

LINES = 2
"""Lines that what is said has room for."""
VERDICTS = "verdicts.csv"
"""File of verdicts, in the report folder of a run or, without one, among the runs."""


class CheckWidget(QWidget):
    """Check translations: compare, measure, accept or reject.

    Parameters
    ----------
    napari_viewer
        The viewer whose layers are offered and that shows the comparison.
    """

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("napari-uda check")
        Parting(self)
        self.session = Session.of(napari_viewer)
        self.command: list[str] | None = None
        self.inputs = CheckInputs(self.session)
        self.panel = ReviewPanel(self.session)
        self.panel.hide()
        self._work = Latest(self)
        self._search = Latest(self)
        self._looks: Looks | None = None
        self._checkpoint = ""
        self._chosen: list[Original] = []
        self._results: list[Translated] = []
        self._judge = ""
        self._failed = False
        self._why = ""
        self._make_widgets()
        self._connect()
        self._on_runs_changed()
        self.inputs.refresh()

    def _make_widgets(self) -> None:
        self.translate = QPushButton("Translate")
        self.cancel = QPushButton("Cancel")
        self.cancel.setShortcut("Escape")
        self.news = News(LINES)
        self.message, self.bar = self.news.message, self.news.bar
        self.news.mend(self.inputs.device, self.translate)
        actions = QHBoxLayout()
        actions.addWidget(self.translate, 1)
        actions.addWidget(self.cancel)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(2, 2, 6, 2)
        column.setSpacing(8)
        column.addWidget(self.inputs)
        column.addLayout(actions)
        column.addWidget(self.news)
        column.addWidget(self.panel)
        column.addStretch(1)
        scroll = page_of(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(scroll)

    def _connect(self) -> None:
        session = self.session
        session.runs_changed.connect(self._on_runs_changed)
        session.job_changed.connect(self._on_runs_changed)
        session.run_selected.connect(self._on_runs_changed)
        session.choices_changed.connect(self._on_layers_changed)
        listener = Listener(self)
        events = session.viewer.layers.events
        for emitter in (events.inserted, events.removed, events.reordered):
            listener.connect(emitter, self._on_layers_changed)
        self.inputs.valueChanged.connect(self._refresh)
        self.translate.clicked.connect(self._on_translate_clicked)
        SharedKey("Ctrl+Return", self.translate)
        self.cancel.clicked.connect(self._on_cancel_clicked)
        self.panel.said.connect(self._say)
        for work in (self.panel.measuring, self.panel.saving):
            work.busy_changed.connect(self._refresh)

    def _on_runs_changed(self, *_: Any) -> None:
        """Offer the runs that have a checkpoint and whose method translates."""
        runs = [run for run in self.session.runs() if has_checkpoint(run)]
        worker = thread_worker(find_looks)(runs)
        self._search.start(worker, self._on_looks_found)

    def _on_looks_found(self, found: list[Looks]) -> None:
        self._search.done()
        self.inputs.set_looks(found)
        self.inputs.refresh()

    def _on_layers_changed(self, _event: Any = None) -> None:
        self.inputs.refresh()

    def _refresh(self) -> None:
        """Enable what can work, and say why the rest cannot."""
        busy, layers = self._work.busy, self.inputs.compares_layers
        self.translate.setText("Compare" if layers else "Translate")
        why = "A translation is under way." if busy else self.inputs.problem()
        hint = (
            "Look at both layers"
            if layers
            else "Translate the images with this run, and look at the result"
        )
        self.translate.setEnabled(not why)
        self.translate.setToolTip(why or f"{hint} (Ctrl+Return).")
        lasting = "" if busy or self.panel.review is not None else why
        if lasting or self.message.text() == self._why:
            self._say(lasting)
        self._why = lasting
        ending = self._ending()
        self.cancel.setEnabled(ending is not None)
        self.cancel.setToolTip(
            f"{ending[0]} (Escape)."
            if ending
            else "Nothing to cancel: nothing is under way."
        )

    def _ending(self) -> tuple[str, Callable[[], None]] | None:
        """Return what Cancel does now, in words, and how; None if there is nothing."""
        panel = self.panel
        if self._work.busy:
            return "End the translation; nothing of it is kept", self._stop_translating
        if panel.saving.busy:
            return "End the report; no file is made of it", panel.saving.stop
        if panel.busy:
            return "Measure no more; what is measured stays", panel.measuring.stop
        return None

    def _say(self, text: str) -> None:
        self.news.say(text)

    def _on_translate_clicked(self) -> None:
        if self._work.busy or self.inputs.problem():
            return
        try:
            if self.inputs.compares_layers:
                self._compare()
            else:
                self._translate()
        except UserError as error:
            self._say(str(error))

    def _compare(self) -> None:
        pair = pair_of_layers(*self.inputs.two())
        file = self.session.runs_folder / VERDICTS
        self._open(Review([pair], file), {"Translation": pair.translation})

    def _translate(self) -> None:
        looks, originals = self.inputs.looks(), self.inputs.originals()
        assert looks is not None
        request = TranslateRequest(
            looks.run,
            self.inputs.checkpoint.currentText(),
            tuple((one.input, one.to) for one in originals),
            *self.inputs.judging(),
            self.inputs.device.value(),
        )
        self._judge = (request.judge or looks.run).title
        self._checkpoint = request.checkpoint
        translator = Translator(request, self.command)
        self._looks, self._chosen = looks, originals
        self._results, self._failed = [], False
        self._say("")
        self.news.begin("starting")
        worker = thread_worker(translator.events)()
        self._work.start(worker, self._on_told, self._on_translated, translator.cancel)
        self._refresh()

    def _on_told(self, told: Progress | Translated | Failure) -> None:
        if isinstance(told, Progress):
            show_progress(self.bar, told)
        elif isinstance(told, Translated):
            self._results.append(told)
        else:
            self._failed = True
            self.news.fail(told)

    def _on_translated(self) -> None:
        self._work.done()
        self.news.end()
        if self._results and not self._failed:
            try:
                self._show_results()
            except UserError as error:
                self._say(str(error))
        self._refresh()

    def _show_results(self) -> None:
        looks = self._looks
        assert looks is not None
        step = self._results[0].step
        checkpoint = self._checkpoint + ("" if step is None else f", step {step}")
        what = f"{looks.run.id}, {checkpoint}"  # titles change, and verdicts stay
        pairs = []
        for result, chosen in zip(self._results, self._chosen, strict=True):
            pair = (
                pair_of_file(result, what)
                if chosen.pair is None
                else pair_of(chosen.pair, result.data, what, result.to, result.window)
            )
            if isinstance(result.masks, str):
                pair.note = result.masks
            else:
                pair.masks = result.masks
            if chosen.pair is not None:
                self._add_layer(pair, looks)
            pairs.append(pair)
        about = {
            "Run": looks.run.title,
            "Method": looks.method,
            "Checkpoint": checkpoint,
            "Look": " and ".join(dict.fromkeys(f"of the {pair.to}" for pair in pairs)),
        }
        folders = dict.fromkeys(map(_folder_of, self._chosen))
        if names := [name for name in folders if name]:
            about["Folder of images"] = ", ".join(names)
        if any(pair.masks is not None for pair in pairs):
            about["Masks found by"] = self._judge
        self._open(Review(pairs, looks.run.report / VERDICTS), about)
        self._say(f"{count_text(len(pairs), 'image')} translated ({checkpoint}).")

    def _add_layer(self, pair: Pair, looks: Looks) -> None:
        """Offer a translation as a layer of its own, to be saved or used elsewhere."""
        viewer = self.session.viewer
        name = f"{pair.name} \N{MIDDLE DOT} look of the {pair.to} ({looks.run.title})"
        data = to_layer_axes(pair.translated, pair.axes)
        for layer in viewer.layers:
            about = layer.metadata.get(METADATA_KEY, {})
            ours = role_of(layer) == "translation" and about.get("of") == name
            # What was renamed is to stay.
            if ours and about["called"] == layer.name and layer.ndim == data.ndim:
                layer.data = data
                change(layer, **pair.place)
                return
        active = viewer.layers.selection.active
        layer = viewer.add_image(
            data,
            name=name,
            contrast_limits=pair.limits[1],
            visible=False,
            metadata={METADATA_KEY: {"role": "translation", "kind": "image"}},
            **pair.place,
        )
        layer.metadata[METADATA_KEY] |= {"of": name, "called": layer.name}
        viewer.layers.selection.active = active

    def _open(self, review: Review, about: dict[str, str]) -> None:
        self._say("")
        self.panel.show()
        self.panel.open(review, about)
        self._refresh()

    def _on_cancel_clicked(self) -> None:
        if ending := self._ending():
            ending[1]()

    def _stop_translating(self) -> None:
        self._work.stop()
        self.news.end()
        self._say("Cancelled; nothing was kept.")
        self._refresh()


def _folder_of(original: Original) -> str:
    """Return the name of the folder of a file; no path, which tells where it was."""
    if (path := original.input.path) is None:
        return ""
    folder = path.resolve().parent
    return folder.parent.name if folder.name == "images" else folder.name
