"""One server with a model behind it: connections, limits, one attempt at a time.

An attempt ends in a typed outcome, whatever the server does; it never raises but for
cancellation. Retrying is `replayd.replay`'s business, because a retry is of the pair.
"""

import asyncio
import logging
import random
import ssl
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Struct
from msgspec.structs import replace

from replayd.arms.authentication import Authentication
from replayd.arms.availability import Availability, Call, kind_of
from replayd.arms.concurrency_limit import (
    LONGEST_OBEYED_SECONDS,
    ConcurrencyLimit,
    ConcurrencyLimitState,
    Sign,
)
from replayd.arms.http_client import HttpClient, HttpResponse
from replayd.arms.outcomes import is_outage
from replayd.providers.contract import (
    REPLAY_HEADER,
    Provider,
    ProviderRequest,
    Reading,
)
from snaptrace.runtime.clock import Clock
from snaptrace.streams.lenient_json import mended_text

TOLD_SECONDS = 60.0  # a longer Retry-After is logged, once for all calls in flight
READ_BYTES = 65_536
LINE_BYTES = 64  # that a line of a stream counts for, beside what it holds
_KEPT = ("content-type", "retry-after", "retry-after-ms")
_KEPT_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-")

log = logging.getLogger(__name__)


class EndpointSettings(Struct, frozen=True, kw_only=True):
    """Where one endpoint is and what it may cost in connections and memory."""

    name: str
    url: str  # without a trailing slash
    auth_headers: dict[str, str] = {}  # of a key that stays the same
    authentication: Authentication | None = None  # of one that does not
    headers: dict[str, str] = {}
    concurrency: int = 32
    max_response_bytes: int = 64 * 2**20
    availability: float = 0.9  # share of time below which it flaps
    ca_file: str = ""
    proxy: str = ""


class Attempt(Struct, frozen=True, kw_only=True):
    """Result of one request."""

    reading: Reading
    latency_ms: float = 0.0
    retry_after_seconds: float = 0.0
    headers: dict[str, str] = {}  # rate-limit headers and the content type

    @property
    def quota(self) -> dict[str, str]:
        """The rate-limit headers alone; the record of an answer keeps them."""
        return {k: v for k, v in self.headers.items() if k.startswith(_KEPT_PREFIXES)}


class CallName(Struct, frozen=True):
    """Whose call it is: what fails by itself is told from an outage by it."""

    case: str = ""
    fresh: bool = True  # the first try


class _TooLargeError(Exception):
    """The response passes the bound; the rest is not read."""


