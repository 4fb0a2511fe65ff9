"""A fuzz target: damaged sessions of real clients into the HTTP/2 server.

`make fuzz TARGET=http2_sessions SECONDS=60 SEED=1` takes what clients' libraries have
sent (`tests/golden/http2`), damages frames and their order, cuts the bytes anywhere,
and lets time pass. An exception of any kind, an answer that is no frame, or anything
held once the client has left, ends the run and leaves the session in
`fuzz-failure.http2`; `again` plays it once more.
"""

import asyncio
import itertools
import logging
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path

from fakes.grpc_caller import Caller
from fuzz.playing import from_command_line, play_again, play_for

from collector.net import h2_frames
from collector.otlp.export_result import ExportResult, refusal

SESSIONS = Path(__file__).parents[1] / "golden/http2"
_NUMBERS = (
    0,
    1,
    2,
    5,
    9,
    127,
    128,
    16_383,
    16_384,
    65_535,
    2**31 - 1,
    2**31,
    2**32 - 1,
)
_STREAMS = (0, 1, 2, 3, 5, 7, 9, 11, 2**31 - 1)
_A_SESSION_MOST = 60  # pieces


def frames_of(session: bytes) -> list[bytes]:
    """Cut what a client has sent into frames, the preface left out."""
    data, frames = session.removeprefix(h2_frames.PREFACE), []
    while len(data) >= h2_frames.HEAD.size:
        high, low, *_ = h2_frames.HEAD.unpack_from(data)
        end = h2_frames.HEAD.size + (high << 16 | low)
        frames.append(data[:end])
        data = data[end:]
    return frames


def _changed(frame: bytes, rng: random.Random) -> bytes:
    """Return one frame changed in its head or its payload, still of its own length."""
    _, _, kind, flags, stream = h2_frames.HEAD.unpack_from(frame)
    payload = bytearray(frame[h2_frames.HEAD.size :])
    match rng.randrange(8):
        case 0:
            kind = rng.randrange(12)
        case 1:
            flags ^= rng.choice((1, 4, 8, 32, 1 << rng.randrange(8)))
        case 2:
            stream = rng.choice(_STREAMS)
        case 3 if payload:
            payload[rng.randrange(len(payload))] ^= 1 << rng.randrange(8)
        case 4:
            at = rng.randrange(len(payload) + 1)
            payload[at : at + rng.randint(0, 8)] = rng.randbytes(rng.randrange(9))
        case 5 if len(payload) >= 4:
            at = rng.randrange(len(payload) - 3)
            payload[at : at + 4] = rng.choice(_NUMBERS).to_bytes(4, "big")
        case 6:
            del payload[rng.randrange(len(payload) + 1) :]
        case _:
            payload += bytes(rng.choice((1, 5, 200, 16_000)))
    return h2_frames.frame(
        kind, flags, stream, bytes(payload[: h2_frames.FIRST_FRAME_SIZE])
    )


def mutated(
    frames: list[bytes], others: list[bytes], rng: random.Random
) -> list[bytes]:
    """Return a session with one to six frames damaged, moved, doubled or foreign."""
    session = list(frames)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(session)) if session else 0
        match rng.randrange(7):
            case 0 if session:
                session[at] = _changed(session[at], rng)
            case 1 if session:
                session[at:at] = [session[at]] * rng.choice((1, 1, 2, 300))
            case 2 if session:
                del session[at]
            case 3 if session:
                session.append(session.pop(at))
            case 4:
                session.insert(at, _changed(rng.choice(others), rng))
            case 5:
                session.insert(at, rng.choice(others))
            case _:
                reset = h2_frames.number_frame(
                    h2_frames.RST_STREAM, rng.choice(_STREAMS), 8
                )
                session.insert(at, reset)
    return session


def pieces(data: bytes, rng: random.Random) -> list[bytes]:
    """Cut bytes as a network might; damage a few of them now and then."""
    if rng.random() < 0.1:
        at = rng.randrange(len(data))
        data = data[:at] + rng.randbytes(3) + data[at + rng.randrange(6) :]
    count = rng.choice((1, 2, 5, _A_SESSION_MOST))
    edges = sorted(rng.randrange(len(data) + 1) for _ in range(count - 1))
    edges = [0, *edges, len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]


async def play(data: bytes, rng: random.Random) -> None:
    """Play one session to its end; AssertionError where something is left of it."""
    failed: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: failed.append(str(context)))
    caller = Caller(streams=rng.choice((1, 4, 100)), greets=False)
    caller.answer = rng.choice(
        (ExportResult(), ExportResult(body=b"x" * 70_000), refusal(14, "w"))
    )
    caller.hold = asyncio.Event() if rng.random() < 0.3 else None
    for piece in pieces(data, rng):
        caller.sends(piece)
        match rng.randrange(12):
            case 0:
                caller.looks(rng.choice((0.1, 1, 25, 90)))
            case 1:
                caller.connection.pause_writing()
                caller.connection.resume_writing()
            case 2:
                caller.connection.start_drain()
            case 3 if caller.hold is not None:
                caller.hold.set()
            case 4 | 5 | 6:
                await asyncio.sleep(0)
    for _ in range(3):
        await asyncio.sleep(0)
    if not caller.wire.written.startswith(b"HTTP/1.1"):
        caller.wire.frames()
    caller.wire.closing = True
    caller.connection.connection_lost(None)
    for _ in range(6):
        await asyncio.sleep(0)
    assert failed == []
    assert caller.admission.reserved_bytes == 0
    assert caller.shared.open_streams == 0
    assert caller.shared.connections == set()


def run(seconds: float, seed: int, keep: Path, sessions: float = math.inf) -> int:
    """Fuzz for so long or so many; return the sessions played. Raises what it finds."""
    return play_for(
        (seconds, sessions), random.Random(seed), keep, damaged_sessions(), play
    )


def damaged_sessions() -> Callable[[random.Random], bytes]:
    """Return what makes damaged sessions of those that clients have sent."""
    seeds = [frames_of(file.read_bytes()) for file in sorted(SESSIONS.iterdir())]
    every = [frame for frames in seeds for frame in frames]

    def damaged(rng: random.Random) -> bytes:
        frames = mutated(rng.choice(seeds), every, rng)
        return h2_frames.PREFACE + b"".join(frames)

    return damaged


def again(kept: bytes) -> None:
    """Play once more what a run has kept."""
    play_again(kept, play)


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    # Questions fail all the time.
    logging.getLogger("collector").setLevel(logging.ERROR)
    return from_command_line(__doc__, run, "fuzz-failure.http2", "sessions", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
