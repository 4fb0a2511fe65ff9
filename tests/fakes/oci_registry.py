"""A registry of images over HTTP, with what `cosign attach attestation` puts there."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_ENVELOPE = "application/vnd.dsse.envelope.v1+json"


def _digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class OciRegistry:
    """Serves manifests and blobs of one repository on loopback."""

    repository = "model-server"

    def __init__(self):
        self._kept = {}  # by tag or digest

    def __enter__(self):
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                registry._answer(self)

            do_HEAD = do_GET  # noqa: N815 - the base class asks for it by this name

            def log_message(self, *_):
                """Write nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self._server.server_port}/{self.repository}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def push(self, tag):
        """Store an image without layers; return its digest."""
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"tag": tag}},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
        return self._manifest(tag, json.dumps(config).encode(), [])

    def attach(self, digest, envelope, predicate):
        """Store a signed statement beside an image, under cosign's tag."""
        layer = self._blob(_ENVELOPE, envelope)
        layer["annotations"] = {
            "dev.cosignproject.cosign/signature": "",
            "predicateType": predicate,
        }
        self._manifest(f"{digest.replace(':', '-')}.att", b"{}", [layer])

    def _blob(self, kind, data):
        self._kept[_digest(data)] = (kind, data)
        return {"mediaType": kind, "digest": _digest(data), "size": len(data)}

    def _manifest(self, tag, config, layers):
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._blob(_CONFIG, config),
            "layers": layers,
        }
        data = json.dumps(manifest).encode()
        self._kept[tag] = self._kept[_digest(data)] = (_MANIFEST, data)
        return _digest(data)

    def _answer(self, request):
        name = request.path.rstrip("/").rpartition("/")[2]
        unknown = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": name}]}
        kind, data = "application/json", json.dumps(unknown).encode()
        status = 404
        if name == "v2":
            status, data = 200, b"{}"
        elif name in self._kept:
            status, (kind, data) = 200, self._kept[name]
        request.send_response(status)
        request.send_header("content-type", kind)
        request.send_header("content-length", str(len(data)))
        request.send_header("docker-content-digest", _digest(data))
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(data)
