"""Sampling settings of an import: past calls arrive at once, and without a deadline.

All of them fall into the window in which the import runs. The live limits of one window
would keep a few hundred calls of a month, and fewer the faster the files are read.
"""

from msgspec.structs import replace

from collector.config.relay import CollectorConfig
from snaptrace.runtime.config import ByteSize

_WINDOW_BYTES = ByteSize(4 * 2**30)  # of content on disk, until it is stored


def for_import(config: CollectorConfig, keep: int) -> CollectorConfig:
    """Return the settings under which `keep` traces are kept per service and modality.

    More than that are sampled uniformly, as live.
    """
    reservoir, seal = config.reservoir, config.seal
    return replace(
        config,
        tap=replace(config.tap, decode_budget=0),
        reservoir=replace(
            reservoir,
            size=keep,
            window_bytes=max(reservoir.window_bytes, _WINDOW_BYTES),
        ),
        # What is sealed waits for its upload all at once.
        seal=replace(seal, spool_bytes=max(seal.spool_bytes, _WINDOW_BYTES)),
    )
