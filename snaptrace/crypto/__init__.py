"""Encryption at rest and keyed digests."""
