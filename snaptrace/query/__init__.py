"""Filters over snapshots: one language for `ls`, `export`, `replay` and suites."""
