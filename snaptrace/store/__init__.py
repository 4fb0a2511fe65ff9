"""The store: segments, media, pins and results on any backend."""
