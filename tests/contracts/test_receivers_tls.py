"""TLS on every listener, on every row of ENGINES."""

import asyncio
import ssl

import aiohttp
import grpc
import grpc.aio
import pytest
from cryptography import x509
from fakes.certificates import Authority
from fakes.served_receiver import BODY, serving
from fakes.waiting import until

from collector.config.relay import (
    JoinConfig,
    LimitsConfig,
    TlsConfig,
    UpstreamConfig,
    UpstreamTlsConfig,
)
from collector.exporter import open_upstreams
from collector.exporter.endpoints import endpoints
from collector.metrics.instruments import Registry
from collector.metrics.relay import RelayMetrics
from collector.net import listener
from collector.otlp.export_result import UNAVAILABLE
from collector.otlp.signals import SIGNALS, OtlpRequest
from collector.receiver import native
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import ByteSize

METHOD = SIGNALS["traces"].grpc_method


async def over_grpc(served, authority, client=None):
    credentials = grpc.ssl_channel_credentials(
        authority.file.read_bytes(),
        client and client[1].read_bytes(),
        client and client[0].read_bytes(),
    )
    target = served.addresses["grpc"]
    async with grpc.aio.secure_channel(
        target, credentials, [("grpc.use_local_subchannel_pool", 1)]
    ) as channel:
        return await channel.unary_unary(METHOD)(BODY, timeout=10)


async def over_http(served, authority, client=None):
    context = ssl.create_default_context(cafile=authority.file)
    if client:
        context.load_cert_chain(*client)
    url = f"https://{served.addresses['http']}/v1/traces"
    headers = {"Content-Type": "application/x-protobuf"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=BODY, headers=headers, ssl=context) as response,
    ):
        return response.status


def serial_of(served):
    host, _, port = served.addresses["http"].rpartition(":")
    pem = ssl.get_server_certificate((host, int(port)))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


def tls_of(authority, name="server", *, clients=False):
    pem, key = authority.issue(name)
    return TlsConfig(
        cert_file=str(pem),
        key_file=str(key),
        client_ca_file=str(authority.file) if clients else "",
    )


async def test_both_protocols_speak_tls(engine, tmp_path):
    """Telemetry would travel in plaintext, or not at all."""
    authority = Authority(tmp_path)
    async with serving(engine, tls=tls_of(authority)) as served:
        assert await over_grpc(served, authority) == b""
        assert await over_http(served, authority) == 200
        async with grpc.aio.insecure_channel(served.addresses["grpc"]) as channel:
            with pytest.raises(grpc.aio.AioRpcError):
                await channel.unary_unary(METHOD)(BODY, timeout=2)
        assert len(served.requests) == 2


