"""Scorers of what must hold whatever is asked."""
