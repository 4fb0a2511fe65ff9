"""Operators' redactors of images and sound: apart, without network, and bounded."""

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from snaptrace.redact.media.plugin import Plugin, PluginFailedError

PLUGIN = """
import ctypes, os, socket, time

def _connected(port):
    # By the C library, so that nothing of Python is in the way.
    libc = ctypes.CDLL(None, use_errno=True)
    made = libc.socket(2, 1, 0)
    if made < 0:
        return "no socket, errno %d" % ctypes.get_errno()
    address = b"\\2\\0" + port.to_bytes(2, "big") + b"\\x7f\\0\\0\\1" + bytes(8)
    if libc.connect(made, address, 16):
        return "not connected, errno %d" % ctypes.get_errno()
    return "connected"

_LANG = os.environ.get("LANG", "")
AT_IMPORT = _connected(int(_LANG) if _LANG.isdigit() else 9)

def raw(data, mime):
    return (AT_IMPORT + "; " + _connected(int(data))).encode()

def read(data, mime):
    try:
        return b"read " + open(data, "rb").read()
    except OSError as error:
        return type(error).__name__.encode()

def parent(data, mime):
    told = []
    for name in ("environ", "mem", "fd/0"):
        try:
            open("/proc/%d/%s" % (os.getppid(), name), "rb").read(1)
            told.append("read " + name)
        except OSError as error:
            told.append(type(error).__name__)
    return "; ".join(told).encode()

def descriptors(data, mime):
    return repr(sorted(int(name) for name in os.listdir("/proc/self/fd"))).encode()

def blur(data, mime):
    return b"blurred " + mime.encode() + b" " + data[::-1]

def refuse(data, mime):
    return None

def crash(data, mime):
    os._exit(3)

def hang(data, mime):
    time.sleep(3600)

def shout(data, mime):
    os.write(1, b"\\xff" * 100)
    return data

def tell(data, mime):
    return repr(sorted(os.environ)).encode()

def connect(data, mime):
    try:
        socket.create_connection(("127.0.0.1", int(data)), timeout=1)
    except OSError as error:
        return type(error).__name__.encode()
    return b"connected"
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Return a maker of plug-ins that ends them after the test."""
    (tmp_path / "a_redactor.py").write_text(PLUGIN)
    path = os.pathsep.join((str(tmp_path), str(Path.cwd())))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("SNAPTRACE_SECRET", "s3cr3t")
    plugins = []

    def make(name, seconds=20.0, hidden=()):
        plugins.append(Plugin(f"a_redactor:{name}", seconds, hidden))
        return plugins[-1]

    yield make
    for plugin in plugins:
        plugin.close()


def test_media_go_there_and_back(made):
    """Faces would stay in the pictures although a redactor is named."""
    plugin = made("blur")
    for data in (b"", b"abc", b"x" * 3_000_000):
        assert plugin.redact(data, "image/png") == b"blurred image/png " + data[::-1]
    assert made("refuse").redact(b"abc", "") is None


@pytest.mark.parametrize("name", ["crash", "shout", "not_there"])
def test_a_failing_redactor_is_an_error_and_not_a_silence(made, name):
    """A picture that nobody looked at would be stored."""
    plugin = made(name)
    for _ in range(2):
        with pytest.raises(PluginFailedError):
            plugin.redact(b"abc", "image/png")


def test_a_redactor_that_hangs_is_killed(made):
    """Sampling would stand still for ever."""
    with pytest.raises(PluginFailedError, match="too long"):
        made("hang", 0.3).redact(b"abc", "image/png")


def test_a_redactor_sees_no_environment(made):
    """A plug-in could read the keys of the fleet and of the store."""
    assert b"SNAPTRACE" not in made("tell").redact(b"", "")


def test_a_redactor_has_no_network(made):
    """A plug-in could send every picture away."""
    told = made("connect").redact(b"9", "")
    assert told == b"PermissionError"


@pytest.fixture
def listening():
    """Yield the port of a server that would take any connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_redactor_that_leaves_python_has_no_network_either(
    made, listening, monkeypatch
):
    """A library in C, or a module while it is imported, could send pictures away."""
    monkeypatch.setenv("LANG", str(listening))  # one of the few that are passed on
    told = made("raw").redact(str(listening).encode(), "").decode()
    assert "connected" not in told.replace("not connected", "")
    assert told.count("errno") == 2


def test_a_redactor_cannot_read_the_key(made, tmp_path):
    """Whoever has the fleet's secret can tell whose pictures are in the sample."""
    key = tmp_path / "fleet.key"
    key.write_text("the secret of a fleet")
    other = tmp_path / "model.bin"
    other.write_text("weights")
    plugin = made("read", hidden=(str(key),))
    assert plugin.redact(str(other).encode(), "") == b"read weights"
    told = plugin.redact(str(key).encode(), "")
    if not has_namespaces():  # documented: there the file's owner has to differ
        return
    assert told in (b"read ", b"PermissionError")


def test_a_redactor_cannot_read_who_started_it(made):
    """Keys lie in the memory of the process that redacts."""
    told = made("parent").redact(b"", "").decode()
    assert told == "; ".join(["PermissionError"] * 3)


def test_a_redactor_has_its_pipes_and_nothing_else(made, tmp_path):
    """A socket or a file of ours would be open to it."""
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 - has no name
        told = ast.literal_eval(made("descriptors").redact(b"", "").decode())
    assert set(told) <= {0, 1, 2, 3}  # the fourth reads the list


def has_namespaces():
    """Tell whether this kernel lets a process have namespaces of its own."""
    code = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10020000))"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
