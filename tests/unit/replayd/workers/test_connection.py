"""Settings of the connection to NATS: refused with the key, secrets from files."""

import pytest

from replayd.config.workers import NatsConfig
from replayd.workers.connection import check, client_options
from snaptrace.runtime.config import ConfigError


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"url": "http://nats:4222"}, "nats://host"),
        ({"url": "nats://user:secret@nats:4222"}, "password_file"),
        ({"url": "nats://nats:4222", "user": "u"}, "password_file"),
        ({"url": "nats://nats:4222", "token_file": "/none"}, "cannot be read"),
        ({"url": "tls://nats:4222", "ca_file": "/none"}, "cannot be read"),
        ({"url": "tls://nats:4222", "cert_file": "/c"}, "together"),
    ],
)
def test_what_cannot_work_is_refused(settings, says):
    """If it failed, a pod would start again and again without saying why."""
    with pytest.raises(ConfigError, match=says):
        check(NatsConfig(**settings))


def test_a_refusal_names_no_secret(tmp_path):
    """If it failed, a password would stand in a log."""
    with pytest.raises(ConfigError) as refused:
        check(NatsConfig(url="nats://user:hunter2@nats:4222"))
    assert "hunter2" not in str(refused.value)


def test_secrets_come_from_files_and_tls_from_the_address(tmp_path):
    """If it failed, credentials would have to stand in the configuration."""
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    found = client_options(
        NatsConfig(url="tls://a:1, tls://b:2", user="u", password_file=str(secret))
    )
    assert found["servers"] == ["tls://a:1", "tls://b:2"]
    assert (found["user"], found["password"]) == ("u", "hunter2")
    assert found["tls"].check_hostname


def test_without_an_address_nothing_is_asked_for():
    """If it failed, a replayd without workers would need their library."""
    check(NatsConfig(password_file="/none"))
