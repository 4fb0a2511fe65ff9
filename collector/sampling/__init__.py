"""The sampling process: decode budget, pipeline, metrics."""
