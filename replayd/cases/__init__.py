"""Which snapshots are replayed, and in which order."""
