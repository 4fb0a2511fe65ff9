"""Operators' redactors of images and sound: apart, without network, and bounded."""

import os
from pathlib import Path

import pytest

from collector.redact.plugin import Plugin, PluginFailedError

PLUGIN = """
import os, socket, time

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

    def make(name, seconds=20.0):
        plugins.append(Plugin(f"a_redactor:{name}", seconds))
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