class Endpoint:
    """A connection pool to one base URL, and the throttle that guards it.

    Use as an asynchronous context manager; connections close at its end.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        provider: Provider,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.name, self.provider = settings.name, provider
        self._settings, self._clock = settings, clock
        self._throttle = ConcurrencyLimit(settings.concurrency, rng)
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._wake: asyncio.TimerHandle | None = None
        self._wire: HttpClient | None = None
        self._now: Callable[[], float] = _loop_time
        self.availability = Availability(
            lambda: self._now(),  # noqa: PLW0108 - it changes
            settings.availability,
        )

    async def __aenter__(self) -> Self:
        """Open the pool."""
        settings = self._settings
        self._now = asyncio.get_running_loop().time  # asked many times per call
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        self._wire = HttpClient(
            settings.url,
            {
                "accept-encoding": "identity",
                "user-agent": "snaptrace-replayd",
                REPLAY_HEADER: "1",
                **settings.auth_headers,
                **settings.headers,
            },
            aiohttp.TCPConnector(limit=0, ssl=context),
            settings.proxy,
        )
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        if self._wake is not None:
            self._wake.cancel()
        if self._wire is not None:
            await self._wire.close()

    def state(self) -> ConcurrencyLimitState:
        """Return the throttle's state, for metrics."""
        return self._throttle.state(self._now())

    async def take_slot(self) -> None:
        """Wait until a call may start, first come first served, and count it in.

        Every taken slot is given to `attempt`, or given back.
        """
        now = self._now()
        if not self._waiting and self._throttle.opens_at(now) <= now:
            self._throttle.started()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()
            elif turn in self._waiting:  # else its place was passed on already
                self._waiting.remove(turn)
            raise

    def give_back(self) -> None:
        """Return a slot that was not used."""
        self._throttle.abandoned()
        self._let_in()

    async def attempt(
        self,
        request: ProviderRequest,
        deadline: float,
        call: CallName = CallName(),  # noqa: B008 - frozen
    ) -> Attempt:
        """Send once, in a slot taken before; `deadline` is in the loop's time."""
        began = self._now()
        try:
            reading, headers = await self._exchange(request, deadline)
        except asyncio.CancelledError:
            self.give_back()
            raise
        now = self._now()
        latency = now - began
        wait = _retry_after(headers, self._clock)
        if wait > TOLD_SECONDS and not self._throttle.state(now).resting:
            told = {"arm": self.name, "asked": wait, "obeyed": LONGEST_OBEYED_SECONDS}
            log.warning("endpoint asks for a long pause", extra=told)
        self._throttle.ended(
            now,
            _sign(reading),
            latency_seconds=latency,
            retry_after_seconds=wait,
            fresh=call.fresh,
        )
        kind = kind_of(reading.outcome, reading.detail)
        detail = reading.detail or reading.outcome
        self.availability.saw(Call(call.case, began, now, kind, call.fresh, detail))
        self._let_in()
        return Attempt(
            reading=reading,
            latency_ms=latency * 1000,
            retry_after_seconds=wait,
            headers=headers,
        )

    async def _exchange(
        self, request: ProviderRequest, deadline: float
    ) -> tuple[Reading, dict[str, str]]:
        headers: dict[str, str] = {}
        try:
            async with asyncio.timeout_at(deadline):
                status, body = await self._send(request, headers)
        except TimeoutError:
            return Reading(outcome="timeout", detail="deadline"), headers
        # First: a refused certificate is a ValueError too.
        except (
            aiohttp.ClientError,
            HttpProcessingError,
            OSError,
            EOFError,
        ) as error:
            detail = type(error).__name__
            return Reading(outcome="connection", detail=detail), headers
        except (_TooLargeError, zlib.error, ValueError) as error:
            kind = "too_large" if isinstance(error, _TooLargeError) else "not_http"
            return Reading(outcome="malformed", detail=kind), headers
        try:
            return self.provider.read(status, headers, body), headers
        except Exception:
            # A reader promises not to; what it cannot read is no answer.
            log.exception("a reader raised", extra={"api": self.provider.name})
            return Reading(outcome="malformed", detail="reader_fault"), headers

    async def _send(
        self, request: ProviderRequest, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if self._wire is None:
            raise RuntimeError("the endpoint is not open")
        if (made := self._settings.authentication) is not None:
            url = str(self._wire.url(request))
            own = await made.headers(url, request)
            request = replace(request, headers={**request.headers, **own})
        async with self._wire.send(request) as response:
            headers.update(_kept(response.headers))
            return response.status, await self._read(response)

    async def _read(self, response: HttpResponse) -> bytes:
        most = self._settings.max_response_bytes
        kind = response.headers.get("content-type", "").strip().lower()
        streamed = kind.startswith("text/event-stream")
        told = response.headers.get("content-length")
        if told is not None and int(told) > most:
            raise _TooLargeError
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip", "deflate"):
            raise ValueError(encoding)
        if encoding == "identity" and told is not None:  # no more than it said
            if response.body.is_eof():  # most answers come in one piece
                return response.body.read_nowait()
            return await response.body.read()
        inflate = None if encoding == "identity" else zlib.decompressobj(47)
        found, lines = bytearray(), 0
        async for piece in response.body.iter_chunked(READ_BYTES):
            room = most - len(found) + 1
            plain = inflate.decompress(piece, room) if inflate else piece
            found += plain
            if streamed:
                lines += plain.count(b"\n")
            if len(found) + lines * LINE_BYTES > most:
                raise _TooLargeError
        return bytes(found)

    def _let_in(self) -> None:
        """Start whom the throttle allows; set an alarm for the rest."""
        if not self._waiting and self._wake is None:
            return
        now = self._now()
        while self._waiting and self._throttle.opens_at(now) <= now:
            turn = self._waiting.popleft()
            if not turn.done():
                self._throttle.started()
                turn.set_result(None)
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        opens = self._throttle.opens_at(now)
        if self._waiting and now < opens < float("inf"):
            loop = asyncio.get_running_loop()
            self._wake = loop.call_at(opens, self._let_in)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _sign(reading: Reading) -> Sign:
    if reading.outcome == "rate_limited":
        return "slow_down"
    return "away" if is_outage(reading.outcome, reading.detail) else "good"


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers.items():
        low = name.lower()
        if low in _KEPT or low.startswith(_KEPT_PREFIXES):
            found[low] = mended_text(value[:256])
    return found


def _retry_after(headers: dict[str, str], clock: Clock) -> float:
    """Return the seconds that the server asks to be left alone; 0 if it does not.

    Source: RFC 9110, section 10.2.3; `retry-after-ms` is what OpenAI's servers add.
    """
    if (ms := _plain_number(headers.get("retry-after-ms", ""))) is not None:
        return ms / 1000
    text = headers.get("retry-after", "")
    if (seconds := _plain_number(text)) is not None:
        return seconds
    try:
        return max(parsedate_to_datetime(text).timestamp() - clock.now_ns() / 1e9, 0.0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0


def _plain_number(text: str) -> float | None:
    """Return digits, with a point or without, as a number; a sign is nonsense here."""
    # Outside ASCII there are digits that are no numbers.
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    return None
