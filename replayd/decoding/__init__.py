"""Decoders of media, in a confined process of their own: bytes in, measures out."""
