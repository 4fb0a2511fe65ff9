"""Credentials that change while an arm runs: a token in a file, Amazon's signature.

A key that stays the same is a header of the connection; see `endpoint_settings`.
"""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from replayd.providers.contract import ProviderRequest

SERVICE = "bedrock"  # as Amazon's signatures name it
FRESH_SECONDS = 60.0  # for which credentials are used before they are asked for again
_REGION = re.compile(r"//bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")


class NoCredentialsError(OSError):
    """There are none, or they cannot be read; the arm cannot be asked meanwhile."""


class MissingExtraError(Exception):
    """The signer is not installed: `pip install 'snaptrace[bedrock]'`."""


class Authentication(Protocol):
    """Headers for one request, made when it is sent."""

    async def headers(self, url: str, request: ProviderRequest) -> Mapping[str, str]:
        """Return the headers of a request to `url`.

        Raises:
            NoCredentialsError: safe to try again later.
        """
        ...


class TokenFile:
    """A bearer token that something else keeps fresh in a file; no command is run."""

    def __init__(self, path: str) -> None:
        self._path, self._read_at_ns, self._token = Path(path), -1, ""

    async def headers(self, url: str, request: ProviderRequest) -> Mapping[str, str]:
        """Return the token, read anew after the file has changed."""
        del url, request
        return {"authorization": f"Bearer {self._fresh()}"}

    def _fresh(self) -> str:
        try:
            changed_at_ns = self._path.stat().st_mtime_ns
            if changed_at_ns != self._read_at_ns:
                self._token = self._path.read_text(encoding="utf-8").strip()
                self._read_at_ns = changed_at_ns
        except (OSError, UnicodeError) as error:
            raise NoCredentialsError(f"{self._path}: {error}") from None
        if not self._token:
            raise NoCredentialsError(f"{self._path} is empty")
        return self._token


class SigV4:
    """Amazon's Signature Version 4, by botocore's own signer.

    Credentials come from botocore's chain: environment, shared files, web identity of
    a pod, container and instance metadata. A command named in a shared file is not run.
    """

    def __init__(self, region: str) -> None:
        try:
            # Heavy, and only arms on Amazon need it.
            from botocore import auth, awsrequest, session  # noqa: PLC0415
        except ImportError:
            raise MissingExtraError from None
        self._auth, self._request = auth.SigV4Auth, awsrequest.AWSRequest
        self._session, self._region = session.Session(), region
        self._session.get_component("credential_provider").remove("custom-process")
        self._source: Any = None
        self._frozen: Any = None
        self._asked_at = -FRESH_SECONDS
        self._asking = asyncio.Lock()

    async def headers(self, url: str, request: ProviderRequest) -> Mapping[str, str]:
        """Return the signature over method, URL, content type and body."""
        credentials = await self._credentials()
        given = {"content-type": request.content_type}
        asked = self._request(
            method=request.method, url=url, data=request.body, headers=given
        )
        self._auth(credentials, SERVICE, self._region).add_auth(asked)
        found = {name.lower(): value for name, value in asked.headers.items()}
        return {name: value for name, value in found.items() if name not in given}

    async def _credentials(self) -> Any:  # noqa: ANN401 - botocore has no types
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._frozen is None or now - self._asked_at >= FRESH_SECONDS:
                # Off the loop: the chain reads files and asks metadata services.
                self._frozen = await asyncio.to_thread(self._ask)
                self._asked_at = now
            return self._frozen

    def _ask(self) -> Any:  # noqa: ANN401
        try:
            if self._source is None:
                self._source = self._session.get_credentials()
            if self._source is not None:
                return self._source.get_frozen_credentials()
        except Exception as error:  # noqa: BLE001
            # The chain raises what its many sources raise; its words may hold keys.
            raise NoCredentialsError(type(error).__name__) from None
        raise NoCredentialsError("no credentials in botocore's chain")


def region_of(url: str, environ: Mapping[str, str]) -> str:
    """Return the region of an endpoint, by its name or else from the environment."""
    if found := _REGION.search(url):
        return found[1]
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION", "")
