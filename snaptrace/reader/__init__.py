"""Reads a store from Python: `snaptrace.open(url)`. Synchronous, for notebooks too."""

from snaptrace.reader.call import Blob, Call
from snaptrace.reader.reader import Reader
from snaptrace.snapshot.weighted_estimate import Estimate

__all__ = ["Blob", "Call", "Estimate", "Reader"]
