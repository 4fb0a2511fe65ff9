"""Own code beside the library that could replace it, interleaved, in processor time.

python bench/libraries.py hpack | stdnum [--repetitions 7]

`hpack`: header blocks of a client whose deadline differs in each request, as exporters
of Go and Python send them (indexed, Huffman-coded), read by `collector.net.h2_hpack`
and by the library's decoder. `stdnum`: check digits of valid and invalid numbers, by
`snaptrace.redact.text.check_digits` and by python-stdnum (not a dependency: install it
first). docs/adr/0047-own-code-against-libraries.md has the decisions.
"""

import argparse
import importlib
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent)]

import hpack  # noqa: E402

from collector.net.h2_hpack import TABLE_BYTES, HeaderReader  # noqa: E402
from snaptrace.redact.text import check_digits  # noqa: E402

_BLOCKS, _NUMBERS = 5_000, 2_000
_HEADERS = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
    (":authority", "otel-collector.monitoring.svc:4317"),
    ("content-type", "application/grpc"),
    ("user-agent", "OTel OTLP Exporter Go/1.38.0 grpc-go/1.76.0"),
    ("te", "trailers"),
)
# Name there, name in python-stdnum, how many digits to draw.
_KINDS = (
    ("is_iban", "iban", 0),
    ("luhn", "luhn", 16),
    ("is_sin", "ca.sin", 9),
    ("is_nir", "fr.nir", 15),
    ("is_cpf", "br.cpf", 11),
    ("is_aadhaar", "in_.aadhaar", 12),
    ("is_pesel", "pl.pesel", 11),
    ("is_steuer_id", "de.idnr", 11),
    ("is_bsn", "nl.bsn", 9),
    ("is_ssn", "us.ssn", 9),
)


def spent(work: Callable[[], object]) -> float:
    """Return the processor seconds of one run."""
    began = time.process_time()
    work()
    return time.process_time() - began


def compared(
    sides: dict[str, Callable[[], object]], each: int, repetitions: int
) -> dict[str, list[float]]:
    """Return microseconds per item of each side, its runs interleaved."""
    found: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(repetitions):
        for side, work in sides.items():
            found[side].append(spent(work) / each * 1e6)
    return found


def header_blocks() -> list[bytes]:
    """Return blocks whose `grpc-timeout` was never sent before."""
    encoder, rng = hpack.Encoder(), random.Random(1)
    return [
        encoder.encode((*_HEADERS, ("grpc-timeout", f"{rng.randrange(10**6, 10**7)}u")))
        for _ in range(_BLOCKS)
    ]


def hpack_sides() -> tuple[dict[str, Callable[[], object]], int]:
    """Return both decoders, each on a connection of its own."""
    blocks = header_blocks()

    def own() -> None:
        reader = HeaderReader(lambda fields: fields, TABLE_BYTES)
        for block in blocks:
            reader.read(block)

    def library() -> None:
        decoder = hpack.Decoder()
        for block in blocks:
            decoder.decode(block, raw=True)

    return {"own": own, "library": library}, len(blocks)


def stdnum_sides() -> tuple[dict[str, Callable[[], object]], int]:
    """Return both checks over the same numbers; prints where they disagree."""
    rng, rows = random.Random(2), []
    for own, module, digits in _KINDS:
        mine = getattr(check_digits, own)
        theirs = importlib.import_module(f"stdnum.{module}").is_valid
        numbers = [
            "".join(rng.choices("0123456789", k=digits)) for _ in range(_NUMBERS)
        ]
        if not digits:
            numbers = [f"DE{rng.randrange(10**20):020}" for _ in range(_NUMBERS)]
        rows.append((mine, theirs, numbers))
        both = [(mine(n), theirs(n)) for n in numbers]
        print(
            f"{own:14} own {sum(a for a, _ in both):5} library "
            f"{sum(b for _, b in both):5} disagree {sum(a != b for a, b in both):5}"
        )

    def run(side: int) -> None:
        for row in rows:
            for number in row[2]:
                row[side](number)

    return {"own": lambda: run(0), "library": lambda: run(1)}, len(rows) * _NUMBERS


def main(argv: list[str]) -> int:
    """Print the microseconds of both sides and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=("hpack", "stdnum"))
    parser.add_argument("--repetitions", type=int, default=7)
    arguments = parser.parse_args(argv)
    sides, each = hpack_sides() if arguments.library == "hpack" else stdnum_sides()
    found = compared(sides, each, arguments.repetitions)
    for side, values in found.items():
        print(f"{side:8} {statistics.median(values):8.2f} us  {min(values):.2f} least")
    ratio = statistics.median(found["library"]) / statistics.median(found["own"])
    print(f"library / own {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
