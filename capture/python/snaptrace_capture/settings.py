"""Settings, from environment variables. A value that cannot be read is left out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

SWITCH = "SNAPTRACE_CAPTURE"
_BYTES = "SNAPTRACE_CAPTURE_BYTES"
_BASE_URLS = "SNAPTRACE_CAPTURE_BASE_URLS"

_YES = frozenset({"1", "true", "yes", "on"})
# Below the 4 MiB that receivers of OTLP over gRPC take in one request by default: no
# batch can hold more, so a capture never costs an application its own spans.
_DEFAULT_BYTES = 3_584 * 1024
_LEAST_BYTES = 64 * 1024


class BaseUrl(NamedTuple):
    """A gateway's address, and the API that is spoken there."""

    url: str
    api: str


class Settings(NamedTuple):
    """Limits of capture and of its export queue."""

    held_bytes: int = _DEFAULT_BYTES  # of bodies whose spans are not exported yet
    base_urls: tuple[BaseUrl, ...] = ()

    @property
    def request_bytes(self) -> int:
        """Return the size of the largest request that is captured."""
        return self.held_bytes * 7 // 8

    @property
    def response_bytes(self) -> int:
        """Return how much of a response is captured; what follows is left out."""
        return self.held_bytes // 4


def is_switched_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the environment asks for capture."""
    return environment.get(SWITCH, "").strip().lower() in _YES


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that the environment holds."""
    settings = Settings()
    size = environment.get(_BYTES, "").strip()
    if size.isascii() and size.isdigit():
        settings = settings._replace(held_bytes=max(_LEAST_BYTES, int(size)))
    urls = []
    for entry in environment.get(_BASE_URLS, "").split(","):
        url, _, api = entry.strip().rpartition("=")
        if url.startswith(("http://", "https://")) and api:
            urls.append(BaseUrl(url, api))
    return settings._replace(base_urls=tuple(urls))
