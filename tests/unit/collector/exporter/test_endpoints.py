"""Where everything goes: one URL, or the standard variables."""

import pytest

from collector.config.relay import UpstreamConfig
from collector.exporter.endpoints import endpoints
from snaptrace.runtime.config import ConfigError


def of(url, environ=None, **config):
    return endpoints(UpstreamConfig(url=url, **config), environ or {})


@pytest.mark.parametrize(
    ("url", "protocol", "target", "is_tls"),
    [
        ("grpc://otel:4317", "grpc", "otel:4317", False),
        ("grpcs://otel", "grpc", "otel:4317", True),
        ("http://otel:4318", "http", "http://otel:4318/v1/logs", False),
        ("https://otel/base/", "http", "https://otel/base/v1/logs", True),
    ],
)
def test_a_url_names_every_signals_endpoint(url, protocol, target, is_tls):
    """A signal would go to the wrong place, or in plaintext."""
    logs = of(url)["logs"]
    assert (logs.protocol, logs.target) == (protocol, target)
    assert (logs.tls is not None) == is_tls


@pytest.mark.parametrize("url", ["", "otel:4317", "ftp://x", "grpc://", "http://u:p@x"])
def test_a_url_that_makes_no_sense_is_refused_at_start(url):
    """A typo would show as refused telemetry, or a password in a log."""
    with pytest.raises(ConfigError) as error:
        of(url)
    assert error.value.key == "collector.upstream.url"
    assert "u:p" not in str(error.value)


def test_the_standard_variables_are_read_as_the_specification_says():
    """Moving an exporter's settings here would change where telemetry goes."""
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://backend:4318/base",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b, x=y",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "2500",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "/ca.pem",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://logs:9/own",
        "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/json",
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc",
    }
    found = of("env", environ)
    traces, logs, metrics = found["traces"], found["logs"], found["metrics"]
    assert traces.target == "https://backend:4318/base/v1/traces"
    assert traces.headers == (("api-key", "a b"), ("x", "y"))
    assert (traces.timeout_seconds, traces.compression) == (2.5, "gzip")
    assert traces.tls.ca_file == "/ca.pem"
    assert (logs.target, logs.encoding, logs.tls) == ("http://logs:9/own", "json", None)
    assert (metrics.protocol, metrics.target) == ("grpc", "backend:4318")


def test_without_variables_the_defaults_of_the_specification_hold():
    """An empty environment would be an error, or go to another port."""
    traces = of("env")["traces"]
    assert (traces.protocol, traces.target) == ("grpc", "localhost:4317")
    http = of("env", {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"})["metrics"]
    assert http.target == "http://localhost:4318/v1/metrics"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PROTOCOL", "carrier/pigeon"), ("TIMEOUT", "soon"), ("ENDPOINT", "ftp://x")],
)
def test_a_variable_that_makes_no_sense_is_refused_by_name(name, value):
    """A mistake in the environment would be guessed around."""
    with pytest.raises(ConfigError) as error:
        of("env", {f"OTEL_EXPORTER_OTLP_{name}": value})
    assert name in error.value.key
