"""Unsupervised domain adaptation of segmentation, in napari and without it."""
