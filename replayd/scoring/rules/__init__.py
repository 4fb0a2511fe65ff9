"""Scorers: one rule each."""
