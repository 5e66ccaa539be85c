"""The torch-free language of napari-uda: data, experiments, events and run folders."""
