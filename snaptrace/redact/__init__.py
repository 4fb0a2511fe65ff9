"""Redaction: what may be stored of a recorded call or of a replayed answer."""
