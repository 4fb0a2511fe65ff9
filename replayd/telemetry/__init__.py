"""Metrics and OTLP export of the daemon itself."""
