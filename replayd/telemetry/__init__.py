"""Metrics and OTLP export of the daemon."""
