"""Fetches media named by URL, while the link still works. Off by default.

A span is written by others, so a URL in it may point anywhere. Only hosts on an allow
list are asked; each name is looked up once and the connection goes to that very
address, which must be a public one; redirects are followed by hand under the same
rules; no proxy, cookie or credential of this process is used; time and size have
bounds.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

from collector.call import Call
from collector.recognise.fidelity import reassess
from snaptrace.snapshot.media_type import kind_of_mime, sniff
from snaptrace.snapshot.model import Json, Media, MediaRef

Refusal = Literal[
    "scheme",  # not https, or http where only https is allowed
    "host",  # not on the allow list
    "address",  # the name points into a private or reserved network
    "redirects",
    "status",
    "size",
    "time",
    "kind",  # the bytes are no medium
    "unreachable",
]
_REDIRECTS = (301, 302, 303, 307, 308)
_OK = 200
_CHUNK_BYTES = 64 * 1024
_PORTS = {"https": 443, "http": 80}


class FetchSettings(Struct, frozen=True, kw_only=True):
    """Limits of fetching. With no hosts nothing is fetched."""

    hosts: tuple[str, ...] = ()  # exact names, or `*.example.com` for all below it
    plain_http: bool = False
    private_networks: bool = False  # a store inside the cluster, say
    ports: tuple[int, ...] = (443, 80)
    timeout_seconds: float = 10.0  # of one medium, redirects included
    bytes_max: int = 32 * 1024 * 1024  # of one medium
    redirects_max: int = 3
    per_call_max: int = 16


class Fetched(NamedTuple):
    """The bytes of a medium, or why there are none."""

    data: bytes = b""
    refusal: Refusal | None = None


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal: Refusal = refusal


Lookup = Callable[[str, int], Any]  # awaitable of a list of address texts


async def look_up(host: str, port: int) -> list[str]:
    """Return a name's addresses as the system resolves them."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    )
    return [str(info[4][0]) for info in found]


def host_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    """Return whether a host is on the list; a wildcard does not match its own root."""
    name = host.lower().rstrip(".")
    for pattern in allowed:
        own = pattern.lower().rstrip(".")
        if own.startswith("*."):
            if name.endswith(own[1:]) and len(name) > len(own) - 1:
                return True
        elif name == own:
            return True
    return False


def address_allowed(address: str, *, private: bool) -> bool:
    """Return whether an address may be connected to."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if ip.is_unspecified or ip.is_multicast or ip.is_link_local or ip.is_reserved:
        return False
    return private or ip.is_global


class _Pinned(AbstractResolver):
    """Answers one name with one address that was checked before."""

    def __init__(self, host: str, address: str) -> None:
        self._host, self._address = host, address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        if host != self._host:
            raise OSError("another host than the one that was checked")
        inet6 = ":" in self._address
        return [
            ResolveResult(
                hostname=host,
                host=self._address,
                port=port,
                family=socket.AF_INET6 if inet6 else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Hold nothing."""


