"""The promise of `collector/receiver/contract.py`, asked of every row of ENGINES."""

import asyncio
import gzip
import zlib

import aiohttp
import grpc
import grpc.aio
import pytest
from backports import zstd
from fakes.served_receiver import BODY, grpc_client, http_client, serving
from fakes.waiting import until

from collector.config.relay import HeadersConfig, LimitsConfig
from collector.otlp.export_result import ExportResult, refusal
from collector.otlp.signals import SIGNALS
from snaptrace.runtime.config import ByteSize, Duration


@pytest.mark.parametrize("signal", SIGNALS)
async def test_grpc_bytes_arrive_untouched(engine, signal):
    """A gRPC body would be parsed, rewritten or answered for another signal."""
    async with serving(engine) as served, grpc_client(served) as call:
        served.answer = ExportResult(body=b"\x0a\x02\x08\x01")
        assert await call(signal, BODY) == b"\x0a\x02\x08\x01"
        assert [(r.signal, r.encoding, r.body) for r in served.requests] == [
            (signal, "protobuf", BODY)
        ]
        assert served.admission.reserved_bytes == 0


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize(
    ("media_type", "encoding"),
    [
        ("application/x-protobuf", "protobuf"),
        ("application/json; charset=utf-8", "json"),
    ],
)
async def test_http_bytes_arrive_untouched(engine, signal, media_type, encoding):
    """An HTTP body would be parsed, or its answer named in another media type."""
    async with serving(engine) as served, http_client(served) as post:
        served.answer = ExportResult(body=b"xy", encoding=encoding)
        async with post(signal, BODY, media_type) as response:
            assert (response.status, await response.read()) == (200, b"xy")
            assert response.content_type == media_type.partition(";")[0]
        assert [(r.signal, r.encoding, r.body) for r in served.requests] == [
            (signal, encoding, BODY)
        ]


@pytest.mark.parametrize("size", [0, 1, 65_530, 300_000, 2**20])
async def test_every_size_up_to_the_limit_arrives_whole(engine, size):
    """A body at a frame, window or limit edge would be torn."""
    body = bytes(i % 251 for i in range(1000)) * (size // 1000 + 1)
    body = body[:size]
    async with (
        serving(engine) as served,
        grpc_client(served) as call,
        http_client(served) as post,
    ):
        await call("traces", body)
        async with post("traces", body) as response:
            assert response.status == 200
        assert [r.body for r in served.requests] == [body, body]


async def test_too_large_is_refused_for_good_and_counted(engine):
    """A body beyond the limit would be read, or be retried for ever."""
    body = bytes(2**20 + 1)
    async with (
        serving(engine) as served,
        grpc_client(served) as call,
        http_client(served) as post,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call("traces", body)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        async with post("traces", body) as response:
            assert response.status == 413
        assert served.requests == []
        assert served.refused("too_large") == 2


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("gzip", gzip.compress), ("zstd", zstd.compress), ("deflate", zlib.compress)],
)
async def test_http_codings_are_undone(engine, coding, compress):
    """A compressed body would reach the upstream and the tap still compressed."""
    async with serving(engine) as served, http_client(served) as post:
        body = compress(BODY * 1000)
        async with post("traces", body, Content_Encoding=coding) as response:
            assert response.status == 200
        assert served.requests[0].body == BODY * 1000
        async with post("traces", body[:-4], Content_Encoding=coding) as response:
            assert response.status == 400
        async with post("traces", body, Content_Encoding="br") as response:
            assert response.status == 415
        assert len(served.requests) == 1
        assert served.admission.reserved_bytes == 0


async def test_grpc_compression_is_undone(engine):
    """A compressed gRPC message would reach the upstream still compressed."""
    async with serving(engine) as served, grpc_client(served) as call:
        await call("logs", BODY * 1000, compression=grpc.Compression.Gzip)
        await call("logs", BODY * 1000, compression=grpc.Compression.Deflate)
        assert [r.body for r in served.requests] == [BODY * 1000] * 2


@pytest.mark.parametrize(
    ("coding", "compress"), [("gzip", gzip.compress), ("zstd", zstd.compress)]
)
async def test_a_decompression_bomb_is_refused(engine, coding, compress):
    """A small body that unfolds to a large one would take the memory of a sidecar."""
    async with serving(engine) as served, http_client(served) as post:
        bomb = compress(bytes(64 * 2**20))
        async with post("traces", bomb, Content_Encoding=coding) as response:
            assert response.status == 413
        assert served.requests == []


async def test_a_spent_budget_is_a_refusal_that_clients_retry(engine):
    """Above the bound memory would grow, or clients would drop their batch."""
    async with (
        serving(engine) as served,
        grpc_client(served) as call,
        http_client(served) as post,
    ):
        served.admission.reserved_bytes = served.admission.budget_bytes
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call("traces", BODY)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        async with post("traces", BODY) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert served.refused("in_flight") == 2
        served.admission.reserved_bytes = 0
        await call("traces", BODY)


