"""`collector.receiver.grpc_export`: messages as they come, and what they may hold."""

import asyncio
import gzip
import tracemalloc

import pytest
from fakes.grpc_caller import TRACES, Caller, framed

from collector.net import h2_frames
from collector.net.h2_hpack import header_field
from collector.otlp.export_result import ExportResult

BODY = b"\x0a\x03abc"
OK, INVALID, EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE, UNAUTHENTICATED = (
    0,
    3,
    8,
    12,
    14,
    16,
)
COST = 3.2  # of a byte that is held


async def test_a_message_and_its_answer():
    """Nothing would go through, or not as it was sent."""
    caller = Caller()
    caller.answer = ExportResult(body=b"\x0a\x00")
    caller.calls(1, framed(BODY), ("grpc-timeout", "250m"), ("x-tenant", "t"))
    assert await caller.status(1) == (OK, "", framed(b"\x0a\x00"))
    (request,) = caller.requests
    assert (request.signal, request.encoding, request.body) == (
        "traces",
        "protobuf",
        BODY,
    )
    assert request.headers == {"x-tenant": "t"}
    assert caller.timeouts == [0.25]
    assert caller.admission.reserved_bytes == 0


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 100])
async def test_a_message_may_come_in_any_pieces(size):
    """Where a client cuts its frames would decide what is read."""
    caller = Caller()
    body = bytes(range(size))
    said = framed(body)
    for stream, step in enumerate((1, 2, 3, 4, 5, 6, 7, 99)):
        number = 1 + 2 * stream
        caller.calls(number, is_last=False)
        for at in range(0, len(said), step):
            caller.says(h2_frames.DATA, 0, number, said[at : at + step])
        caller.says(h2_frames.DATA, h2_frames.END_STREAM, number)
    await caller.hears()
    assert [request.body for request in caller.requests] == [body] * 8


