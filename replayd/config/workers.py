"""Settings of workers beside the leader, and of the NATS between them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from snaptrace.runtime.config import Address, Duration


class NatsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where NATS is, and how a program proves who it is; secrets come from files."""

    # Servers, as `nats://nats:4222` or `tls://…`, several with commas; empty: no
    # workers, and the leader asks the arms itself.
    url: str = ""
    # Of the subjects and streams; two fleets on one account need two.
    prefix: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]+$", max_length=64)] = (
        "snaptrace"
    )
    # Name of a user; the password stands in `password_file`.
    user: str = ""
    password_file: str = ""  # file that holds the user's password
    token_file: str = ""  # file that holds a token
    # File of credentials (JWT and nkey seed); needs the package `nkeys`.
    credentials_file: str = ""
    ca_file: str = ""  # PEM bundle of authorities; empty: the system's
    cert_file: str = ""  # PEM certificate of the client, for mutual TLS
    key_file: str = ""  # PEM key of that certificate
    # Copies of each stream: 3 on a cluster of three servers or more.
    replicas: Annotated[int, Meta(ge=1, le=5)] = 1
    storage: Literal["file", "memory"] = "file"  # of the streams


class WorkersConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Workers that ask the arms and score for the leader; see docs/workers.md."""

    nats: NatsConfig = NatsConfig()
    # Numbers published and not yet answered at most, per canary: the leader waits.
    pending: Annotated[int, Meta(ge=1, le=10_000)] = 256
    # Time after which a number goes to another worker if nobody works on it.
    ack_wait: Duration = Duration(30)
    concurrency: Annotated[int, Meta(ge=1, le=10_000)] = 32  # pairs of one worker
    pool: str = ""  # pool that this worker serves; empty: the one without a name
    # Metrics and health of a worker.
    listen: Address = Address("0.0.0.0:9467")
