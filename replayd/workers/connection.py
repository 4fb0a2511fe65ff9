"""Connection to NATS: servers, TLS, and credentials that come from files."""

import ssl
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replayd.config.workers import NatsConfig
from snaptrace.runtime.config import ConfigError

if TYPE_CHECKING:
    from nats.aio.client import Client

AT = "replayd.workers.nats"
RECONNECT_SECONDS = 1
CONNECT_SECONDS = 5
PENDING_BYTES = 64 * 2**20  # of what is published while no server is there

Told = Callable[[], Awaitable[None]]


class MissingExtraError(ConfigError):
    """The client library is not installed."""

    def __init__(self) -> None:
        why = "workers need nats-py: pip install 'snaptrace[workers]'"
        super().__init__(f"{AT}.url", why)


def servers(config: NatsConfig) -> list[str]:
    """Return the servers' addresses.

    Raises:
        ConfigError: one is no address of a NATS server, or holds a password.
    """
    found = [url.strip() for url in config.url.split(",") if url.strip()]
    for url in found:
        scheme, _, rest = url.partition("://")
        if scheme not in ("nats", "tls") or not rest:
            raise ConfigError(f"{AT}.url", "write nats://host:port or tls://host:port")
        if "@" in rest:
            why = "a password in an address would be logged; use password_file"
            raise ConfigError(f"{AT}.url", why)
    return found


def check(config: NatsConfig) -> None:
    """Refuse settings that cannot work.

    Raises:
        ConfigError: says which key and what is allowed.
    """
    if not servers(config):
        return
    client_options(config)
    try:
        import nats  # noqa: F401, PLC0415 - an optional dependency
    except ImportError:
        raise MissingExtraError from None


def client_options(config: NatsConfig) -> dict[str, Any]:
    """Return the client library's options, secrets read from their files.

    Raises:
        ConfigError: a file cannot be read.
    """
    found: dict[str, Any] = {"servers": servers(config)}
    if bool(config.cert_file) != bool(config.key_file):
        raise ConfigError(f"{AT}.cert_file", "give cert_file and key_file together")
    if config.user:
        found["user"] = config.user
        found["password"] = _secret("password_file", config.password_file)
    if config.token_file:
        found["token"] = _secret("token_file", config.token_file)
    if config.credentials_file:
        _secret("credentials_file", config.credentials_file)
        try:
            import_module("nkeys")
        except ImportError:
            why = "signing needs the package nkeys: pip install nkeys"
            raise ConfigError(f"{AT}.credentials_file", why) from None
        found["user_credentials"] = config.credentials_file
    if _has_tls(config):
        found["tls"] = _context(config)
    return found


def _has_tls(config: NatsConfig) -> bool:
    files = config.ca_file or config.cert_file
    return bool(files) or any(url.startswith("tls:") for url in servers(config))


def _context(config: NatsConfig) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=config.ca_file or None)
        if config.cert_file:
            context.load_cert_chain(config.cert_file, config.key_file)
    except OSError as error:
        why = f"certificates cannot be read: {error.strerror or 'not PEM'}"
        raise ConfigError(f"{AT}.ca_file", why) from None
    return context


def _secret(key: str, path: str) -> str:
    if not path:
        raise ConfigError(f"{AT}.{key}", "needed, and not given")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        why = f"{path} cannot be read: {error.strerror}"
        raise ConfigError(f"{AT}.{key}", why) from None


async def connect(
    config: NatsConfig,
    name: str,
    *,
    on_lost: Told,
    on_back: Told,
) -> "Client":
    """Return a client that comes back by itself whenever a server does.

    Waits until one answers, however long that takes.
    """
    from replayd.workers.gathering import GatheringClient  # noqa: PLC0415 - optional

    async def said(_error: Exception) -> None:
        return  # whoever waits for an answer hears of it

    client = GatheringClient()
    await client.connect(
        **client_options(config),
        name=name,
        error_cb=said,
        disconnected_cb=on_lost,
        reconnected_cb=on_back,
        max_reconnect_attempts=-1,
        reconnect_time_wait=RECONNECT_SECONDS,
        connect_timeout=CONNECT_SECONDS,
        ping_interval=10,
        max_outstanding_pings=2,
        pending_size=PENDING_BYTES,
    )
    return client
