"""The sidecar: forward everything, sample model calls."""