async def test_small_pieces_cost_no_more_than_large_ones():
    """A client that sends single bytes would hold fifty times what is counted."""
    caller = Caller()
    size = 100_000
    caller.calls(1, is_last=False)
    piece = h2_frames.frame(h2_frames.DATA, 0, 1, b"x")
    caller.sends(h2_frames.frame(h2_frames.DATA, 0, 1, framed(bytes(size))[:5]))
    tracemalloc.start()
    try:
        for _ in range(size // 1000):
            caller.sends(piece * 1000)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < COST * size
    caller.says(h2_frames.DATA, h2_frames.END_STREAM, 1)
    await caller.hears()
    assert caller.requests[0].body == b"x" * size


async def test_large_and_small_pieces_keep_their_order():
    """A body would be put together wrong."""
    caller = Caller()
    pieces = [b"a", b"b" * 4096, b"c", b"d", b"e" * 5000, b"f" * 4095, b"g"]
    body = b"".join(pieces)
    caller.calls(1, framed(body)[:5], is_last=False)
    for piece in pieces:
        caller.says(h2_frames.DATA, 0, 1, piece)
    caller.says(h2_frames.DATA, h2_frames.END_STREAM, 1)
    await caller.hears()
    assert caller.requests[0].body == body


BROKEN = {
    "no message": (None, ()),
    "half a prefix": (framed(BODY)[:4], ()),
    "half a message": (framed(BODY)[:-1], ()),
    "more than a message": (framed(BODY) + b"x", ()),
    "two messages": (framed(BODY) * 2, ()),
    "shorter than was said": (framed(BODY), (("content-length", "11"),)),
    "longer than was said": (framed(BODY), (("content-length", "9"),)),
    "not what its coding says": (
        framed(BODY, packed=True),
        (("grpc-encoding", "gzip"),),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_not_one_message_is_refused_for_good(name):
    """Half a batch would be passed on as a whole one, or sent again for ever."""
    body, fields = BROKEN[name]
    caller = Caller()
    caller.calls(1, body, *fields)
    code, _, _ = await caller.status(1)
    assert code == INVALID
    assert caller.requests == []
    assert caller.refused("undecodable") == 1
    assert caller.admission.reserved_bytes == 0
    caller.calls(3, framed(BODY))
    assert (await caller.status(3))[0] == OK


@pytest.mark.parametrize("length", ["10", "nonsense", "-1", "9" * 20, "+5", ""])
async def test_a_length_that_is_right_or_none_is_no_reason_to_refuse(length):
    """Telemetry would be lost to a header that says nothing."""
    caller = Caller()
    caller.calls(1, framed(BODY), ("content-length", length))
    assert (await caller.status(1))[0] == OK


async def test_a_message_beyond_the_limit_is_refused_before_it_comes():
    """Memory would be taken for what is refused anyway."""
    caller = Caller(message=1000)
    caller.calls(1, framed(bytes(1001))[:5], is_last=False)
    assert (await caller.status(1))[0] == EXHAUSTED
    assert caller.refused("too_large") == 1
    caller.says(h2_frames.DATA, h2_frames.END_STREAM, 1, bytes(1001))
    caller.calls(3, framed(bytes(1000)))
    assert (await caller.status(3))[0] == OK


@pytest.mark.parametrize(
    ("coding", "code"),
    [("", 12), ("identity", 12), ("gzip", 0), ("br", 12), ("GZIP", 12)],
)
async def test_a_packed_message_is_unpacked_or_refused_for_good(coding, code):
    """Compressed bytes would reach the upstream, or be sent again for ever."""
    caller = Caller()
    fields = [("grpc-encoding", coding)] if coding else []
    caller.calls(1, framed(gzip.compress(BODY), packed=True), *fields)
    assert (await caller.status(1))[0] == code
    assert [request.body for request in caller.requests] == [BODY] * (code == 0)
    caller.calls(3, framed(BODY), *fields)  # not packed after all
    assert (await caller.status(3))[0] == OK
    assert caller.requests[-1].body == BODY
    assert caller.admission.reserved_bytes == 0


async def test_a_bomb_is_refused():
    """A small message would take the memory of a sidecar."""
    caller = Caller()
    bomb = gzip.compress(bytes(2**25))
    caller.calls(1, framed(bomb[:16_000], packed=True)[:5], is_last=False)
    caller.resets(1)
    caller.calls(3, None, ("grpc-encoding", "gzip"), is_last=False)
    said = framed(bomb, packed=True)
    for at in range(0, len(said), 16_000):
        caller.says(h2_frames.DATA, 0, 3, said[at : at + 16_000])
    caller.says(h2_frames.DATA, h2_frames.END_STREAM, 3)
    assert (await caller.status(3))[0] == EXHAUSTED
    assert caller.admission.reserved_bytes == 0


async def test_memory_is_reserved_as_it_comes_and_until_the_answer():
    """More would be on its way than the budget allows."""
    caller = Caller()
    caller.hold = asyncio.Event()
    said = framed(bytes(10_000))
    caller.calls(1, said[:4], is_last=False)
    assert caller.admission.reserved_bytes == 0
    caller.says(h2_frames.DATA, 0, 1, said[4:5])
    assert caller.admission.reserved_bytes == 0  # an announcement holds nothing
    caller.says(h2_frames.DATA, 0, 1, said[5:5005])
    assert caller.admission.reserved_bytes == COST * 5_000
    caller.says(h2_frames.DATA, h2_frames.END_STREAM, 1, said[5005:])
    await caller.hears()
    assert len(caller.requests) == 1
    assert caller.admission.reserved_bytes == COST * 10_000
    caller.hold.set()
    assert (await caller.status(1))[0] == OK
    assert caller.admission.reserved_bytes == 0


async def test_a_spent_budget_refuses_and_the_client_may_come_back():
    """Above the bound memory would grow, or a batch be dropped."""
    caller = Caller()
    caller.hold = asyncio.Event()
    size = 2**20
    for stream in (1, 3):
        caller.calls(stream, framed(bytes(size))[:5], is_last=False)
        for _ in range(size // 2**14 - 1):
            caller.says(h2_frames.DATA, 0, stream, bytes(2**14))
    assert (await caller.status(3))[0] == UNAVAILABLE
    assert caller.refused("in_flight") == 1
    assert caller.admission.reserved_bytes > 0
    caller.resets(1)
    assert caller.admission.reserved_bytes == 0
    caller.calls(5, framed(bytes(1000)), is_last=False)
    assert caller.admission.reserved_bytes == COST * 1000


async def test_announcements_alone_refuse_nobody():
    """A few bytes a second would keep honest exporters out."""
    caller = Caller(streams=200)
    for stream in range(1, 201, 2):
        caller.calls(stream, framed(bytes(2**20))[:5], is_last=False)
    caller.calls(301, framed(BODY))
    assert (await caller.status(301))[0] == OK


async def test_the_window_is_opened_for_exactly_one_large_message():
    """A large batch would never come, or a client send what nobody reserved."""
    caller = Caller(message=2**21)
    caller.admission.budget_bytes = 2**30
    size = 2**20 + 12_345
    caller.calls(1, framed(bytes(size))[:3], is_last=False)
    assert await caller.hears() == []
    caller.says(
        h2_frames.DATA,
        h2_frames.PADDED,
        1,
        b"\x04" + framed(bytes(size))[3:5] + bytes(4),
    )
    opened = [int.from_bytes(payload, "big") for *_, payload in await caller.hears()]
    assert opened == [5, 12_345 + 5]
    caller.calls(3, framed(bytes(2**20 - 5))[:5], is_last=False)
    assert await caller.hears() == []


async def test_large_headers_are_reserved():
    """Requests with headers of 60 KiB and no body would cost nothing."""
    caller = Caller()
    caller.calls(1, is_last=False)
    assert caller.admission.reserved_bytes == 0
    large = header_field(b"x-large", b"y" * 48_000)
    caller.calls(3, is_last=False, block=large)
    assert caller.admission.reserved_bytes >= COST * 48_000
    caller.resets(3)
    assert caller.admission.reserved_bytes == 0
    caller.admission.reserved_bytes = caller.admission.budget_bytes
    caller.calls(5, is_last=False, block=large)
    assert (await caller.status(5))[0] == UNAVAILABLE


async def test_a_reset_stops_the_work_and_gives_the_memory_back():
    """A client that leaves would hold memory, and its batch arrive without it."""
    caller = Caller()
    caller.hold = asyncio.Event()
    caller.calls(1, framed(bytes(5000)))
    await caller.hears()
    assert caller.admission.reserved_bytes
    caller.resets(1)
    assert caller.admission.reserved_bytes == 0
    await caller.hears()
    assert caller.cancelled == 1
    caller.calls(3, framed(bytes(5000)))
    caller.resets(3)  # before its task has begun
    await caller.hears()
    assert caller.admission.reserved_bytes == 0
    assert len(caller.requests) == 1


async def test_a_lost_connection_stops_the_work_and_gives_the_memory_back():
    """Clients that crash would use up the budget."""
    caller = Caller()
    caller.hold = asyncio.Event()
    caller.calls(1, framed(bytes(5000)))
    await caller.hears()
    caller.calls(3, framed(bytes(5000))[:100], is_last=False)
    caller.calls(5, is_last=False, block=header_field(b"x-large", b"y" * 5000))
    caller.connection.connection_lost(None)
    await asyncio.sleep(0)
    assert caller.admission.reserved_bytes == 0
    assert caller.cancelled == 1


async def test_a_slow_message_is_given_up_and_a_slow_answer_is_not():
    """Who stalls would hold memory; who has a slow upstream would lose a batch."""
    caller = Caller()
    caller.hold = asyncio.Event()
    caller.calls(1, framed(BODY))
    caller.calls(3, framed(BODY)[:7], is_last=False)
    await caller.hears()
    caller.looks(20)
    assert await caller.hears() == []
    caller.looks(1)
    assert (await caller.status(3))[:2] == (UNAVAILABLE, "body did not arrive in time")
    assert caller.refused("too_slow") == 1
    caller.hold.set()
    assert (await caller.status(1))[0] == OK


async def test_strangers_and_loops_are_refused_before_a_byte_is_read(tmp_path):
    """Anyone could make us read, or a batch go round for ever."""
    tokens = tmp_path / "tokens"
    tokens.write_text("known\n")
    caller = Caller(tokens=tokens)
    caller.calls(1, is_last=False)
    assert (await caller.status(1))[0] == UNAUTHENTICATED
    right = ("authorization", "Bearer known")
    caller.calls(3, None, right, ("x-snaptrace-hop", "a,self"), is_last=False)
    assert (await caller.status(3))[0] == 9
    caller.calls(5, framed(BODY), right)
    assert (await caller.status(5))[0] == OK
    assert [request.headers for request in caller.requests] == [{}]


async def test_headers_travel_as_they_came():
    """A tenant or trace would change its name on the way."""
    caller = Caller()
    block = b"".join(
        header_field(name, value)
        for name, value in (
            (b"x-odd", b"caf\xc3\xa9 \xff\xfe"),
            (b"x-spaces", b"a  b\tc"),
            (b"x-empty", b""),
            (b"x-trace-bin", b"AAEC/w"),
            (b"x-trace-bin", b"//8"),
            (b"x-twice", b"1"),
            (b"x-twice", b"2, 3"),
        )
    )
    caller.calls(1, framed(BODY), block=block)
    assert (await caller.status(1))[0] == OK
    headers = caller.requests[0].headers
    assert {n: v.encode("latin-1") for n, v in headers.items()} == {
        "x-odd": b"caf\xc3\xa9 \xff\xfe",
        "x-spaces": b"a  b\tc",
        "x-empty": b"",
        "x-trace-bin": b"AAEC/w,//8",
        "x-twice": b"1,2, 3",
    }


FAULTS = {
    "a value with a new line": ((b"x-a", b"b\r\nx-injected: c"),),
    "a value with a zero": ((b"x-a", b"b\0c"),),
    "a name with a new line": ((b"x-a\r\nx-injected", b"c"),),
    "a name in capitals": ((b"X-A", b"b"),),
    "a name of nothing": ((b"", b"b"),),
    "an unknown pseudo-header": ((b":status", b"200"),),
    "a pseudo-header after others": ((b":authority", b"a"),),
    "a header of a connection": ((b"connection", b"close"),),
    "a coding of the transfer": ((b"transfer-encoding", b"chunked"),),
    "a te that is none": ((b"te", b"gzip"),),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_malformed_headers_are_reset_and_go_nowhere(name):
    """One client's header would break, or forge, what others send on."""
    caller = Caller()
    block = b"".join(header_field(*field) for field in FAULTS[name])
    caller.calls(1, framed(BODY), block=block)
    assert await caller.reset_code(1) == h2_frames.PROTOCOL_ERROR
    assert caller.requests == []
    caller.calls(3, framed(BODY))
    assert (await caller.status(3))[0] == OK


@pytest.mark.parametrize("missing", [":method", ":scheme", ":path", "twice", "empty"])
async def test_pseudo_headers_are_all_there_once(missing):
    """A request without a path would end the connection, or the relay."""
    caller = Caller()
    fields = {":method": "POST", ":scheme": "http", ":path": TRACES}
    fields.pop(missing, None)
    pairs = list(fields.items())
    if missing == "twice":
        pairs.append((":path", TRACES))
    if missing == "empty":
        pairs[2] = (":path", "")
    caller.asks(1, framed(BODY), pairs)
    assert await caller.reset_code(1) == h2_frames.PROTOCOL_ERROR
