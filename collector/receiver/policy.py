"""Request checks common to all engines: authorisation, size and encoding.

Knows OTLP's rules, and neither gRPC's framing nor HTTP's; those are the engines'.
"""

import asyncio
import fnmatch
import hmac
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from collector.config.relay import AuthConfig, HeadersConfig, LimitsConfig
from collector.errors import BodyTooLargeError, BodyUndecodableError
from collector.metrics.relay import RelayMetrics
from collector.otlp.compression import CODINGS, Decompression
from collector.otlp.export_result import (
    CANCELLED,
    FAILED_PRECONDITION,
    INVALID_ARGUMENT,
    RESOURCE_EXHAUSTED,
    UNAUTHENTICATED,
    UNAVAILABLE,
    UNIMPLEMENTED,
    ExportResult,
    refusal,
)
from collector.otlp.signals import SIGNALS, Encoding, OtlpRequest
from collector.receiver.admission import Admission, Reservation
from collector.receiver.contract import Handle
from snaptrace.runtime.clock import Clock

HOP_HEADER: Final = "x-snaptrace-hop"

SIGNAL_BY_METHOD: Final = {row.grpc_method: name for name, row in SIGNALS.items()}
SIGNAL_BY_PATH: Final = {row.http_path: name for name, row in SIGNALS.items()}
ENCODING_BY_MEDIA_TYPE: Final[dict[str, Encoding]] = {
    "application/x-protobuf": "protobuf",
    "application/protobuf": "protobuf",
    "application/json": "json",
}

# How long a client should wait after we shed its request.
RETRY_SECONDS: Final = 1
# Of a decompressed body: so much on the event loop (about a millisecond), the rest in a
# thread, in slices between which memory is reserved.
_LOOP_SLICE_BYTES: Final = 2**19
_THREAD_SLICE_BYTES: Final = 2**22

# Hop-by-hop headers and headers of the message's encoding; never forwarded, regardless
# of the allow list.
_HOP_BY_HOP: Final = re.compile(
    r":.*|connection|content-.*|grpc-.*|host|keep-alive|proxy-.*|te|trailer|"
    r"transfer-encoding|upgrade|user-agent|accept.*|date|expect"
)
_TIMEOUT_UNITS: Final = {
    "H": 3600.0,
    "M": 60.0,
    "S": 1.0,
    "m": 1e-3,
    "u": 1e-6,
    "n": 1e-9,
}


PASS, SKIP, TIMEOUT, CODING, AUTHORIZATION = range(5)
_READ_BY_US: Final = {
    "grpc-timeout": TIMEOUT,
    "grpc-encoding": CODING,
}


class HeaderFilter:
    """Decides per header name whether it is forwarded; caches a bounded set."""

    def __init__(self, config: HeadersConfig, *, drop_authorization: bool) -> None:
        self._allow = [name.lower() for name in config.allow]
        self._deny = [name.lower() for name in config.deny]
        self.checks_authorization = drop_authorization
        if drop_authorization:
            self._deny.append("authorization")
        self._known: dict[str, bool] = {}
        self.uses: dict[bytes, tuple[int, str]] = {}  # what `use_of` has found

    def use_of(self, raw_name: bytes) -> tuple[int, str]:
        """Return how a gRPC header is used, PASS to AUTHORIZATION, and its name."""
        use = self.uses.get(raw_name)
        if use is None:
            name = raw_name.decode("latin-1")
            if name == "authorization" and self.checks_authorization:
                use = (AUTHORIZATION, name)
            elif name in _READ_BY_US:
                use = (_READ_BY_US[name], name)
            else:
                use = (PASS if self.passes(name) else SKIP, name)
            if len(self.uses) < 256:
                self.uses[raw_name] = use
        return use

    def passes(self, name: str) -> bool:
        """Whether a header of this lower-case name is forwarded upstream."""
        known = self._known.get(name)
        if known is None:
            known = name == HOP_HEADER or (
                not _HOP_BY_HOP.fullmatch(name)
                and _matches(name, self._allow)
                and not _matches(name, self._deny)
            )
            if len(self._known) < 256:
                self._known[name] = known
        return known


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


class BearerTokens:
    """Checks the `authorization` header against a token file, in constant time."""

    def __init__(self, config: AuthConfig) -> None:
        self._path = (
            Path(config.bearer_token_file) if config.bearer_token_file else None
        )
        self._modified_ns = -1
        self._tokens: list[bytes] = []
        self.reload()

    @property
    def required(self) -> bool:
        """Whether a token is required."""
        return self._path is not None

    def reload(self) -> None:
        """Reload the file if it changed; keep the old tokens if it cannot be read.

        Raises:
            OSError: at the start only, where no token was ever read.
        """
        if self._path is None:
            return
        try:
            modified_ns = self._path.stat().st_mtime_ns
            if modified_ns == self._modified_ns:
                return
            lines = self._path.read_bytes().split(b"\n")
        except OSError:
            if self._tokens:
                return
            raise
        self._tokens = [line.strip() for line in lines if line.strip()]
        self._modified_ns = modified_ns

    def accept(self, authorization: str) -> bool:
        """Whether the header's value carries one of the tokens."""
        if self._path is None:
            return True
        scheme, _, token = authorization.partition(" ")
        given = token.strip().encode("utf-8", "surrogateescape")
        known = scheme.lower() == "bearer"
        # Every token is compared, so that time does not tell which one was near.
        found = [hmac.compare_digest(given, expected) for expected in self._tokens]
        return known and any(found)


