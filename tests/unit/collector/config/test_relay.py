"""Settings: defaults that can be served, mistakes that are named."""

import pytest

from collector.config.relay import CollectorConfig
from snaptrace.runtime.config import ConfigError, load


def read(*settings):
    return load(None, {}, settings).section("collector", CollectorConfig)


def test_the_defaults_are_those_of_a_sidecar():
    """An install without a file would listen to the world, or refuse to start."""
    config = read()
    assert (config.grpc.listen, config.http.listen) == (
        "127.0.0.1:4317",
        "127.0.0.1:4318",
    )
    assert (config.upstream.url, config.limits.message) == ("none", 64 * 2**20)


def test_units_are_read():
    """`10m` would be ten of something else."""
    config = read(
        "collector.reservoir.window=10m",
        "collector.tap.queue_bytes=1MiB",
        'collector.attributes=["user.locale"]',
    )
    assert (config.reservoir.window, config.tap.queue_bytes) == (600, 2**20)
    assert config.attributes == ("user.locale",)


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("collector.grpc.listen=4317", "collector.grpc.listen"),
        ("collector.grpc.tls.cert_file=x", "collector.grpc.tls"),
        ("collector.limits.connections=0", "collector.limits.connections"),
        ("collector.tap.decode_budget=-1", "collector.tap.decode_budget"),
        ("collector.reservoir.window=100ms", "collector.reservoir"),
        ("collector.upstream.compression=br", "collector.upstream.compression"),
        ("collector.upsteam.url=none", "collector.upsteam"),
    ],
)
def test_a_mistake_names_its_key(setting, key):
    """An operator would search for a typo in every line."""
    with pytest.raises(ConfigError) as error:
        read(setting)
    assert error.value.key.startswith(key)
