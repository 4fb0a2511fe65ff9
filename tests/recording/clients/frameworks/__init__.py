"""The calls through agent and chain frameworks."""
