"""Drills: known faults put into answers, to measure what a verdict would catch."""
