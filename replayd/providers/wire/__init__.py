"""Encodings that providers share: event streams, JSON, posts."""
