"""`snaptrace validate` and `healthcheck`: exit codes that scripts rest on."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from snaptrace.cli import main

VALID = """
store: {url: "file:///tmp/x"}
collector: {upstream: {url: "http://127.0.0.1:4317"}}
replayd: {arms: {new: {role: canary, url: "http://127.0.0.1:1/v1", model: m}}}
"""


def test_a_valid_file_is_told_so(tmp_path, capsys):
    """A pipeline would refuse a configuration that both programs accept."""
    path = tmp_path / "snaptrace.yaml"
    path.write_text(VALID)
    assert main(["validate", str(path)]) == 0
    assert "store, collector, replayd" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("collector: {grpcc: {}}", "collector.grpcc"),
        ("replayd: {arms: {new: {role: boss}}}", "replayd.arms"),
        (
            "replayd: {arms: {new: {role: control, url: 'http://a', model: m}}}",
            "canary",
        ),
        ("shop: {}", "shop"),
    ],
)
def test_a_mistake_is_named(text, named, tmp_path, capsys):
    """A mistake would be found by a crash in the cluster."""
    path = tmp_path / "snaptrace.yaml"
    path.write_text(text)
    assert main(["validate", str(path)]) == 2
    assert named in capsys.readouterr().err


class Probe(BaseHTTPRequestHandler):
    """Ready on one path and not on the other."""

    def do_GET(self):
        """Answer as `/readyz` does."""
        is_ready = self.path == "/readyz"
        self.send_response(200 if is_ready else 503)
        self.end_headers()
        self.wfile.write(b"ok\n" if is_ready else b"starting\n")

    def log_message(self, *_):
        """Say nothing."""


def test_a_probe_is_told_whether_and_why(capsys):
    """A container without a shell would have no health check that can fail."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Probe)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        assert main(["healthcheck", f"{url}/readyz"]) == 0
        assert main(["healthcheck", f"{url}/later"]) == 1
        assert "503 starting" in capsys.readouterr().err
    finally:
        server.shutdown()
        server.server_close()
    assert main(["healthcheck", f"{url}/readyz"]) == 1
    assert main(["healthcheck", "ftp://x"]) == 2
