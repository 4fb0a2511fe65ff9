"""Folding of results into evidence per stream and slice."""
