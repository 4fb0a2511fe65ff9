"""Compares recorded input tokens with those of the control's replay."""
