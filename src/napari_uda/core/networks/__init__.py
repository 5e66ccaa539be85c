"""Networks of the methods, in 2D and 3D."""
