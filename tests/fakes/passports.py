"""Passports of epochs that were really judged, and keys to sign them with."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from fakes.leaping_loop import LoopClock
from fakes.pair_results import SECOND, START, epoch_of, live_of, result_of

from replayd.drills.known import KnownSensitivity
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings
from replayd.ledger.ledger import Ledger, open_epoch
from replayd.offline.passport.statement import passport_of
from replayd.verdicts.compute import VerdictComputation
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store

NOW = START + 1000 * SECOND
NO_DRILLS = KnownSensitivity()


def keys(made=None):
    """Return a private and a public key in PEM."""
    key = made or ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


async def judged(*, pairs=300, worse=0, revision="r1"):
    """Return a store with one epoch of text pairs, and what replayd shows of it."""
    store = Store.open(StoreConfig(url="memory://"))
    epoch = epoch_of("text", revision=revision)
    await open_epoch(store, epoch)
    results = [result_of(n, float(n >= worse)) for n in range(pairs)]
    await Ledger(store, epoch.epoch, LoopClock(), "one").commit(results, [])
    board = Scoreboard(epoch, BoardSettings())
    for result in results:
        board.fold(result)
    return store, VerdictComputation(board).view(NOW, live_of("text"))


async def made(store, view):
    """Return the passport of what is shown."""
    return await passport_of(
        store,
        LoopClock(),
        view,
        "canary",
        settings=BoardSettings(),
        drilled=NO_DRILLS,
    )
