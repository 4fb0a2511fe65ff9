"""`snaptrace gate --attest` and `--verify`: files and a served verdict, to exits."""

import asyncio
import json
import threading
from base64 import b64decode, b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from fakes.leaping_loop import LoopClock
from fakes.pair_results import SECOND, START, epoch_of, live_of, result_of

from replayd.config import ReplaydConfig
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import settings_of
from replayd.ledger.ledger import Ledger, open_epoch
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import Verdicts
from snaptrace.cli import main
from snaptrace.cli.output import EXIT_USAGE
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

CONFIG = """
replayd:
  arms:
    prod: {role: control, url: "http://127.0.0.1:9", model: assistant-7}
    canary: {role: canary, url: "http://127.0.0.1:9", model: assistant-8}
"""
REVISION = "registry.example/app@sha256:" + "ab" * 32
UNTRUSTED = 3


def _keys(folder, name):
    key = ed25519.Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


async def _judged(url, *, worse=0):
    """Return what replayd would show of an epoch that the store holds."""
    store, epoch = Store.open(StoreConfig(url=url)), epoch_of("text", revision=REVISION)
    await open_epoch(store, epoch)
    results = [result_of(n, float(n >= worse)) for n in range(300)]
    await Ledger(store, epoch.epoch, LoopClock(), "one").commit(results, [])
    arms = {
        "canary": {"role": "canary", "url": "http://a", "model": "m"},
    }
    config = msgspec.convert({"arms": arms}, ReplaydConfig)
    board = Scoreboard(epoch, settings_of(config, "canary"))
    for result in results:
        board.fold(result)
    now_ns = START + 1000 * SECOND
    view = VerdictComputation(board).view(now_ns, live_of("text"))
    return Verdicts(canaries={"canary": view}, leading=True)


class _Served:
    """A replayd that shows given verdicts."""

    def __init__(self, verdicts):
        body = msgspec.json.encode(verdicts)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_why):
        self._server.shutdown()
        self._server.server_close()


class Shop:
    """A store, a configuration, keys, and the commands a pipeline runs."""

    def __init__(self, folder):
        self.folder, self.store = folder, f"file://{folder}/store"
        self.config = folder / "snaptrace.yaml"
        self.config.write_text(CONFIG)
        (folder / "fleet").write_text("a secret of some thirty-two letters")
        self.options = ["--config", str(self.config)]
        self.options += ["--set", f"store.key_file={folder}/fleet"]
        self.private, self.public = _keys(folder, "ours")
        self.file = folder / "passport.json"

    def attest(self, *, worse=0, key=None):
        """Ask the gate and write the passport; return the exit."""
        with _Served(asyncio.run(_judged(self.store, worse=worse))) as replayd:
            given = ["--url", replayd.url, "--attest", str(self.file)]
            key = ["--key", str(key or self.private)]
            where = ["--store", self.store, *self.options]
            return main(["gate", "--canary", "canary", *given, *key, *where])

    def verify(self, *more, key=None, store=None):
        """Check the passport; return the exit."""
        where = ["--store", store or self.store, *self.options]
        given = ["--verify", str(self.file), "--key", str(key or self.public)]
        return main(["gate", *given, *more, *where])


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def test_a_pass_is_attested_and_verified_from_the_store(shop, capsys):
    """A pipeline would have no verdict that somebody else can check."""
    assert shop.attest() == 0
    capsys.readouterr()
    assert shop.verify("--revision", REVISION) == 0
    said = capsys.readouterr().out
    assert "verified" in said
    assert "300 results" in said.replace("\n", " ")


def test_a_regression_is_attested_too_and_verifies_as_one(shop):
    """A red verdict could be left out, or shown as green."""
    assert shop.attest(worse=60) == 1
    assert shop.verify() == 1


def _with(file, change):
    """Change the statement inside, leaving the signature as it is."""
    envelope = json.loads(file.read_text())
    statement = json.loads(b64decode(envelope["payload"]))
    change(statement["predicate"])
    envelope["payload"] = b64encode(json.dumps(statement).encode()).decode()
    file.write_text(json.dumps(envelope))


def test_a_tampered_file_is_refused(shop, capsys):
    """Whoever carries the file could turn red to green."""
    assert shop.attest(worse=60) == 1
    _with(shop.file, lambda passport: passport.update(gate="pass"))
    assert shop.verify() == UNTRUSTED
    assert "not verified" in capsys.readouterr().out


def test_a_file_that_is_no_passport_is_refused(shop):
    """A traceback would stand where a pipeline needs a reason."""
    assert shop.attest() == 0
    for text in ("", "{}", '{"payload": "?", "signatures": []}', "\x00\xff"):
        shop.file.write_text(text)
        assert shop.verify() == UNTRUSTED


def test_another_store_is_refused(shop, tmp_path, capsys):
    """A passport would be believed without any results behind it."""
    assert shop.attest() == 0
    (tmp_path / "other").mkdir()
    assert shop.verify(store=f"file://{tmp_path}/other") == UNTRUSTED
    assert "not verified" in capsys.readouterr().out


def test_a_store_whose_results_say_otherwise_is_refused(shop, tmp_path, capsys):
    """Results could be exchanged after the verdict was signed."""
    assert shop.attest() == 0
    other = f"file://{tmp_path}/changed"
    asyncio.run(_judged(other, worse=60))
    assert shop.verify(store=other) == UNTRUSTED
    assert "sample" in capsys.readouterr().out


def test_a_wrong_key_is_refused(shop):
    """Anybody could sign a passport."""
    stranger, stranger_public = _keys(shop.folder, "stranger")
    assert shop.attest(key=stranger) == 0
    assert shop.verify() == UNTRUSTED
    assert shop.verify(key=stranger_public) == 0


def test_another_revision_is_refused(shop):
    """The passport of one image would let another in."""
    assert shop.attest() == 0
    assert shop.verify("--revision", "registry.example/app@sha256:00") == UNTRUSTED


def test_a_missing_file_or_key_is_said(shop):
    """A pipeline would go on with a step that did nothing."""
    assert shop.verify() != 0
    assert main(["gate", "--verify", str(shop.config), *shop.options]) == EXIT_USAGE
