"""Metric families of the relay and their exposition."""