@pytest.mark.parametrize("code", range(1, 17))
async def test_every_code_message_and_detail_goes_back(engine, code):
    """A client would retry what is refused for good, or drop what is not."""
    served_answer = refusal(code, "why: 100% «ä»", 7)
    async with (
        serving(engine) as served,
        grpc_client(served) as call,
        http_client(served) as post,
    ):
        served.answer = served_answer
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call("metrics", BODY)
        assert refused.value.code().value[0] == code
        assert refused.value.details() == "why: 100% «ä»"
        trailers = dict(refused.value.trailing_metadata())
        assert trailers["grpc-status-details-bin"] == served_answer.details
        async with post("metrics", BODY) as response:
            assert response.headers["Retry-After"] == "7"
            assert await response.read() == served_answer.details
            retryable = response.status in (429, 502, 503, 504)
        assert retryable == (code in (1, 4, 8, 10, 11, 14, 15))


async def test_the_clients_deadline_and_leaving_are_passed_on(engine):
    """Work would go on for a client that has gone."""
    async with serving(engine) as served, grpc_client(served) as call:
        served.hold = asyncio.Event()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call("traces", BODY, timeout=0.2)
        assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert 0 < served.timeouts[0] <= 0.25
        under_way = call("traces", BODY, timeout=30)
        await until(lambda: len(served.requests) >= 2)
        under_way.cancel()
        await until(lambda: served.cancelled >= 2)
        served.hold.set()
        assert served.admission.reserved_bytes == 0


async def test_only_allowed_headers_travel(engine):
    """A header of the hop, or one that is denied, would reach the backend."""
    headers = HeadersConfig(
        allow=("x-tenant-id", "x-h-*", "content-type"), deny=("x-h-b",)
    )
    sent = {"x-tenant-id": "t", "x-h-a": "1", "x-h-b": "2", "x-other": "3"}
    async with (
        serving(engine, headers=headers) as served,
        grpc_client(served) as call,
        http_client(served) as post,
    ):
        await call("traces", BODY, metadata=tuple(sent.items()))
        async with post("traces", BODY, **sent):
            pass
        expected = {"x-tenant-id": "t", "x-h-a": "1"}
        assert [r.headers for r in served.requests] == [expected, expected]


async def test_a_loop_is_refused_for_good(engine):
    """A collector that is its own upstream would send one batch round for ever."""
    async with (
        serving(engine) as served,
        grpc_client(served) as call,
        http_client(served) as post,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call("traces", BODY, metadata=(("x-snaptrace-hop", "a,self"),))
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        async with post("traces", BODY, x_snaptrace_hop="self") as response:
            assert response.status == 400
        await call("traces", BODY, metadata=(("x-snaptrace-hop", "a"),))
        assert [r.headers for r in served.requests] == [{"x-snaptrace-hop": "a"}]


async def test_strangers_are_refused_and_tokens_stay_here(engine, tmp_path):
    """Anyone could send, or our own token would be shown to the backend."""
    tokens = tmp_path / "tokens"
    tokens.write_text("old\nnew\n")
    async with (
        serving(engine, tokens=tokens) as served,
        grpc_client(served) as call,
        http_client(served) as post,
    ):
        for wrong in ("", "Bearer", "Bearer nope", "Basic new", "new"):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call("traces", BODY, metadata=(("authorization", wrong),))
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
            async with post("traces", BODY, Authorization=wrong) as response:
                assert response.status == 401
        for right in ("Bearer old", "bearer new"):
            await call("traces", BODY, metadata=(("authorization", right),))
            async with post("traces", BODY, Authorization=right) as response:
                assert response.status == 200
        assert [r.headers for r in served.requests] == [{}] * 4
        assert served.refused("auth") == 10


async def test_what_is_no_export_is_said_so(engine):
    """A wrong path, verb or media type would be taken for telemetry."""
    async with serving(engine) as served, aiohttp.ClientSession() as session:
        base = f"http://{served.addresses['http']}"
        async with session.post(f"{base}/v1/nothing", data=b"") as response:
            assert response.status == 404
        async with session.get(f"{base}/v1/traces") as response:
            assert response.status == 405
        async with session.post(f"{base}/v1/traces", data=b"x") as response:
            assert response.status == 415
        async with grpc.aio.insecure_channel(served.addresses["grpc"]) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await channel.unary_unary("/some.Service/Method")(b"", timeout=5)
            assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert served.requests == []


async def test_requests_in_flight_are_answered_after_stop(engine):
    """A rollout would cost the batches that were under way."""
    async with serving(engine) as served, grpc_client(served) as call:
        served.hold = asyncio.Event()
        under_way = [call("traces", BODY) for _ in range(20)]
        await until(lambda: len(served.requests) >= 20)
        served.stop.set()
        served.stop.set()
        asyncio.get_running_loop().call_later(0.2, served.hold.set)
        assert await asyncio.gather(*under_way) == [b""] * 20


@pytest.mark.parametrize("pieces", [1, 50])
async def test_a_trickling_body_is_given_up(engine, pieces):
    """A slow client could hold memory for as long as it likes."""
    limits = LimitsConfig(message=ByteSize(2**20), read=Duration(0.3))
    async with serving(engine, limits=limits) as served:
        host, _, port = served.addresses["http"].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
            b"Content-Type: application/x-protobuf\r\n\r\n"
        )
        answer = asyncio.ensure_future(reader.readline())
        for _ in range(pieces):
            if not answer.done():
                writer.write(b"x")
                await asyncio.sleep(0.05)
        line = await asyncio.wait_for(answer, 5)
        # Told to come back where it still listens, else cut off: retried either way.
        assert line == b"" or line.split()[1] == b"503"
        writer.close()
        assert served.requests == []
        assert served.admission.reserved_bytes == 0