class RefusedError(Exception):
    """The request is answered without being forwarded; `reason` is a metric label."""

    def __init__(self, answer: ExportResult, reason: str) -> None:
        super().__init__(reason)
        self.answer, self.reason = answer, reason


class ReceiverPolicy(Struct, frozen=True, kw_only=True):
    """Policy passed to an engine at startup."""

    handle: Handle
    admission: Admission
    limits: LimitsConfig
    headers: HeaderFilter
    tokens: BearerTokens
    metrics: RelayMetrics
    clock: Clock
    instance: str  # this process, in the hop header
    serving: Callable[[], bool]  # for gRPC health: false once stopping

    def admit(self, authorization: str, hops: str) -> None:
        """Reject unauthorised clients and loops before any of the body is read.

        Raises:
            RefusedError: answer with what it holds.
        """
        if self.tokens.required and not self.tokens.accept(authorization):
            text = "missing or unknown bearer token"
            raise RefusedError(refusal(UNAUTHENTICATED, text), "auth")
        if hops and self.instance in hops:
            text = "telemetry came back to its collector; check upstream.url"
            raise RefusedError(refusal(FAILED_PRECONDITION, text), "loop")

    async def pass_on(
        self, request: OtlpRequest, timeout_seconds: float | None, protocol: str
    ) -> ExportResult:
        """Forward a complete request and count the result.

        No timer of ours is needed: a client whose deadline passes resets its stream,
        which cancels this, and the upstream is given the same deadline.
        """
        started = self.clock.monotonic_seconds()
        code = CANCELLED
        try:
            answer = await self.handle(request, timeout_seconds)
            code = answer.code
        finally:
            seconds = self.clock.monotonic_seconds() - started
            self.metrics.count_answer(
                request.signal, protocol, code, len(request.body), seconds
            )
        return answer

    async def expand(self, body: bytes, coding: str, reserved: Reservation) -> bytes:
        """Decompress a body; reserves memory for the result as well.

        A result beyond `_LOOP_SLICE_BYTES` is decompressed in a thread, a slice at a
        time, so that one large body delays no other request.

        Raises:
            RefusedError: unknown, broken, or too much of it.
        """
        if coding not in CODINGS:
            text = "unknown compression; gzip, zstd and deflate are understood"
            raise RefusedError(refusal(UNIMPLEMENTED, text), "unknown_coding")
        try:
            work = Decompression(body, coding, int(self.limits.message))
            is_finished = work.run(_LOOP_SLICE_BYTES)
            while not is_finished:
                if not reserved.grow_to(len(body) + work.size_bytes):
                    raise self.overloaded()
                is_finished = await asyncio.to_thread(work.run, _THREAD_SLICE_BYTES)
        except BodyTooLargeError:
            raise self.too_large() from None
        except BodyUndecodableError as error:
            raise self.undecodable(error.why) from None
        if not reserved.grow_to(len(body) + work.size_bytes):
            raise self.overloaded()
        return work.result()

    def too_large(self) -> RefusedError:
        """Return the refusal for a body over the limit; not retryable."""
        text = f"message larger than {int(self.limits.message)} bytes"
        answer = ExportResult(code=RESOURCE_EXHAUSTED, message=text)
        return RefusedError(answer, "too_large")

    def overloaded(self) -> RefusedError:
        """Return the refusal for an exhausted memory budget; retryable."""
        text = "too many bytes in flight"
        return RefusedError(refusal(UNAVAILABLE, text, RETRY_SECONDS), "in_flight")

    def too_slow(self) -> RefusedError:
        """Return the refusal for a body that did not arrive in time; retryable."""
        text = "body did not arrive in time"
        return RefusedError(refusal(UNAVAILABLE, text), "too_slow")

    def undecodable(self, why: str) -> RefusedError:
        """Return the refusal for a body with broken compression or framing."""
        return RefusedError(refusal(INVALID_ARGUMENT, why), "undecodable")


def grpc_timeout_seconds(text: str) -> float | None:
    """Parse a `grpc-timeout` header; None if absent or malformed."""
    if 2 <= len(text) <= 9 and text[:-1].isdecimal():
        unit = _TIMEOUT_UNITS.get(text[-1])
        return None if unit is None else int(text[:-1]) * unit
    return None
