"""TLS certificates of a listener and detection of renewed files."""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class TlsFiles(Protocol):
    """Paths of PEM files; an empty path means not configured."""

    @property
    def cert_file(self) -> str:
        """Certificate chain; empty: no TLS."""
        ...

    @property
    def key_file(self) -> str:
        """Private key of the certificate."""
        ...

    @property
    def client_ca_file(self) -> str:
        """Authorities whose client certificates are required; empty: none."""
        ...


def server_context(tls: TlsFiles, alpn: Sequence[str] = ()) -> ssl.SSLContext | None:
    """Create the listener's SSL context; None if no certificate is configured.

    Raises:
        OSError: a file cannot be read, or does not hold what it should (SSLError).
    """
    if not tls.cert_file:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.cert_file, tls.key_file)
    if alpn:
        context.set_alpn_protocols(alpn)
    if tls.client_ca_file:
        context.load_verify_locations(tls.client_ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def modified_ns(tls: TlsFiles) -> tuple[int, ...]:
    """Return modification times of the certificate files; 0 where one is missing."""
    stamps = []
    for name in (tls.cert_file, tls.key_file, tls.client_ca_file):
        try:
            stamps.append(Path(name).stat().st_mtime_ns if name else 0)
        except OSError:
            stamps.append(0)
    return tuple(stamps)
