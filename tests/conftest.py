"""What every test stands on: no outside network, a seed, golden files read only."""

import ipaddress
import socket

import pytest
from hypothesis import settings

# How long an example takes is the machine's business, not a property.
settings.register_profile("no_clock", deadline=None)
settings.load_profile("no_clock")

_connect = socket.socket.connect


def _loopback_only(self, address):
    """Refuse a connection that would leave the machine."""
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise AssertionError(f"a test tried to reach {host}")
    return _connect(self, address)


@pytest.fixture(autouse=True)
def _no_outside_network(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)
