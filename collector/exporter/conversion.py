"""Conversion of request bodies between encodings, beside the event loop.

What is small is converted at once. What is large is converted in one thread, one body
after the other: the interpreter lets the loop turn meanwhile, and bodies that take
seconds cannot take all processor time together.
"""

import asyncio
import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from collector.errors import BodyUndecodableError
from collector.otlp.signals import OtlpRequest

SMALL_BYTES: Final = 65_536  # some milliseconds
# Values of a JSON body: each becomes objects of hundreds of bytes, in one piece. An
# export of 512 spans with a hundred attributes each has some 350,000.
MOST_VALUES: Final = 2**19
_SWITCH_SECONDS: Final = 0.0005
_COMMAS_A_VALUE: Final = 8  # prose has commas too

T = TypeVar("T")


class Conversions:
    """Runs conversions of whatever size."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None

    async def run(self, convert: Callable[[bytes, str], T], request: OtlpRequest) -> T:
        """Return what `convert` makes of a request's body and signal.

        Raises:
            BodyUndecodableError: as `convert` says, or too many values.
        """
        if len(request.body) <= SMALL_BYTES:
            return convert(request.body, request.signal)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "conversion")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _yielding, convert, request)

    def close(self) -> None:
        """Wait for nobody; a conversion that runs is finished in vain."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)


def _yielding(convert: Callable[[bytes, str], T], request: OtlpRequest) -> T:
    """Convert, and give the interpreter back to the loop as soon as it asks.

    By default a thread keeps it for five milliseconds, and a request of somebody else
    asks a dozen times.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.disable()  # a tree of values has no cycles, and each search would stop all
    try:
        if request.encoding == "json" and values_of_json(request.body) > MOST_VALUES:
            raise BodyUndecodableError("the body holds too many values to be converted")
        return convert(request.body, request.signal)
    finally:
        gc.enable()
        sys.setswitchinterval(before)


def values_of_json(body: bytes) -> int:
    """Return about how many values a JSON body holds, without reading it.

    Quotes within strings are escaped, so long texts count for little.
    """
    quotes = body.count(b'"') - body.count(b'\\"')
    opened = body.count(b"{") + body.count(b"[")
    return quotes // 2 + opened + body.count(b",") // _COMMAS_A_VALUE
