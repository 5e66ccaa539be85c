"""Names of files to save get their ending, and nothing is replaced unasked."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QFileDialog, QMessageBox

from napari_uda.ui.asking import ask_file


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Type a name, answer a question; returns what is to be written, and questions."""
    questions = []

    def ask(typed, answer="No"):
        questions.clear()
        name = str(tmp_path / typed) if typed else ""
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, ""))

        def question(_parent, _title, text):
            questions.append(text)
            return getattr(QMessageBox.StandardButton, answer)

        monkeypatch.setattr(QMessageBox, "question", question)
        found = ask_file(None, "Scores", "scores.csv", "CSV (*.csv)")
        return found and found.name, list(questions)

    return ask


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("a", "a.csv"),
        ("a.csv", "a.csv"),
        ("a.txt", "a.txt"),
        ("GRL v1.2", "GRL v1.2.csv"),
        ("", None),
    ],
)
def test_a_name_without_an_ending_gets_it(asked, typed, name):
    assert asked(typed) == (name, [])


def test_a_file_that_the_dialog_did_not_ask_about_is_not_replaced_unasked(
    asked, tmp_path
):
    (tmp_path / "a.csv").touch()
    question = f"{tmp_path / 'a.csv'} exists already. Replace it?"
    assert asked("a") == (None, [question])
    assert asked("a", "Yes") == ("a.csv", [question])
    assert asked("a.csv") == ("a.csv", [])  # the dialog has asked
