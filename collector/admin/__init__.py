"""The sidecar's own metrics, health and traces."""
