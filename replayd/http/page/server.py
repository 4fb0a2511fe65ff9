"""HTTP server of the inspection page: its routes, and what guards them."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from msgspec import Struct

from replayd.adjudication.opinions import OpinionBook
from replayd.http.page.access import COOKIE, Access, Handler, Listed, Right
from replayd.http.page.decide import Deciding
from replayd.http.page.forms import Forms
from replayd.http.page.headers import with_headers
from replayd.http.page.overview import Overview
from replayd.http.page.pair import PairPages
from replayd.http.page.pairs import PairLists
from replayd.http.page.refusals import refusals_as_pages
from replayd.http.page.site import HERE, Site
from replayd.http.page.suite_changes import SuiteChanges
from replayd.verdicts.views import Verdicts
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.config import Address
from snaptrace.runtime.http_server import served
from snaptrace.store.audit import Audit
from snaptrace.store.store import Store

TOKEN_BYTES = 4096
ASSETS = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "media.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


class PageSettings(Struct, frozen=True, kw_only=True):
    """Settings of the page; see `ReplaydConfig`."""

    listen: Address
    token: str = ""
    people: tuple[Listed, ...] | None = None
    user_header: str = ""
    suite_file: str = ""
    second_opinions: float = 0.1


class PageServer:
    """Part that serves the page; `verdicts` returns the last computed ones."""

    name = "page"

    def __init__(
        self,
        settings: PageSettings,
        verdicts: Callable[[], Verdicts],
        store: Store,
        key: FleetKey,
        *,
        audit: Audit,
        clock: Clock,
        on_bound: Callable[[str], None] = lambda _address: None,
    ) -> None:
        """Prepare the page.

        Raises:
            ConfigError: an address beyond this machine that nothing guards.
        """
        self._settings, self._on_bound = settings, on_bound
        self._access = Access(
            settings.listen, settings.token, settings.people, settings.user_header
        )
        self._site = Site(verdicts, store, key, audit=audit, clock=clock)
        self._deciding = Deciding(
            self._site, OpinionBook(store), Forms(key), settings.second_opinions
        )
        folder = HERE / "assets"
        self._assets = {name: (folder / name).read_bytes() for name in ASSETS}

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; raise OSError if the address cannot be bound."""
        async with served(self.app(), self._settings.listen) as address:
            self._on_bound(address)
            ready()
            await stop.wait()

    def app(self) -> web.Application:
        """Return the routes; all but the assets and the token form are guarded."""
        app = web.Application(
            middlewares=[with_headers, refusals_as_pages(self._site)],
            client_max_size=TOKEN_BYTES,
        )
        for method, path, right, handler in self._routes():
            app.router.add_route(method, path, self._access.guard(right, handler))
        for name in ASSETS:
            app.router.add_get(f"/{name}", self._asset)
        app.router.add_get("/token", self._token_form)
        app.router.add_post("/token", self._take_token)
        return app

    def _routes(self) -> list[tuple[str, str, Right, Handler]]:
        overview, lists = Overview(self._site), PairLists(self._site)
        pairs, deciding = PairPages(self._site), self._deciding
        changes = SuiteChanges(self._site, self._settings.suite_file)
        one, decided = "/{canary}/pair/{epoch}/{number}", "/{canary}/decide"
        blind = f"{decided}/{{epoch}}/{{number}}"
        return [
            ("GET", "/", "read", overview.all_canaries),
            ("GET", "/api/v1/pairs/{canary}", "read", lists.as_json),
            ("GET", "/{canary}/pairs", "read", lists.listed),
            ("GET", "/{canary}/labels", "read", deciding.labels),
            ("GET", decided, "decide", deciding.next),
            ("GET", blind, "decide", deciding.shown),
            ("POST", blind, "decide", deciding.take),
            ("GET", f"{blind}/answer/{{side}}/{{index}}", "decide", deciding.output),
            ("GET", "/{canary}/{modality}", "read", overview.one_modality),
            ("GET", one, "read", pairs.shown),
            ("GET", f"{one}/media/{{index}}", "read", pairs.medium),
            ("GET", f"{one}/answer/{{side}}/{{index}}", "read", pairs.output),
            ("GET", f"{one}/pin", "operate", changes.pin),
            ("GET", f"{one}/ignore", "operate", changes.ignore),
        ]

    async def _asset(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/")
        return web.Response(body=self._assets[name], content_type=ASSETS[name])

    async def _token_form(self, _request: web.Request) -> web.Response:
        return self._site.page("token.html", refused=False)

    async def _take_token(self, request: web.Request) -> web.Response:
        form = await request.post()
        sent = str(form.get("token", ""))
        if not self._access.accepts(sent):
            return self._site.page("token.html", status=401, refused=True)
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(
            COOKIE, sent, httponly=True, samesite="Strict", secure=request.secure
        )
        return answer
