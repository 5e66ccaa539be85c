"""The desktop: napari widgets around runs; imports no torch."""
