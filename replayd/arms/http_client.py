"""HTTP/1.1 to one base URL over aiohttp's session, reduced to what a replay wants.

No redirects, cookies, decompression or timeouts of its own; a POST is sent once.
docs/adr/0047-own-code-against-libraries.md has what a client of our own gained.
"""

from collections.abc import AsyncIterator, Mapping
from types import TracebackType

import aiohttp
from aiohttp import StreamReader, hdrs
from msgspec import Struct
from yarl import URL

from replayd.providers.contract import ProviderRequest

_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=None)  # the pair's rules
_SWITCHED = 101
_MOST_PATHS = 64  # URLs kept; an arm asks one model, so it has one or two
_WHOLE_BYTES = 2**20  # a larger body goes out in pieces, between turns of the loop
_PIECE_BYTES = 2**16


class HttpResponse(Struct, frozen=True):
    """A response whose body has not been read yet."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: StreamReader


class HttpExchange:
    """One request and its response; leaving it gives the connection back.

    A connection is closed, not given back, where anything is left on it.
    """

    def __init__(self, client: "HttpClient", request: ProviderRequest) -> None:
        self._client, self._request = client, request

    async def __aenter__(self) -> HttpResponse:
        """Connect, send, and wait for the head of the response."""
        response = self._response = await self._client.sent(self._request)
        if response.status == _SWITCHED:  # nobody asked to switch
            response.close()
            raise ValueError(response.status)
        return HttpResponse(response.status, response.headers, response.content)

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Give the connection back, or close it."""
        if error is not None:
            self._response.close()
        else:
            self._response.release()  # which closes it if something was not read


class HttpClient:
    """Connections to one base URL; they open when needed, and end with `close`."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        connector: aiohttp.TCPConnector,
        proxy: str = "",
    ) -> None:
        self._url, self._proxy = url, URL(proxy) if proxy else None
        self._urls: dict[str, URL] = {}
        names = {name.lower() for name in headers}
        self._has_own_credentials = hdrs.AUTHORIZATION.lower() in names
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            timeout=_NO_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    def send(self, request: ProviderRequest) -> HttpExchange:
        """Return the exchange; it begins when it is entered.

        Entering raises `aiohttp.ClientError`, `OSError`, and `ValueError` for what
        cannot be sent or is no answer.
        """
        return HttpExchange(self, request)

    def url(self, request: ProviderRequest) -> URL:
        """Return where a request goes; what its path escapes stays escaped."""
        if (known := self._urls.get(request.path)) is not None:
            return known
        url = URL(self._url + request.path, encoded="%" in request.path)
        if self._has_own_credentials:
            url = url.with_user(None)
        if len(self._urls) < _MOST_PATHS:
            self._urls[request.path] = url
        return url

    async def sent(self, request: ProviderRequest) -> aiohttp.ClientResponse:
        """Send a request; return its response once the head is there."""
        body = request.body
        headers = {hdrs.CONTENT_TYPE: request.content_type, **request.headers}
        if is_large := len(body) > _WHOLE_BYTES:
            headers[hdrs.CONTENT_LENGTH] = str(len(body))  # else it would be chunked
        return await self._session.request(
            request.method,
            self.url(request),
            data=_pieces(body) if is_large else body,
            headers=headers,
            allow_redirects=False,
            proxy=self._proxy,
        )


async def _pieces(body: bytes) -> AsyncIterator[memoryview]:
    view = memoryview(body)
    for at in range(0, len(body), _PIECE_BYTES):
        yield view[at : at + _PIECE_BYTES]
