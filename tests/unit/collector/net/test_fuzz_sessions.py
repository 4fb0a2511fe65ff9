"""The fuzz targets of the servers: they play, and they would notice."""

import asyncio
import math

import pytest
from fuzz import http1_sessions, http2_sessions

from collector.net import h2_server
from collector.net.http1_server import Http1Connection
from collector.receiver.export import Export
from collector.receiver.grpc_other_calls import ServiceCall

SESSIONS = {
    file.stem: file.read_bytes() for file in http2_sessions.SESSIONS.glob("*.bin")
}


@pytest.mark.parametrize("target", [http1_sessions, http2_sessions])
def test_a_moment_of_fuzzing_finds_nothing(tmp_path, target):
    """A damaged session would end the relay, or hold memory after its client."""
    assert target.run(math.inf, 7, tmp_path / "failure", 150) == 150


@pytest.mark.parametrize("name", SESSIONS)
def test_a_whole_session_of_a_real_client_is_understood(name):
    """The target would only ever see its sessions refused at their beginning."""

    async def play():
        caller = http2_sessions.Caller(greets=False)
        caller.sends(SESSIONS[name])
        frames = await caller.hears()
        assert not caller.wire.closing
        streams = {stream for _, _, stream, _ in frames if stream}
        caller.connection.connection_lost(None)
        await asyncio.sleep(0)
        return streams, caller.requests

    streams, requests = asyncio.run(play())
    assert len(streams) >= 2 or name == "curl"
    assert bool(requests) == (name in ("grpcio-exports", "rotel"))


def breaks(_self, *_args, **_options):
    raise ZeroDivisionError


def forgets(_self):
    """Give nothing back."""


@pytest.mark.parametrize(
    ("target", "place", "defect"),
    [
        (http2_sessions, (h2_server.ServerConnection, "_on_trailers"), breaks),
        (http2_sessions, (h2_server.ServerConnection, "_cancel_all"), forgets),
        (http2_sessions, (ServiceCall, "cancelled"), forgets),
        (http1_sessions, (Http1Connection, "_stay"), breaks),
        (http1_sessions, (Export, "cancelled"), forgets),
    ],
    ids=["exception", "streams", "memory", "HTTP/1.1 exception", "HTTP/1.1 memory"],
)
def test_a_defect_would_be_found_and_its_session_kept(
    tmp_path, monkeypatch, target, place, defect
):
    """The target would run for hours and see nothing."""
    monkeypatch.setattr(*place, defect)
    with pytest.raises((ZeroDivisionError, AssertionError)):
        target.run(math.inf, 7, tmp_path / "failure", 10_000)
    kept = (tmp_path / "failure").read_bytes()
    with pytest.raises((ZeroDivisionError, AssertionError)):
        target.again(kept)
