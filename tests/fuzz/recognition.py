"""A fuzz target: damaged recordings through recognition, until time is up.

`make fuzz SECONDS=60 SEED=1` mutates real exports (bits, splices, cuts, repeats, JSON
bombs) and feeds them in. An exception, or a request that takes beyond its bound, ends
the run and leaves the input in `fuzz-failure.binpb`; put it into the golden requests.
"""

import random
import sys
import time
from pathlib import Path

import msgspec
from fuzz.playing import from_command_line
from measure.recordings import from_archive

from collector.otlp.signals import OtlpRequest
from collector.recognise.recogniser import Recogniser

ARCHIVE = Path(__file__).parents[1] / "golden/corpus/recordings.tar.zst"
# CPU seconds of one request: far beyond what a megabyte of honest spans costs.
SLOWEST_SECONDS = 5.0
_BOMBS = (b"[" * 5000, b'{"a":' * 3000, b"9" * 5000, b'"' * 3, b"\\", b"{}", b"null")
_WHOLE_FRAMES = (4, 5)  # damage that leaves the protobuf framing as it was
_ANY = (0, 1, 2, 3, 4, 5, 6)


def mutated(body: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Return `body` with one to eight pieces damaged."""
    data = bytearray(body)
    # Most of what breaks the framing is refused at once and tells little.
    kinds = _WHOLE_FRAMES if rng.random() < 0.8 else _ANY
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data) + 1)
        match rng.choice(kinds):
            case 0 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                del data[at : at + rng.randint(1, 64)]
            case 2:
                data[at:at] = data[at : at + rng.randint(1, 256)]
            case 3:
                other = rng.choice(others)
                start = rng.randrange(len(other))
                data[at:at] = other[start : start + rng.randint(1, 512)]
            case 4:
                bomb = rng.choice(_BOMBS)[: len(data) - at]
                data[at : at + len(bomb)] = bomb
            case 5:
                data[at : at + 1] = bytes([rng.randrange(32, 127)])[: len(data) - at]
            case _:
                del data[at:]
    return bytes(data)


def run(seconds: float, seed: int, keep: Path) -> int:
    """Fuzz for so long; return how many requests were fed. Raises what it finds."""
    rng = random.Random(seed)
    seeds = [export for case in from_archive(ARCHIVE) for export in case.exports]
    bodies = [export.body for export in seeds]
    recogniser, fed = Recogniser(), 0
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        origin: OtlpRequest = rng.choice(seeds)
        body = mutated(origin.body, bodies, rng)
        encoding = rng.choice(["protobuf"] * 9 + ["json"])
        request = msgspec.structs.replace(
            origin, body=body, encoding=encoding, received_at_ns=fed * 10**9
        )
        started = time.process_time()
        try:
            for call in recogniser.feed(request):
                msgspec.to_builtins(call.snapshot.fidelity)
            for call in recogniser.due(fed * 10**9):
                msgspec.to_builtins(call.snapshot.fidelity)
            spent = time.process_time() - started
            assert spent < SLOWEST_SECONDS, f"request {fed} took {spent:.1f} s"
        except BaseException:
            keep.write_bytes(body)
            raise
        fed += 1
    return fed


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    return from_command_line(__doc__, run, "fuzz-failure.binpb", "requests", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
