"""Messages between leader and workers: one number out, one reply back."""

from typing import Literal

import zstandard
from msgspec import Struct

from replayd.model import PairAnswers, PairResult, Planned
from snaptrace.snapshot import codec

# How a delivery came to its end:
# - `answered`: the arms were asked, and the pair was judged.
# - `unsent`: the case can be sent to neither arm.
# - `declined`: nothing was sent; the number may go to another worker.
# - `lost`: it was delivered before and nobody said what became of it.
# - `failed`: a defect of ours; it may have been sent.
End = Literal["answered", "unsent", "declined", "lost", "failed"]
LARGEST_REPLY_BYTES = 1 << 30  # unpacked, read from the store
COMPRESSED_FROM_BYTES = 4096
_ZSTD = b"\x28\xb5\x2f\xfd"


class Job(Struct, frozen=True, kw_only=True):
    """One number for a worker."""

    canary: str  # arm name
    epoch: str
    term: int  # of the leadership that published it
    delivery: int  # how often this number was published in this term
    settings: str  # digest of what leader and worker have to agree on
    model: str  # that the canary is asked for: a declaration may change it
    planned: Planned
    deadline_seconds: float  # for both arms, from when they are asked
    fresh: bool  # the first try of the case


class Reply(Struct, frozen=True, kw_only=True):
    """Outcome of one delivery."""

    epoch: str
    term: int
    number: int
    delivery: int
    worker: str
    end: End
    reason: str = ""  # from a bounded set
    # Of one try; redacted, or without content where that is impossible or not wanted.
    answers: PairAnswers | None = None
    result: PairResult | None = None
    withheld: bool = False  # answers could not be redacted: none may be stored
    retry_after_seconds: float = 0.0  # as asked by an arm
    quota: dict[str, str] = {}  # the control's rate-limit headers that are numbers
    seconds: float = 0.0  # from the first call to the last answer
    stored: str = ""  # object that holds this reply, too large to travel


_jobs = codec.Decoder(Job)
_replies = codec.Decoder(Reply)


def packed(message: Job | Reply) -> bytes:
    """Return a message as bytes."""
    plain = codec.encode(message)
    if len(plain) < COMPRESSED_FROM_BYTES:
        return plain
    return zstandard.ZstdCompressor(level=1).compress(plain)


def job(data: bytes) -> Job:
    """Read a job.

    Raises:
        ValueError: the bytes are none.
    """
    return _jobs.decode(_plain(data))


def reply(data: bytes) -> Reply:
    """Read a reply.

    Raises:
        ValueError: the bytes are none.
    """
    return _replies.decode(_plain(data))


def _plain(data: bytes) -> bytes:
    if not data.startswith(_ZSTD):
        return data
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= LARGEST_REPLY_BYTES:
            raise ValueError(f"claims {size} bytes")
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None
