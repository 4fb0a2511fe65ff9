"""A real kube-apiserver with its etcd and its controllers, for the chart's tests.

The binary is `tests/system/cluster`; `make test-cluster` builds it, once. There is no
kubelet and no scheduler: what is admitted stays pending.
"""

import contextlib
import json
import os
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fakes.object_servers import free_port
from fakes.waiting import wait_until

ROOT = Path(__file__).parents[2]
BINARY = Path(
    os.environ.get("SNAPTRACE_CLUSTER") or ROOT / ".venv" / "servers" / "cluster"
)
TOKEN = "token-of-the-tests"
CONTROLLERS = (
    *("deployment-controller", "replicaset-controller", "statefulset-controller"),
    *("daemonset-controller", "job-controller", "cronjob-controller"),
    *("serviceaccount-controller", "resourcequota-controller"),
)


class ApiServer:
    """Requests to the server as its administrator."""

    def __init__(self, url: str, certificate: Path) -> None:
        self._url = url
        self._tls = ssl.create_default_context(cafile=str(certificate))
        self._tls.check_hostname = False
        self._plurals: dict[tuple[str, str], tuple[str, bool]] = {}
        self.warnings: list[str] = []

    def ask(self, method, path, body=None, media_type="application/json"):
        """Return (status, answer); warnings of the server are kept."""
        request = urllib.request.Request(
            f"{self._url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": media_type},
        )
        try:
            with urllib.request.urlopen(request, context=self._tls, timeout=30) as got:
                self.warnings += got.headers.get_all("Warning") or []
                return got.status, json.load(got)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def path(self, document, namespace):
        """Return the path of the objects of a document's kind."""
        version, kind = document["apiVersion"], document["kind"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if (version, kind) not in self._plurals:
            status, listed = self.ask("GET", root)
            assert status == 200, f"{version} is not served"
            for one in listed["resources"]:
                if "/" not in one["name"]:
                    key = (version, one["kind"])
                    self._plurals[key] = one["name"], one["namespaced"]
        plural, namespaced = self._plurals[version, kind]
        return (
            f"{root}/namespaces/{namespace}/{plural}"
            if namespaced
            else (f"{root}/{plural}")
        )

    def create(self, document, namespace="", *, dry_run=False):
        """Create an object; return (status, answer)."""
        query = "?dryRun=All" if dry_run else ""
        query += ("&" if query else "?") + "fieldValidation=Strict"
        return self.ask("POST", self.path(document, namespace) + query, document)

    def listed(self, path):
        """Return the objects of a list."""
        status, found = self.ask("GET", path)
        assert status == 200, found
        return found["items"]


@contextlib.contextmanager
def _process(part, log, *flags):
    with log.open("w") as out:
        process = subprocess.Popen([BINARY, part, *flags], stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _key(path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )


@contextlib.contextmanager
def api_server(folder):
    """Start all three processes on loopback; yield the server once it is ready."""
    client, peer, secure, controllers = (free_port() for _ in range(4))
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
    _key(folder / "accounts.key")
    etcd = (
        f"--data-dir={folder}/etcd",
        f"--listen-client-urls=http://127.0.0.1:{client}",
        f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-cluster=default=http://127.0.0.1:{peer}",
        "--unsafe-no-fsync",
    )
    server = (
        f"--etcd-servers=http://127.0.0.1:{client}",
        "--bind-address=127.0.0.1",
        f"--secure-port={secure}",
        f"--cert-dir={folder}/certificates",
        f"--token-auth-file={folder}/tokens.csv",
        "--authorization-mode=RBAC",
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.96.0.0/24",
        "--service-account-issuer=https://tests.invalid",
        f"--service-account-key-file={folder}/accounts.key",
        f"--service-account-signing-key-file={folder}/accounts.key",
    )
    with (
        _process("etcd", folder / "etcd.log", *etcd),
        _process("apiserver", folder / "apiserver.log", *server),
    ):
        certificate = folder / "certificates" / "apiserver.crt"
        wait_until(certificate.exists, 60)
        found = ApiServer(f"https://127.0.0.1:{secure}", certificate)

        def is_ready():
            try:
                return found.ask("GET", "/api/v1/namespaces/kube-system")[0] == 200
            except OSError:
                return False

        wait_until(is_ready, 120)
        config = _kubeconfig(folder, secure, certificate)
        flags = (
            f"--kubeconfig={config}",
            f"--controllers={','.join(CONTROLLERS)}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={controllers}",
            f"--cert-dir={folder}/controllers",
        )
        with _process("controllers", folder / "controllers.log", *flags):
            yield found


def _kubeconfig(folder, port, certificate):
    path = folder / "kubeconfig.json"
    cluster = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority": str(certificate),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}],
        "contexts": [
            {"name": "tests", "context": {"cluster": "tests", "user": "admin"}}
        ],
        "current-context": "tests",
    }
    path.write_text(json.dumps(document))
    return path
