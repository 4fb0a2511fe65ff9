"""Scorers of a team's own: contract, confined process, checks for authors, adapters."""
