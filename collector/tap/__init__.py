"""The tap: non-blocking hand-over from the relay to the sampling process."""