class MediaFetcher:
    """Fetches allowed references. Never raises for what a URL or a server does."""

    def __init__(
        self,
        settings: FetchSettings,
        lookup: Lookup = look_up,
        *,
        tls: Any = True,  # noqa: ANN401 - aiohttp's own `ssl` argument
    ) -> None:
        self._settings, self._lookup, self._tls = settings, lookup, tls

    async def fetch(self, url: str, *, medium: bool = True) -> Fetched:
        """Return the medium behind a URL, or why not. Bounded in time and size.

        Other bytes than a medium's are refused, unless they are asked for.
        """
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return Fetched(data=await self._follow(url, medium=medium))
        except _RefusedError as refused:
            return Fetched(refusal=refused.refusal)
        except TimeoutError:
            return Fetched(refusal="time")
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError):
            return Fetched(refusal="unreachable")

    async def _follow(self, url: str, *, medium: bool) -> bytes:
        for _ in range(self._settings.redirects_max + 1):
            found = await self._ask(self._checked(url), url, medium=medium)
            if isinstance(found, bytes):
                return found
            url = urljoin(url, found)
        raise _RefusedError("redirects")

    def _checked(self, url: str) -> SplitResult:
        parts = urlsplit(url)
        schemes = ("https", "http") if self._settings.plain_http else ("https",)
        if parts.scheme not in schemes or not parts.hostname:
            raise _RefusedError("scheme")
        if parts.username is not None or parts.password is not None:
            raise _RefusedError("host")
        if (parts.port or _PORTS[parts.scheme]) not in self._settings.ports:
            raise _RefusedError("host")
        if not host_allowed(parts.hostname, self._settings.hosts):
            raise _RefusedError("host")
        return parts

    async def _ask(self, parts: SplitResult, url: str, *, medium: bool) -> bytes | str:
        """Return the bytes, or where the server sends us instead."""
        host = parts.hostname or ""
        addresses = await self._lookup(host, parts.port or _PORTS[parts.scheme])
        private = self._settings.private_networks
        # One that is not allowed taints the answer: the next one may be it.
        if not addresses or not all(
            address_allowed(address, private=private) for address in addresses
        ):
            raise _RefusedError("address")
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(host, addresses[0]),
            use_dns_cache=False,
            limit=1,
            force_close=True,
            ssl=self._tls,
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            ) as session,
            session.get(
                url,
                allow_redirects=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "snaptrace"},
            ) as response,
        ):
            if response.status in _REDIRECTS:
                return response.headers.get("Location", "")
            if response.status != _OK:
                raise _RefusedError("status")
            return await self._read(response, medium=medium)

    async def _read(self, response: aiohttp.ClientResponse, *, medium: bool) -> bytes:
        limit = self._settings.bytes_max
        if (response.content_length or 0) > limit:
            raise _RefusedError("size")
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            size += len(chunk)
            if size > limit:
                raise _RefusedError("size")
            chunks.append(chunk)
        data = b"".join(chunks)
        if (
            medium
            and sniff(data) is None
            and kind_of_mime(response.content_type)
            in (
                None,
                "document",
            )
        ):
            raise _RefusedError("kind")
        return data


class Resolved(NamedTuple):
    """A call with what could be fetched put in, and what became of the rest."""

    call: Call
    refusals: tuple[Refusal, ...]


# Fields that take a URL or a data URL alike.
_EITHER = re.compile(r"(?:^|\.)(?:image_url|image_url\.url)$")


async def resolve_call(
    call: Call, resolver: MediaFetcher, per_call_max: int
) -> Resolved:
    """Return the call with its external media fetched.

    Where the API takes data URLs in the same field, the body refers to the bytes from
    now on; a note says so, since the provider was given the URL. Elsewhere the URL
    stays, and the bytes lie beside it.
    """
    snapshot, blobs = call.snapshot, dict(call.blobs)
    media: list[Media] = list(snapshot.media)
    refusals: list[Refusal] = []
    wanted = [
        index
        for index, medium in enumerate(media)
        if medium.state in ("external", "placeholder")
        and medium.reference.startswith(("http://", "https://"))
    ]
    for index in wanted[:per_call_max]:
        found = await resolver.fetch(media[index].reference)
        if found.refusal is not None:
            refusals.append(found.refusal)
            continue
        known = sniff(found.data)
        blobs[index] = found.data
        media[index] = msgspec.structs.replace(
            media[index],
            state="inline",
            kind=known.kind if known else media[index].kind,
            mime=known.mime if known else media[index].mime,
            size_bytes=len(found.data),
        )
    if blobs.keys() == call.blobs.keys():
        return Resolved(call, tuple(refusals))
    body = _with_references(snapshot.request.body, media, set(blobs) - set(call.blobs))
    request = msgspec.structs.replace(snapshot.request, body=body)
    notes = (*snapshot.notes, "media_resolved_at_capture")
    changed = msgspec.structs.replace(
        snapshot,
        request=request,
        media=tuple(media),
        notes=notes,
        fidelity=reassess(snapshot.fidelity, tuple(media)),
    )
    return Resolved(
        msgspec.structs.replace(call, snapshot=changed, blobs=blobs), tuple(refusals)
    )


def _with_references(body: Json, media: list[Media], fetched: set[int]) -> Json:
    """Put references where the URLs stood, in fields that take data URLs as well."""
    index_of = {media[index].reference: index for index in fetched}

    def walk(value: Json, path: str) -> Json:
        if isinstance(value, dict):
            return {k: walk(v, f"{path}.{k}" if path else k) for k, v in value.items()}
        if isinstance(value, list):
            return [walk(item, path) for item in value]
        if isinstance(value, str) and value in index_of and _EITHER.search(path):
            return MediaRef(index_of[value], "data_url")
        return value

    return walk(body, "")
