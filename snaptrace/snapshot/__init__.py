"""The snapshot: what it holds, how it is written, where it lies."""
