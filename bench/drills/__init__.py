"""Benchmark of drills: time of a certificate, and what it says of known material."""
