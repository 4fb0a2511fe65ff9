"""Limits on requests, tokens and money, and what has been spent."""
