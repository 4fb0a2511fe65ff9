"""HTTP/1.1 to one base URL over aiohttp's connector and parser, at a third of the cost.

aiohttp's session is made for any request: redirects, cookies, retries, traces, bodies
from anywhere. A replay is always the same request with another body, so its head is
laid out once and its body written in one go. Connections, TLS, proxies, keep-alive and
parsing stay aiohttp's.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType

import aiohttp
from aiohttp import ClientRequest, StreamReader, hdrs
from aiohttp.connector import Connection
from msgspec import Struct
from yarl import URL

from replayd.providers.contract import ProviderRequest

JOINED_BYTES = 65_536  # a body up to here shares a packet with its head
MOST_PATHS = 64  # heads kept; an arm asks one model, so it has one or two
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)  # the pair's deadline rules


class HttpResponse(Struct, frozen=True):
    """A response whose body has not been read yet."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: StreamReader


class _Route(Struct, frozen=True):
    """What all requests to one path share."""

    request: ClientRequest  # what the connector wants to know; never sent itself
    head: bytes


class HttpExchange:
    """One request and its response; leaving it gives the connection back.

    A connection is closed, not given back, where anything is left on it: an unread
    rest of the response, or an unsent rest of the request.
    """

    def __init__(self, wire: "HttpClient", request: ProviderRequest) -> None:
        self._wire, self._request = wire, request
        self._connection: Connection | None = None

    async def __aenter__(self) -> HttpResponse:
        """Connect, send, and wait for the head of the response."""
        connection = self._connection = await self._wire.connected(self._request)
        try:
            return await self._sent(connection)
        except BaseException:
            connection.close()
            raise

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Give the connection back, or close it."""
        if (connection := self._connection) is None:
            return
        transport = connection.transport
        unsent = transport is not None and transport.get_write_buffer_size() > 0
        if error is not None or unsent:
            connection.close()
        else:
            connection.release()  # which closes it if something was not read

    async def _sent(self, connection: Connection) -> HttpResponse:
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None:
            raise aiohttp.ServerDisconnectedError
        protocol.set_response_params(auto_decompress=False, read_until_eof=True)
        head, body = self._wire.head(self._request), self._request.body
        if len(body) <= JOINED_BYTES:
            transport.write(head + body)
        else:
            transport.write(head)
            transport.write(body)
        while True:
            message, payload = await protocol.read()
            if message.code == 101:  # nobody asked to switch
                raise ValueError(message.code)
            if message.code >= 200:  # after 1xx the answer is still to come
                return HttpResponse(message.code, message.headers, payload)


class HttpClient:
    """Connections to one base URL; they open when needed, and end with `close`."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        connector: aiohttp.TCPConnector,
        proxy: str = "",
    ) -> None:
        self._url, self._headers, self._connector = url, dict(headers), connector
        self._proxy = URL(proxy) if proxy else None
        self._routes: dict[tuple[str, str, str], _Route] = {}

    async def close(self) -> None:
        """Close every connection."""
        await self._connector.close()

    def send(self, request: ProviderRequest) -> HttpExchange:
        """Return the exchange; it begins when it is entered.

        Entering raises `aiohttp.ClientError`, `OSError`, `HttpProcessingError`, and
        `ValueError` for what cannot be sent or is no answer.
        """
        return HttpExchange(self, request)

    def url(self, request: ProviderRequest) -> URL:
        """Return where a request goes; what its path escapes stays escaped."""
        return URL(self._url + request.path, encoded="%" in request.path)

    async def connected(self, request: ProviderRequest) -> Connection:
        """Return a connection for a request, a used one if there is one."""
        route = self._route(request).request
        return await self._connector.connect(route, traces=[], timeout=_NO_TIMEOUT)

    def head(self, request: ProviderRequest) -> bytes:
        """Return everything before a request's body."""
        route = self._route(request)
        lines = [f"content-length: {len(request.body)}"]
        lines += [_line(name, value) for name, value in request.headers.items()]
        if hdrs.PROXY_AUTHORIZATION in route.request.headers:  # since it connected
            value = route.request.headers[hdrs.PROXY_AUTHORIZATION]
            lines.append(_line("proxy-authorization", value))
        return route.head + "\r\n".join((*lines, "\r\n")).encode()

    def _route(self, request: ProviderRequest) -> _Route:
        key = (request.method, request.path, request.content_type)
        if (found := self._routes.get(key)) is None:
            if len(self._routes) >= MOST_PATHS:
                self._routes.clear()
            found = self._routes[key] = self._new_route(request)
        return found

    def _new_route(self, request: ProviderRequest) -> _Route:
        url = self.url(request)
        asked = ClientRequest(
            request.method,
            url,
            loop=asyncio.get_running_loop(),
            proxy=self._proxy,
        )
        by_proxy = self._proxy is not None and not asked.is_ssl()
        headers = {
            "host": asked.headers[hdrs.HOST],
            "accept": "*/*",
            "content-type": request.content_type,
        }
        if hdrs.AUTHORIZATION in asked.headers:  # a name and password in the URL
            headers["authorization"] = asked.headers[hdrs.AUTHORIZATION]
        headers |= {name.lower(): value for name, value in self._headers.items()}
        target = str(asked.url) if by_proxy else asked.url.raw_path_qs
        lines = [f"{request.method} {target} HTTP/1.1"]
        lines += [_line(name, value) for name, value in headers.items()]
        return _Route(asked, "\r\n".join((*lines, "")).encode())


def _line(name: str, value: str) -> str:
    """Return a header line.

    Raises:
        ValueError: it would be more than one line.
    """
    line = f"{name}: {value}"
    if "\r" in line or "\n" in line or "\0" in line:
        raise ValueError(name)
    return line
