"""Object stores as real server processes on the loopback: S3, Azure, GCS.

S3 is moto, a dependency of the tests. Azurite (npm) and fake-gcs-server (Go) are looked
for on the PATH and in `.venv/emulators`, where `make emulators` puts them.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from email.utils import formatdate
from pathlib import Path

from snaptrace.runtime.config import StoreConfig

EMULATORS = Path(sys.prefix) / "emulators"
# Moto looks for an object and puts it in two steps; with a thread for each request two
# creates of one name can both win, which is its fault and not the store's.
MOTO_ONE_AT_A_TIME = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
application = DomainDispatcherApplication(create_backend_app)
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=False)
"""
# Azurite's own well-known account, which stands in its manual.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/"
    "KBHBeksoGMGw=="
)


def found(command):
    """Return the path of an emulator, or None."""
    places = [EMULATORS / "node_modules" / ".bin", EMULATORS / "bin"]
    path = os.pathsep.join([*map(str, places), os.environ.get("PATH", "")])
    return shutil.which(command, path=path)


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(argv, port, folder):
    """Run a server until the block ends; it listens when the block begins."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder)
        try:
            deadline = time.monotonic() + 60
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, "the server did not come up"
                time.sleep(0.1)  # another process is starting
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


S3_OPTIONS = {
    "aws_region": "us-east-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}


class S3:
    """Moto's S3."""

    command = sys.executable

    def __init__(self, port):
        self.address = f"http://127.0.0.1:{port}"
        self.options = {**S3_OPTIONS, "aws_endpoint": self.address}
        self.argv = [self.command, "-c", MOTO_ONE_AT_A_TIME, str(port)]

    def bucket(self, name):
        """Make a bucket; return how a store in it is opened."""
        request = urllib.request.Request(f"{self.address}/{name}", method="PUT")
        urllib.request.urlopen(request, timeout=10).close()
        return StoreConfig(url=f"s3://{name}/some/prefix", options=self.options)


class Azure:
    """Azurite's blobs."""

    command = "azurite-blob"

    def __init__(self, port):
        self.address = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
        self.argv = [
            found(self.command),
            "--silent",
            "--blobPort",
            str(port),
            "--skipApiVersionCheck",
            "--inMemoryPersistence",
            "--disableTelemetry",
        ]

    def bucket(self, name):
        """Make a container; return how a store in it is opened."""
        headers = {
            "x-ms-date": formatdate(usegmt=True),
            "x-ms-version": "2021-08-06",
        }
        signed = "".join(f"{key}:{value}\n" for key, value in headers.items())
        text = "PUT" + "\n" * 12 + signed
        text += f"/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/{name}\nrestype:container"
        secret = base64.b64decode(AZURE_KEY)
        digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        request = urllib.request.Request(
            f"{self.address}/{name}?restype=container",
            method="PUT",
            headers={
                **headers,
                "Authorization": f"SharedKey {AZURE_ACCOUNT}:{signature}",
                "Content-Length": "0",
            },
        )
        urllib.request.urlopen(request, timeout=10).close()
        options = {
            "azure_storage_account_name": AZURE_ACCOUNT,
            "azure_storage_account_key": AZURE_KEY,
            "azure_storage_endpoint": self.address,
        }
        return StoreConfig(url=f"az://{name}/some/prefix", options=options)


class Gcs:
    """fake-gcs-server."""

    command = "fake-gcs-server"

    def __init__(self, port):
        self.address = f"http://127.0.0.1:{port}"
        self.argv = [
            found(self.command),
            *("-scheme", "http", "-host", "127.0.0.1", "-port", str(port)),
            *("-backend", "memory", "-public-host", f"127.0.0.1:{port}"),
        ]

    def bucket(self, name):
        """Make a bucket; return how a store in it is opened."""
        request = urllib.request.Request(
            f"{self.address}/storage/v1/b?project=test",
            method="POST",
            data=json.dumps({"name": name}).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()
        account = {
            "gcs_base_url": self.address,
            "disable_oauth": True,
            "client_email": "",
            "private_key": "",
            "private_key_id": "",
        }
        options = {
            "google_service_account_key": json.dumps(account),
            "allow_http": "true",
        }
        return StoreConfig(url=f"gs://{name}/some/prefix", options=options)


KINDS = {"s3": S3, "azure": Azure, "gcs": Gcs}
