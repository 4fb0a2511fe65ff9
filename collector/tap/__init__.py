"""The tap: from the relay to the sampling process, without waiting."""
