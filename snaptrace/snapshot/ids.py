"""Unkeyed ids."""

import hashlib


def snapshot_id(trace_id: bytes, span_id: bytes) -> str:
    """Return the snapshot id of this span: 32 hex digits."""
    return hashlib.blake2b(trace_id + span_id, digest_size=16).hexdigest()
