"""Resolving media referenced by URL, beside the pipeline."""
