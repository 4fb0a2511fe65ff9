"""The confined process that decodes media: bytes in, traits out.

It has no network, keys or environment, a bound on its memory and on the processor time
of one medium. A medium on which it dies has no traits; the next one a new process.
"""

import contextlib
import os
import resource
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from replayd.decoding.generated import picture, speech, speech_pcm
from replayd.decoding.images import image_traits
from replayd.decoding.pages import document_traits
from replayd.decoding.sounds import sound_traits
from snaptrace.sandbox.confinement import confine
from snaptrace.sandbox.process import serve

MOST_MEMORY_BYTES = 2 * 2**30
_BY_KIND: dict[str, Callable[[bytes], Mapping[str, Any]]] = {
    "image": image_traits,
    "audio": sound_traits,
    "document": document_traits,
    "picture": picture,
    "speech": speech,
    "speech_pcm": speech_pcm,
}


def measured(kind: str, data: bytes) -> bytes:
    """Return the measures of one medium as JSON; whatever fails, none."""
    found: Mapping[str, Any] = {}
    with contextlib.suppress(Exception):
        found = _BY_KIND[kind](data)
    return msgspec.json.encode(found)


def _main() -> None:
    confine()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints spoils nothing
    serve(measured, sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
