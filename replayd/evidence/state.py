"""State of a scoreboard and its serialised form: a cache of the fold, never the truth.

A checkpoint that does not check out is dropped and the results are folded anew.
"""

from hashlib import blake2b

import msgspec
from msgspec import Struct, field

from replayd.errors import DamagedResultError
from replayd.evidence.aa_test import AaTestStates
from replayd.evidence.judge_queue import JudgeState
from replayd.evidence.tallies import ModalityTally, StreamTally
from replayd.evidence.watched_slices import SliceWatchState
from replayd.stats import StreamState

MAGIC = b"snapboard3"  # a new number: older checkpoints are folded anew
DIGEST_BYTES = 16


class AwaitedPair(Struct, frozen=True, array_like=True):
    """A pair of the adjudication stream that cannot be counted yet."""

    number: int
    discordant: bool  # False: the arms agree, difference 0, only its turn is awaited


class BoardState(Struct):
    """Everything that folding results in order leaves behind."""

    epoch: str
    next_number: int = 0
    later: tuple[str, ...] = ()  # modalities that came after the start, in order
    streams: dict[str, StreamState] = field(default_factory=dict)
    tallies: dict[str, ModalityTally] = field(default_factory=dict)
    slice_tallies: dict[str, StreamTally] = field(default_factory=dict)
    noise: AaTestStates = field(default_factory=AaTestStates)
    watch: SliceWatchState = field(default_factory=SliceWatchState)
    waiting: dict[str, list[AwaitedPair]] = field(default_factory=dict)  # by modality
    unjudged: int = 0
    judge: dict[str, JudgeState] = field(default_factory=dict)  # by modality
    # By stream: when the pair was committed that last changed its verdict.
    changed_at_ns: dict[str, int] = field(default_factory=dict)
    folded_at_ns: int = 0  # when the newest pair was committed


def encode(state: BoardState) -> bytes:
    """Return magic, digest and body; equal states give equal bytes."""
    body = msgspec.msgpack.encode(state)
    return MAGIC + _digest(body) + body


def decode(data: bytes, epoch: str) -> BoardState:
    """Return the state of `epoch`.

    Raises:
        DamagedResultError: cut, altered, of another release or epoch: fold anew.
    """
    head = len(MAGIC) + DIGEST_BYTES
    if data[: len(MAGIC)] != MAGIC:
        raise DamagedResultError("checkpoint", "of another release, or none at all")
    body = data[head:]
    if data[len(MAGIC) : head] != _digest(body):
        raise DamagedResultError("checkpoint", "its digest does not match")
    try:
        state = msgspec.msgpack.decode(body, type=BoardState)
    except msgspec.DecodeError as error:
        raise DamagedResultError("checkpoint", str(error)) from None
    if state.epoch != epoch:
        raise DamagedResultError("checkpoint", "of another epoch")
    return state


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=DIGEST_BYTES).digest()
