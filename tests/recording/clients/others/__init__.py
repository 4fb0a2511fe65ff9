"""Smaller frameworks, memories and gateways."""
