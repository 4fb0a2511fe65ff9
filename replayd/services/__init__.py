"""Long-running services of the daemon."""
