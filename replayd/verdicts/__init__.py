"""From evidence to verdicts, and what a gate answers."""
