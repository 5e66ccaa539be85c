"""Where to save: a name without its ending gets it, and nothing is replaced unasked."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget


def ask_file(parent: QWidget, title: str, start: str, kinds: str) -> Path | None:
    """Ask for a file to write; None if the user gave up.

    Parameters
    ----------
    parent
        Widget that asks.
    title
        Title of the dialog.
    start
        Name that is proposed; its ending is given to names that have none.
    kinds
        Kinds of files, as Qt writes them.
    """
    name, _ = QFileDialog.getSaveFileName(parent, title, start, kinds)
    if not name:
        return None
    path, ending = Path(name), Path(start).suffix
    if path.suffix[1:].isalpha():  # "v1.2" ends in none
        return path
    return path_to_write(parent, path.with_name(f"{path.name}{ending}"))


def path_to_write(parent: QWidget, path: Path) -> Path | None:
    """Ask whether to replace a file of which the dialog for files did not know.

    Parameters
    ----------
    parent
        Widget that asks.
    path
        Its name, with an ending that was not typed.
    """
    if not path.is_file():
        return path
    answer = QMessageBox.question(
        parent, "Replace file?", f"{path} exists already. Replace it?"
    )
    return path if answer == QMessageBox.StandardButton.Yes else None
