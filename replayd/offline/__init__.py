"""Replays and suites that run once, from the command line."""
