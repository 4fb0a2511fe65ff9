"""Every way in which a model server has been seen, or feared, to misbehave.

`WAYS` maps a name to (outcomes that may follow, a function of the `World` that returns
what `FakeProvider.answer` may return).
"""

import asyncio
import json
from email.utils import formatdate

from aiohttp import web
from fakes.provider import completion, respond

MIB = 2**20
FAILED = {"connection", "malformed", "timeout"}  # where it depends on when it is cut


class World:
    """What the ways need to know, and what they leave to be looked at."""

    def __init__(self, clock, elsewhere):
        self.clock, self.elsewhere = clock, elsewhere  # an address nobody may follow to
        self.most_sent_bytes = 0  # of one body that had no end in sight


def raw(*pieces, then="hang"):
    """Send bytes that no HTTP library would, then hang or close."""

    async def answer(request):
        for piece in pieces:
            request.transport.write(piece)
        if then == "hang":
            await asyncio.sleep(36_000)
        request.transport.abort() if then == "abort" else request.transport.close()
        return respond()

    return lambda _world: answer


def stream(piece, *, count=None, seconds=0.0, kind="application/json"):
    """Send a piece over and over; count what goes out before somebody hangs up."""

    def made(world):
        async def answer(request):
            response = web.StreamResponse(headers={"content-type": kind})
            await response.prepare(request)
            sent = 0
            try:
                while count is None or sent < count * len(piece):
                    await response.write(piece)
                    sent += len(piece)
                    world.most_sent_bytes = max(world.most_sent_bytes, sent)
                    if seconds:
                        await asyncio.sleep(seconds)
            except ConnectionError:
                pass
            return response

        return answer

    return made


def cut_after(piece, *, kind="application/json", length=None):
    """Begin a body and drop the connection in its middle."""

    def made(_world):
        async def answer(request):
            headers = {"content-type": kind}
            if length is not None:
                headers["content-length"] = str(length)
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            await response.write(piece)
            request.transport.abort()
            return response

        return answer

    return made


def slow_down(**headers):
    """Refuse with headers about when to come back."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _world: respond(429, headers=named)


def dated(seconds):
    """Refuse until a date, so far from now."""

    def made(world):
        date = formatdate(world.clock.now_ns() / 1e9 + seconds, usegmt=True)
        return respond(503, headers={"retry-after": date})

    return made


CHUNK = {"choices": [{"index": 0, "delta": {"content": "North"}}]}
EVENT = f"data: {json.dumps(CHUNK)}\n\n".encode()
SSE = "text/event-stream"
OK_HEAD = b"HTTP/1.1 200 OK\r\n"
DIGITS = "\N{SUPERSCRIPT TWO}\N{ARABIC-INDIC DIGIT THREE}"
WAYS = {
    "answers for another model": (
        {"answered"},
        lambda _w: completion("ok", model="another"),
    ),
    "says 500": ({"server_error"}, lambda _w: 500),
    "says 400": ({"bad_request"}, lambda _w: 400),
    "says 401": ({"bad_request"}, lambda _w: 401),
    "says 418": ({"bad_request"}, lambda _w: 418),
    # Retry-After: sane, fractional, absurd, negative, a date, none of these.
    "slow down": ({"rate_limited"}, slow_down(retry_after="20")),
    "fractional": ({"rate_limited"}, slow_down(retry_after="0.5")),
    "milliseconds": ({"rate_limited"}, slow_down(retry_after_ms="1500.5")),
    "absurd": ({"rate_limited"}, slow_down(retry_after="9" * 40)),
    "infinite": ({"rate_limited"}, slow_down(retry_after="9" * 400)),
    "worded": ({"rate_limited"}, slow_down(retry_after="inf", retry_after_ms="nan")),
    "negative": ({"rate_limited"}, slow_down(retry_after="-30", retry_after_ms="-1")),
    "odd digits": ({"rate_limited"}, slow_down(retry_after=DIGITS)),
    "odd quota": (
        {"rate_limited"},
        slow_down(
            x_ratelimit_remaining_requests=DIGITS, x_ratelimit_limit_requests=DIGITS
        ),
    ),
    "until a date": ({"server_error"}, dated(25.0)),
    "until a date gone by": ({"server_error"}, dated(-1e6)),
    "until the year 9999": ({"server_error"}, dated(2.5e11)),
    "until no date": (
        {"rate_limited"},
        slow_down(retry_after="Thu, 99 Foo 99999 99:99:99 GMT"),
    ),
    # Bodies: garbage, too much, too little, without end.
    "garbage": ({"malformed"}, lambda _w: respond(body=b"\x00garbage")),
    "empty": ({"malformed"}, lambda _w: respond(body=b"")),
    "a gigabyte": ({"malformed"}, stream(bytes(MIB), count=1024)),
    "a gigabyte of events": (
        {"malformed"},
        stream(EVENT * 9_000, kind=SSE, count=1024),
    ),
    "claims a terabyte": (
        {"malformed"},
        raw(OK_HEAD + b"content-length: 1099511627776\r\n\r\n{"),
    ),
    "trickles": ({"timeout"}, stream(b" ", seconds=5.0)),
    "garbage events without end": (
        {"timeout"},
        stream(b"data: \x00{]\n\n", seconds=1.0, kind=SSE),
    ),
    "events without end": ({"timeout"}, stream(EVENT, seconds=1.0, kind=SSE)),
    "hangs": ({"timeout"}, raw()),
    # Closed early.
    "closes at once": ({"connection"}, raw(then="abort")),
    "closes in mid-head": ({"connection"}, raw(OK_HEAD + b"content-le", then="abort")),
    "closes in mid-frame": (
        {"connection"},
        raw(OK_HEAD + b"transfer-encoding: chunked\r\n\r\nff\r\n{", then="abort"),
    ),
    "closes in mid-body": ({"connection"}, cut_after(b'{"choices": [', length=900)),
    "closes in mid-event": ({"connection"}, cut_after(EVENT + b"data: {", kind=SSE)),
    "ends in mid-body": (
        {"connection"},
        raw(OK_HEAD + b"content-length: 900\r\n\r\n{}", then="close"),
    ),
    "events without a finish": ({"malformed"}, stream(EVENT, kind=SSE, count=3)),
    # No HTTP.
    "speaks no HTTP": (FAILED, raw(b"\x15\x03\x01\x00\x02\x02\x16", then="close")),
    "broken chunks": (
        FAILED,
        raw(OK_HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
    ),
    "two lengths": (
        FAILED,
        raw(OK_HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
    ),
    "a head of a megabyte": (FAILED, raw(OK_HEAD + b"x: " + b"a" * MIB + b"\r\n\r\n")),
    "ten thousand headers": (FAILED, raw(OK_HEAD + b"x: y\r\n" * 10_000 + b"\r\n")),
    "goes on for ever": (FAILED, raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000)),
    "switches protocols": (
        FAILED,
        raw(b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n?"),
    ),
    # Elsewhere.
    "sends elsewhere": (
        {"malformed"},
        lambda w: respond(302, headers={"location": w.elsewhere}),
    ),
    "sends elsewhere for good": (
        {"malformed"},
        lambda w: respond(308, headers={"location": w.elsewhere}),
    ),
}
