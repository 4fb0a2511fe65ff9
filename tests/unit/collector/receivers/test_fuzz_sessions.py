"""The fuzz target of the HTTP/2 server: it plays, and it would notice."""

import asyncio

import pytest
from fuzz import http2_sessions

from collector.receivers import http2
from collector.receivers.other_calls import ServiceCall

SESSIONS = {
    file.stem: file.read_bytes() for file in http2_sessions.SESSIONS.glob("*.bin")
}


def test_a_moment_of_fuzzing_finds_nothing(tmp_path):
    """A damaged session would end the relay, or hold memory after its client."""
    assert http2_sessions.run(3.0, 7, tmp_path / "failure") > 100


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
    ("where", "method", "defect"),
    [
        (http2.ServerConnection, "_take_trailers", breaks),
        (http2.ServerConnection, "_give_up_all", forgets),
        (ServiceCall, "gone", forgets),
    ],
    ids=["exception", "streams", "memory"],
)
def test_a_defect_would_be_found_and_its_session_kept(
    tmp_path, monkeypatch, where, method, defect
):
    """The target would run for hours and see nothing."""
    monkeypatch.setattr(where, method, defect)
    with pytest.raises((ZeroDivisionError, AssertionError)):
        http2_sessions.run(20.0, 7, tmp_path / "failure")
    kept = (tmp_path / "failure").read_bytes()
    with pytest.raises((ZeroDivisionError, AssertionError)):
        http2_sessions.again(kept)
