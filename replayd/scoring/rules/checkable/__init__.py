"""Scorers of answers that can be checked value by value."""
