"""Suites of pins, run once against one endpoint: judged, settled and reported."""
