"""How good a segmentation is: overlap, surface distance, tables, pictures, report."""
