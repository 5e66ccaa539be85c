"""Run the command line: `python -m napari_uda`."""

from __future__ import annotations

from napari_uda.cli import main

if __name__ == "__main__":
    main()
