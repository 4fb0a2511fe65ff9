"""Requests made ready to send: hygiene, model profiles, parameters."""
