"""Recognises requests to model APIs: by method, path and the fields of the body.

The table is `endpoints.json`, shared with the Node package. A host decides only where
two APIs share a path, so gateways and local servers are recognised like providers.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from snaptrace_capture.settings import BaseUrl


class Endpoint(NamedTuple):
    """One row: where an API listens, and what its bodies cannot do without."""

    api: str
    path: re.Pattern[str]
    host: re.Pattern[str] | None
    all_fields: tuple[bytes, ...]
    any_fields: tuple[bytes, ...]


class Target(NamedTuple):
    """The API that a request goes to."""

    api: str
    model: str  # where the path names it; "" else
    url: str  # without credentials, and without query but for the names below


# Parts of a query that say how a request is meant; every other one may be a key.
_QUERY = re.compile(r"(?:^|&)((?:alt|api-version|beta)=[\w.-]{0,64})(?=&|$)")


def _row(row: dict[str, str | list[str]]) -> Endpoint:
    def pattern(text: object) -> re.Pattern[str]:
        return re.compile(str(text).replace("(?<model>", "(?P<model>"))

    def quoted(names: object) -> tuple[bytes, ...]:
        return tuple(f'"{name}"'.encode() for name in names or ())  # type: ignore[attr-defined]

    return Endpoint(
        api=str(row["api"]),
        path=pattern(row["path"]),
        host=pattern(row["host"]) if "host" in row else None,
        all_fields=quoted(row.get("all")),
        any_fields=quoted(row.get("any")),
    )


def packaged() -> tuple[Endpoint, ...]:
    """Return the table that this release brings along."""
    text = Path(__file__).with_name("endpoints.json").read_text(encoding="utf-8")
    return tuple(_row(row) for row in json.loads(text))


class Endpoints:
    """The table, and the base URLs that somebody configured."""

    def __init__(
        self,
        base_urls: tuple[BaseUrl, ...] = (),
        table: tuple[Endpoint, ...] | None = None,
    ) -> None:
        self._table = packaged() if table is None else table
        self._base_urls = base_urls
        # One search over the path turns away nearly all that an application sends.
        paths = (re.sub(r"\(\?P<\w+>", "(?:", row.path.pattern) for row in self._table)
        self._any_path = re.compile("|".join(paths))

    def may_match(self, method: str, url: str) -> bool:
        """Return whether the body is worth a look."""
        if method.upper() != "POST":
            return False
        path = url.partition("?")[0]
        return self._any_path.search(path) is not None or any(
            path.startswith(base.url) for base in self._base_urls
        )

    def match(self, url: str, body: bytes) -> Target | None:
        """Return the API that a request goes to, of those that may match."""
        parts = urlsplit(url)
        plain = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        if kept := _QUERY.findall(parts.query):
            plain += "?" + "&".join(kept)
        for base in self._base_urls:
            if url.startswith(base.url):
                return Target(base.api, "", plain)
        for row in self._table:
            found = row.path.search(parts.path)
            if found is None or not _fits(row, parts.hostname or "", body):
                continue
            model = found.groupdict().get("model") or ""
            return Target(row.api, unquote(model), plain)
        return None


def _fits(row: Endpoint, host: str, body: bytes) -> bool:
    if row.host is not None and row.host.search(host) is None:
        return False
    if not all(field in body for field in row.all_fields):
        return False
    return not row.any_fields or any(field in body for field in row.any_fields)