async def test_mutual_tls_lets_only_known_clients_in(engine, tmp_path):
    """Anyone who reaches the port could send telemetry."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    authority = Authority(ours)
    client = authority.issue("client")
    stranger = Authority(theirs).issue("client")
    async with serving(engine, tls=tls_of(authority, clients=True)) as served:
        assert await over_grpc(served, authority, client) == b""
        assert await over_http(served, authority, client) == 200
        for wrong in (None, stranger):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await over_grpc(served, authority, wrong)
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
            with pytest.raises(aiohttp.ClientError):
                await over_http(served, authority, wrong)
        assert len(served.requests) == 2


async def test_renewed_certificates_are_served_without_a_restart(
    tmp_path, monkeypatch, caplog
):
    """A certificate would expire under a sidecar that nobody restarts."""
    monkeypatch.setattr(native, "RELOAD_SECONDS", 0.05)
    monkeypatch.setattr(listener, "RELOAD_SECONDS", 0.05)
    monkeypatch.setattr(listener, "TIMEOUT_CHECK_SECONDS", 0.05)
    authority = Authority(tmp_path)
    tls = tls_of(authority)
    async with serving("native", tls=tls) as served:
        before = await asyncio.to_thread(serial_of, served)
        (tmp_path / "server.pem").write_text("half a certif")
        await until(lambda: "certificates could not be reloaded" in caplog.text)
        assert await asyncio.to_thread(serial_of, served) == before
        authority.issue("server")

        async def is_renewed():
            return await asyncio.to_thread(serial_of, served) != before

        await until(is_renewed)
        assert await over_grpc(served, authority) == b""


async def test_new_tokens_are_read_without_a_restart(tmp_path, monkeypatch):
    """A token could not be taken back."""
    monkeypatch.setattr(native, "RELOAD_SECONDS", 0.05)
    monkeypatch.setattr(listener, "RELOAD_SECONDS", 0.05)
    monkeypatch.setattr(listener, "TIMEOUT_CHECK_SECONDS", 0.05)
    tokens = tmp_path / "tokens"
    tokens.write_text("old\n")
    async with (
        serving("native", tokens=tokens) as served,
        grpc.aio.insecure_channel(served.addresses["grpc"]) as channel,
    ):
        call = channel.unary_unary(METHOD)
        old, new = ((("authorization", f"Bearer {t}"),) for t in ("old", "new"))
        await call(BODY, metadata=old)
        tokens.write_text("new\n")

        async def is_let_in():
            try:
                await call(BODY, metadata=new)
            except grpc.aio.AioRpcError:
                return False
            return True

        await until(is_let_in)
        with pytest.raises(grpc.aio.AioRpcError):
            await call(BODY, metadata=old)


@pytest.mark.parametrize("listener", ["grpc", "http"])
async def test_ways_out_speak_mutual_tls(listener, tmp_path):
    """A backend that wants a certificate could not be an upstream."""
    authority = Authority(tmp_path)
    pem, key = authority.issue("client")
    ours = UpstreamTlsConfig(
        ca_file=str(authority.file), cert_file=str(pem), key_file=str(key)
    )
    request = OtlpRequest(
        signal="traces", encoding="protobuf", body=BODY, received_at_ns=0
    )
    async with serving("native", tls=tls_of(authority, clients=True)) as served:
        scheme = {"grpc": "grpcs", "http": "https"}[listener]
        url = f"{scheme}://{served.addresses[listener]}"
        for tls, is_let_in in ((ours, True), (UpstreamTlsConfig(), False)):
            ways = endpoints(UpstreamConfig(url=url, tls=tls), {})
            metrics = RelayMetrics(Registry())
            off = JoinConfig(enabled=False)
            upstream = open_upstreams(ways, off, metrics, SystemClock())["traces"]
            answer = await upstream.send(request, 3)
            assert answer.code == (0 if is_let_in else UNAVAILABLE)
            await upstream.close()
        assert [r.body for r in served.requests] == [BODY]


class MovedClock(SystemClock):
    """The system's clock, with time that a test adds."""

    added_seconds = 0.0

    def monotonic_seconds(self):
        return super().monotonic_seconds() + self.added_seconds


@pytest.mark.parametrize("listener", ["grpc", "http"])
async def test_renewed_client_certificates_are_used_without_a_restart(
    listener, tmp_path
):
    """The way out would close when its certificate or authority is replaced."""
    old_folder, new_folder = tmp_path / "old", tmp_path / "new"
    old_folder.mkdir()
    new_folder.mkdir()
    old, new = Authority(old_folder), Authority(new_folder)
    pem, key = old.issue("client")
    ours = UpstreamTlsConfig(
        ca_file=str(old.file), cert_file=str(pem), key_file=str(key)
    )
    request = OtlpRequest(
        signal="traces", encoding="protobuf", body=BODY, received_at_ns=0
    )
    scheme = {"grpc": "grpcs", "http": "https"}[listener]
    clock = MovedClock()
    tls = tls_of(new, clients=True)
    async with serving("native", tls=tls) as served:
        url = f"{scheme}://{served.addresses[listener]}"
        ways = endpoints(UpstreamConfig(url=url, tls=ours), {})
        metrics = RelayMetrics(Registry())
        off = JoinConfig(enabled=False)
        upstream = open_upstreams(ways, off, metrics, clock)["traces"]
        try:
            assert (await upstream.send(request, 3)).code == UNAVAILABLE
            pem.write_text("half a certif")
            clock.added_seconds += 31
            assert (await upstream.send(request, 3)).code == UNAVAILABLE
            for made, name in zip(new.issue("client"), (pem, key), strict=True):
                made.replace(name)
            old.file.write_bytes(new.file.read_bytes())
            assert (await upstream.send(request, 3)).code == UNAVAILABLE
            clock.added_seconds += 31
            assert (await upstream.send(request, 3)).code == 0
            clock.added_seconds += 31
            assert (await upstream.send(request, 3)).code == 0
        finally:
            await upstream.close()
            await upstream.close()


async def test_handshakes_that_never_end_are_bounded(tmp_path):
    """Clients that only knock would take all memory, or lock the others out."""
    limits = LimitsConfig(message=ByteSize(2**20), connections=20)
    authority = Authority(tmp_path)
    async with serving("native", limits=limits, tls=tls_of(authority)) as served:
        host, _, port = served.addresses["grpc"].rpartition(":")
        knocking = [await asyncio.open_connection(host, int(port)) for _ in range(200)]
        assert await over_grpc(served, authority) == b""
        assert served.refused("connections") >= 180
        for _, writer in knocking:
            writer.transport.abort()
        assert await over_grpc(served, authority) == b""
