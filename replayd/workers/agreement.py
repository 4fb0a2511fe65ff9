"""Digest of the settings that leader and worker share."""

import hashlib

import msgspec
from msgspec.structs import asdict

from replayd.config import ArmConfig, ReplaydConfig
from replayd.scoring.extract.prose.meaning import PACKAGED
from replayd.scoring.own.settings import versions_of
from replayd.traits import names as traits
from snaptrace import VERSION
from snaptrace.crypto.fleet_key import FleetKey

# Where an arm is reached and what it costs in connections is each worker's own, as are
# the keys; the leader alone uses the others.
OWN = frozenset(
    {
        *("url", "api_key_env", "api_key_file", "headers", "ca_file", "proxy"),
        *("concurrency", "max_response_bytes", "pool", "region", "availability"),
        *("revision", "model", "intent", "decisions", "applies_to", "timeout"),
    }
)


def settings_digest(config: ReplaydConfig, canary: str, key: FleetKey) -> str:
    """Return a digest of all that changes a pair's requests, answers or scores."""
    arms = {
        name: _asked(arm)
        for name, arm in config.arms.items()
        if name == canary or arm.role == "control"
    }
    control = {n: a.model for n, a in config.arms.items() if a.role == "control"}
    fixed = {
        "version": VERSION,
        "arms": arms,
        "control": control,
        "privacy": msgspec.to_builtins(config.privacy),
        # The folder is each worker's own; whether there is one changes scores.
        "prose_model": [_prose_model(config), config.prose_model_prefix],
        # What a scorer may take or read is each worker's own.
        "scorers": versions_of(config.scorers),
        "traits": [config.traits, traits.VERSION],
        "prices": msgspec.to_builtins(config.prices),
    }
    data = msgspec.json.encode(fixed, order="sorted")
    # The key decides which pseudonyms stand in answers; only a digest of it travels.
    return hashlib.blake2b(data, key=key.handed_over()[:64], digest_size=12).hexdigest()


def _prose_model(config: ReplaydConfig) -> bool | str:
    named = config.prose_model
    return named if named == PACKAGED else bool(named)


def _asked(arm: ArmConfig) -> dict[str, object]:
    fields = asdict(arm)
    return {
        name: msgspec.to_builtins(value)
        for name, value in fields.items()
        if name not in OWN
    }
