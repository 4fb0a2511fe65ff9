"""Passports: what is signed, what verifies, and what is refused."""

import json
from base64 import b64decode, b64encode

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fakes.leaping_loop import LoopClock
from fakes.passports import NO_DRILLS, judged, keys, made
from msgspec.structs import replace

from replayd.evidence.settings import BoardSettings
from replayd.offline.passport.envelope import (
    PassportError,
    opened_envelope,
    sealed_envelope,
)
from replayd.offline.passport.statement import (
    differences_of,
    passport_in,
    statement_of,
)
from snaptrace.runtime.config import StoreConfig
from snaptrace.store.store import Store


@pytest.mark.parametrize(
    "key",
    [ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())],
)
async def test_a_passport_is_signed_and_recomputed(key):
    """A pipeline would have to trust whoever wrote the file."""
    store, view = await judged()
    private, public = keys(key)
    sealed = sealed_envelope(statement_of(await made(store, view)), private)
    passport = passport_in(opened_envelope(sealed, [public]))
    assert passport.gate == "pass"
    assert passport.sample.results == 300
    assert passport.modalities["text"].verdict == "pass"
    assert await differences_of(store, LoopClock(), passport, NO_DRILLS) == []


async def test_the_envelope_is_dsse_and_the_statement_in_toto():
    """No other tool could read a passport."""
    store, view = await judged(revision="sha256:" + "ab" * 32)
    private, public = keys()
    envelope = json.loads(
        sealed_envelope(statement_of(await made(store, view)), private)
    )
    assert set(envelope) == {"payload", "payloadType", "signatures"}
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    payload = b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    key = serialization.load_pem_public_key(public)
    key.verify(b64decode(envelope["signatures"][0]["sig"]), signed)
    statement = json.loads(payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "canary", "digest": {"sha256": "ab" * 32}}]


async def test_an_altered_passport_is_refused():
    """Anybody could turn a regression into a pass."""
    store, view = await judged(worse=120)
    private, public = keys()
    sealed = json.loads(sealed_envelope(statement_of(await made(store, view)), private))
    payload = b64decode(sealed["payload"]).replace(b'"regressed"', b'"pass"')
    sealed["payload"] = b64encode(payload).decode()
    with pytest.raises(PassportError, match="none of the keys"):
        opened_envelope(json.dumps(sealed).encode(), [public])


async def test_a_signed_lie_is_found_in_the_results():
    """Whoever holds the key could write any verdict."""
    store, view = await judged(worse=120)
    passport = await made(store, view)
    assert passport.gate == "regressed"
    lies = {
        "gate": replace(passport, gate="pass"),
        "sample": replace(passport, sample=replace(passport.sample, sha256="0" * 64)),
        "modalities.text": replace(
            passport,
            modalities={"text": replace(passport.modalities["text"], verdict="pass")},
        ),
        "revision": replace(passport, revision="r2"),
    }
    for field, lie in lies.items():
        assert await differences_of(store, LoopClock(), lie, NO_DRILLS) == [field]
    # A looser margin changes what its results come to.
    looser = replace(passport, settings=BoardSettings(margins={"text": 0.9}))
    assert await differences_of(store, LoopClock(), looser, NO_DRILLS)


async def test_results_that_are_gone_verify_nothing():
    """A passport would be believed whose results nobody can see."""
    store, view = await judged()
    passport = await made(store, view)
    empty = Store.open(StoreConfig(url="memory://"))
    with pytest.raises(PassportError, match="no epoch"):
        await differences_of(empty, LoopClock(), passport, NO_DRILLS)
    more = replace(passport, sample=replace(passport.sample, results=400))
    with pytest.raises(PassportError, match="300 of 400"):
        await differences_of(store, LoopClock(), more, NO_DRILLS)


async def test_a_verdict_that_results_do_not_give_gets_no_passport():
    """A person's decision would be signed as if it could be recomputed."""
    store, view = await judged(worse=120)
    with pytest.raises(PassportError, match="decisions of people"):
        await made(store, replace(view, gate="pass"))


async def test_a_statement_about_another_revision_is_refused():
    """A passport could be moved to another revision."""
    store, view = await judged()
    statement = msgspec.json.decode(statement_of(await made(store, view)))
    statement["subject"][0]["digest"] = {"sha256": "0" * 64}
    with pytest.raises(PassportError, match="subject"):
        passport_in(msgspec.json.encode(statement))
    statement["predicateType"] = "https://slsa.dev/provenance/v1"
    with pytest.raises(PassportError, match="another kind"):
        passport_in(msgspec.json.encode(statement))


@pytest.mark.parametrize("data", [b"", b"{}", b"no json", b"[" * 100_000])
def test_what_is_no_envelope_is_refused(data):
    """A pipeline would end in a stack trace."""
    with pytest.raises(PassportError):
        opened_envelope(data, [keys()[1]])


def test_another_kind_of_key_is_refused():
    """A weak key would sign what a gate believes."""
    private, public = keys(rsa.generate_private_key(65_537, 2048))
    with pytest.raises(PassportError, match="Ed25519"):
        sealed_envelope(b"{}", private)
    with pytest.raises(PassportError, match="Ed25519"):
        opened_envelope(sealed_envelope(b"{}", keys()[0]), [public])
    with pytest.raises(PassportError, match="cannot be read"):
        sealed_envelope(b"{}", b"no key")
