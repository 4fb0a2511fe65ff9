"""Export of snapshots in the shapes that other tools read as datasets."""

from snaptrace.export.shapes import SHAPES, Shape, row

__all__ = ["SHAPES", "Shape", "row"]
