"""The commands, in groups; each is a function that `napari_uda.cli` lists."""
