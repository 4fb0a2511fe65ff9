"""`snaptrace.runtime.listening`: who holds a port."""

import os
import socket
import sys

import pytest

from snaptrace.runtime.config import Address
from snaptrace.runtime.listening import holder_of, why_not_free


@pytest.fixture
def taken():
    """Return the port of a socket of this process that listens."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held.getsockname()[1]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_taken_port_names_its_holder(taken):
    """If it failed, a second start would say "address in use" and not by whom."""
    why = why_not_free(Address(f"127.0.0.1:{taken}"))
    assert why.startswith(f"in use by pid {os.getpid()} (")


def test_a_port_of_somebody_invisible_is_still_in_use(taken, tmp_path):
    """If it failed, another user's process would make the check fall over."""
    assert holder_of(taken, tmp_path) == ""
    address = Address(f"127.0.0.1:{taken}")
    assert why_not_free(address, tmp_path) == "in use by another process"


def test_a_free_port_is_free(taken):
    """If it failed, `up` would refuse to start."""
    assert why_not_free(Address("127.0.0.1:0")) == ""
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    assert why_not_free(Address(f"127.0.0.1:{free}")) == ""


def test_an_address_of_another_machine_says_so():
    """If it failed, a wrong host would look like a taken port."""
    assert why_not_free(Address("192.0.2.1:4317")).startswith("cannot be used: ")
