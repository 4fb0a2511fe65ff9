"""Metrics, health and self-tracing of the sidecar."""
