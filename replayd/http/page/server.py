"""HTTP server of the inspection page: its routes, and what guards them."""

import asyncio
import hmac
from collections.abc import Callable

from aiohttp import web

from replayd.http.page.guard import COOKIE, check_address, guard, with_headers
from replayd.http.page.overview import Overview
from replayd.http.page.pair import PairPages
from replayd.http.page.pairs import PairLists
from replayd.http.page.site import HERE, Site
from replayd.results.history import History
from replayd.results.index_reader import IndexReader
from replayd.verdicts.views import Verdicts
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.config import Address
from snaptrace.runtime.http_server import served
from snaptrace.store.audit import Audit

TOKEN_BYTES = 4096
ASSETS = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


class PageServer:
    """Part that serves the page; `verdicts` returns the last computed ones."""

    name = "page"

    def __init__(
        self,
        listen: Address,
        verdicts: Callable[[], Verdicts],
        history: History,
        indexes: IndexReader,
        *,
        audit: Audit,
        clock: Clock,
        token: str = "",
        user_header: str = "",
        on_bound: Callable[[str], None] = lambda _address: None,
    ) -> None:
        """Prepare the page.

        Raises:
            ConfigError: an address beyond this machine without a token.
        """
        check_address(listen, token)
        self._listen, self._token, self._on_bound = listen, token, on_bound
        self._site = Site(
            verdicts,
            history,
            indexes,
            audit=audit,
            clock=clock,
            token=token,
            user_header=user_header,
        )
        folder = HERE / "assets"
        self._assets = {name: (folder / name).read_bytes() for name in ASSETS}

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; raise OSError if the address cannot be bound."""
        async with served(self.app(), self._listen) as address:
            self._on_bound(address)
            ready()
            await stop.wait()

    def app(self) -> web.Application:
        """Return the routes; all but the assets and the token form are guarded."""
        app = web.Application(middlewares=[with_headers], client_max_size=TOKEN_BYTES)
        overview, lists = Overview(self._site), PairLists(self._site)
        pairs = PairPages(self._site)
        for path, handler in (
            ("/", overview.all_canaries),
            ("/api/v1/pairs/{canary}", lists.as_json),
            ("/{canary}/pairs", lists.listed),
            ("/{canary}/{modality}", overview.one_modality),
            ("/{canary}/pair/{epoch}/{number}", pairs.shown),
            ("/{canary}/pair/{epoch}/{number}/media/{index}", pairs.medium),
            ("/{canary}/pair/{epoch}/{number}/answer/{arm}/{index}", pairs.output),
        ):
            app.router.add_get(path, guard(self._token, handler))
        for name in ASSETS:
            app.router.add_get(f"/{name}", self._asset)
        app.router.add_get("/token", self._token_form)
        app.router.add_post("/token", self._take_token)
        return app

    async def _asset(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/")
        return web.Response(body=self._assets[name], content_type=ASSETS[name])

    async def _token_form(self, _request: web.Request) -> web.Response:
        return self._site.page("token.html", refused=False)

    async def _take_token(self, request: web.Request) -> web.Response:
        form = await request.post()
        sent = str(form.get("token", ""))
        if not self._token or not hmac.compare_digest(
            sent.encode("utf-8", "surrogateescape"), self._token.encode()
        ):
            return self._site.page("token.html", status=401, refused=True)
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(
            COOKIE, sent, httponly=True, samesite="Strict", secure=request.secure
        )
        return answer
