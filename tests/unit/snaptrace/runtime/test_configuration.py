"""`snaptrace.runtime.config`: what a person may write, and what they are told."""

from typing import Annotated

import pytest
from msgspec import Meta, Struct

from replayd.config import ReplaydConfig
from snaptrace.runtime.config import (
    Address,
    ByteSize,
    ConfigError,
    Duration,
    StoreConfig,
    load,
)


class Grpc(Struct, frozen=True, forbid_unknown_fields=True):
    """A nested section."""

    listen: Address = Address("127.0.0.1:4317")


class Sample(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section as a program would declare it."""

    grpc: Grpc = Grpc()
    window: Duration = Duration(600)
    queue: ByteSize = ByteSize(64)
    size: Annotated[int, Meta(ge=1)] = 256
    revision: str = ""
    arms: dict[str, Grpc] = {}


def _write(tmp_path, text):
    path = tmp_path / "snaptrace.yaml"
    path.write_text(text)
    return str(path)


def test_the_later_source_wins(tmp_path):
    """An operator's --set would be shadowed by the file it is meant to override."""
    path = _write(tmp_path, "collector: {size: 1, window: 5m}\nreplayd:\n")
    document = load(
        path,
        {"SNAPTRACE_COLLECTOR__SIZE": "2", "SNAPTRACE_LOG": "x", "OTHER": "y"},
        ["collector.size=3"],
    )
    section = document.section("collector", Sample)
    assert (section.size, section.window) == (3, 300.0)


def test_environment_reaches_nested_keys():
    """A container could not be configured without a file."""
    environ = {"SNAPTRACE_COLLECTOR__GRPC__LISTEN": "0.0.0.0:1"}
    assert load(None, environ).section("collector", Sample).grpc.listen.port == 1


def test_a_date_stays_the_text_it_looks_like(tmp_path):
    """A revision written as a date would become a date object and be refused."""
    path = _write(tmp_path, "collector: {revision: 2026-11-20}")
    assert load(path, {}).section("collector", Sample).revision == "2026-11-20"


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("collector: {sizes: 1}", "collector.sizes", "no such key"),
        ("collector: {size: 0}", "collector.size", ">= 1 (is 0)"),
        ("collector: {size: many}", "collector.size", "expected `int`"),
        ("collector: {window: soon}", "collector.window", "no duration"),
        ("collector: {queue: 3 apples}", "collector.queue", "no size"),
        ("collector: {grpc: {listen: 4317}}", "collector.grpc.listen", "no address"),
        ("collector: {arms: {a: {b: 1}}}", "collector.arms", "no such key"),
        ("collectors: {size: 1}", "collectors", "no such section"),
        ("[1]", "snaptrace.yaml", "mapping"),
        ("a: [", "snaptrace.yaml", "no YAML"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path, text, key, words):
    """A person would have to guess which of a hundred keys is wrong."""
    path = _write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path, {}).section("collector", Sample)
    assert key in caught.value.key
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        (
            "{good: {role: canary, url: u, model: m}, bad: {role: canary, api_key: x}}",
            "replayd.arms.bad.api_key: no such key; did you mean api_key_env?",
        ),
        (
            "{good: {role: canary, url: u, model: m}, bad: {role: canry}}",
            "replayd.arms.bad.role: invalid enum value 'canry' (is 'canry')",
        ),
        (
            "{bad: {role: canary, url: u, model: m, applies_to: {servise: [a]}}}",
            "replayd.arms.bad.applies_to.servise: no such key; did you mean service?",
        ),
    ],
)
def test_an_entry_of_a_mapping_is_named_and_the_nearest_key_offered(
    tmp_path, arms, said
):
    """A person with five arms would have to guess which one is meant."""
    path = _write(tmp_path, f"replayd: {{arms: {arms}}}")
    with pytest.raises(ConfigError) as caught:
        load(path, {}).section("replayd", ReplaydConfig)
    assert str(caught.value) == said


def test_a_missing_file_is_said(tmp_path):
    """A traceback would be a person's first impression."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load(str(tmp_path / "none.yaml"), {})


@pytest.mark.parametrize("override", ["collector.size", "=", "store.url.x=1"])
def test_a_malformed_override_is_refused(override):
    """A typing slip in --set would be ignored in silence."""
    with pytest.raises(ConfigError):
        load(None, {"SNAPTRACE_STORE__URL": "memory://"}, [override])


def test_units_are_read():
    """A window of ten minutes would be ten seconds."""
    assert Duration.parse("10m") == 600
    assert Duration.parse("500ms") == 0.5
    assert ByteSize.parse("64MiB") == 2**26
    assert Address.parse("[::1]:4317").host == "::1"
    for bad in (-1, True, "1w", None):
        with pytest.raises(ValueError, match="duration"):
            Duration.parse(bad)
        with pytest.raises(ValueError, match="size"):
            ByteSize.parse(bad)


def test_store_defaults_hold():
    """Both programs read this section; it must stand without a file."""
    assert load(None, {}).section("store", StoreConfig).retries == 3
