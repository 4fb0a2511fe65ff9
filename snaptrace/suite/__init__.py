"""A suite as a file: what to pin, what to assert, what to ignore."""
