"""Pairs, hours and money that a verdict will need."""
