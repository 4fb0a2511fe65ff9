"""Scorers of a team's own, beside the built-in ones."""
