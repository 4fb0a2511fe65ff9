"""HTTP server of the inspection page."""

import asyncio
import hmac
from collections.abc import Callable
from importlib.resources import files

import jinja2
from aiohttp import web

from replayd.cases.loader import Gone
from replayd.errors import ReplaydError
from replayd.http.page.formatting import FILTERS, paged, row_of
from replayd.http.page.guard import COOKIE, check_address, guard, who, with_headers
from replayd.model import Epoch
from replayd.results.history import History, Pair
from replayd.results.pair_view import rendered
from replayd.verdicts.views import CanaryView, Verdicts
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.config import Address
from snaptrace.runtime.http_server import served
from snaptrace.snapshot.errors import AuditRefusedError, SnapshotError
from snaptrace.store.audit import Audit

TEMPLATES = (
    "base.html",
    "failed.html",
    "overview.html",
    "pair.html",
    "pairs.html",
    "parts.html",
    "token.html",
)
ROWS_PER_PAGE = 25
TOKEN_BYTES = 4096
# What a browser may show by itself. Anything else is offered as a download: an SVG or
# a page out of a prompt must not run here.
SHOWN = frozenset(
    {
        "image/png", "image/jpeg", "image/webp", "image/gif", "audio/wav",
        "audio/x-wav", "audio/mpeg", "audio/flac", "audio/ogg", "video/mp4",
        "video/webm", "audio/webm", "audio/mp4",
    }
)  # fmt: skip


class PageServer:
    """Part that serves the page; `verdicts` returns the last computed ones."""

    name = "page"

    def __init__(
        self,
        listen: Address,
        verdicts: Callable[[], Verdicts],
        history: History,
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
        self._listen, self._verdicts, self._history = listen, verdicts, history
        self._audit, self._clock = audit, clock
        self._token, self._user_header = token, user_header
        self._on_bound = on_bound
        here = files("replayd.http.page")
        templates = {name: (here / name).read_text("utf-8") for name in TEMPLATES}
        self._templates = jinja2.Environment(
            loader=jinja2.DictLoader(templates),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(FILTERS)
        self._style = (here / "page.css").read_text("utf-8")

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; raise OSError if the address cannot be bound."""
        async with served(self.app(), self._listen) as address:
            self._on_bound(address)
            ready()
            await stop.wait()

    def app(self) -> web.Application:
        """Return the routes; all but the style and the token form are guarded."""
        app = web.Application(middlewares=[with_headers], client_max_size=TOKEN_BYTES)
        for path, handler in (
            ("/", self._overview),
            ("/{canary}/{modality}", self._pairs),
            ("/{canary}/pair/{epoch}/{number}", self._pair),
            ("/{canary}/pair/{epoch}/{number}/media/{index}", self._media),
        ):
            app.router.add_get(path, guard(self._token, handler))
        app.router.add_get("/page.css", self._css)
        app.router.add_get("/token", self._token_form)
        app.router.add_post("/token", self._take_token)
        return app

    async def _overview(self, _request: web.Request) -> web.Response:
        return self._page("overview.html", verdicts=self._verdicts())

    async def _pairs(self, request: web.Request) -> web.Response:
        canary, view = self._canary(request)
        modality = request.match_info["modality"]
        shown = view.modalities.get(modality)
        if shown is None:
            raise web.HTTPNotFound(text="no such modality\n")
        epoch = await self._epoch(canary, view.epoch)
        try:
            ranking = await self._history.ranking(epoch)
        except (ReplaydError, SnapshotError) as error:
            return self._failed(error)
        rows = [row_of(result) for result in ranking.worst(modality)]
        page = paged(rows, request.query.get("page", ""), ROWS_PER_PAGE)
        return self._page(
            "pairs.html",
            canary=canary,
            view=view,
            modality=modality,
            shown=shown,
            page=page,
            pairs=ranking.pairs.get(modality, 0),
            worse=ranking.worse.get(modality, 0),
        )

    async def _pair(self, request: web.Request) -> web.Response:
        pair = await self._found(request)
        self._put_down(request, pair)
        media = () if isinstance(pair.content, Gone) else pair.content.snapshot.media
        return self._page("pair.html", pair=rendered(pair), media=media, shown=SHOWN)

    async def _media(self, request: web.Request) -> web.Response:
        pair = await self._found(request)
        index = _number(request.match_info["index"])
        if isinstance(pair.content, Gone) or index not in pair.content.media:
            raise web.HTTPNotFound(text="the medium is gone\n")
        self._put_down(request, pair)
        mime = pair.content.snapshot.media[index].mime
        # The sandbox holds even for a type that a browser would render.
        headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
        if mime not in SHOWN:
            mime = "application/octet-stream"
            headers["Content-Disposition"] = f'attachment; filename="medium-{index}"'
        return web.Response(
            body=pair.content.media[index], content_type=mime, headers=headers
        )

    async def _css(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._style, content_type="text/css")

    async def _token_form(self, _request: web.Request) -> web.Response:
        return self._page("token.html", refused=False)

    async def _take_token(self, request: web.Request) -> web.Response:
        form = await request.post()
        sent = str(form.get("token", ""))
        if not self._token or not hmac.compare_digest(
            sent.encode("utf-8", "surrogateescape"), self._token.encode()
        ):
            answer = self._page("token.html", refused=True)
            answer.set_status(401)
            return answer
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(
            COOKIE, sent, httponly=True, samesite="Strict", secure=request.secure
        )
        return answer

    def _put_down(self, request: web.Request, pair: Pair) -> None:
        """Record the reader in the audit log; without that the pair is not shown."""
        try:
            self._audit.note(
                self._clock.now_ns(),
                who=who(request, self._token, self._user_header),
                what=f"GET {request.path}",
                snapshots=[pair.result.snapshot_id],
            )
        except AuditRefusedError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from None

    async def _found(self, request: web.Request) -> Pair:
        named = request.match_info["epoch"]
        number = _number(request.match_info["number"])
        epoch = await self._epoch(request.match_info["canary"], named)
        try:
            pair = await self._history.pair(epoch, number)
        except ReplaydError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from None
        if pair is None:
            raise web.HTTPNotFound(text="no such pair\n")
        return pair

    async def _epoch(self, canary: str, named: str) -> Epoch:
        if canary not in self._verdicts().canaries:
            raise web.HTTPNotFound(text="no such canary\n")
        epoch = await self._history.epoch(canary, named)
        if epoch is None:
            raise web.HTTPNotFound(text="no such epoch\n")
        return epoch

    def _canary(self, request: web.Request) -> tuple[str, CanaryView]:
        name = request.match_info["canary"]
        view = self._verdicts().canaries.get(name)
        if view is None:
            raise web.HTTPNotFound(text="no such canary\n")
        return name, view

    def _failed(self, error: Exception) -> web.Response:
        answer = self._page("failed.html", why=str(error))
        answer.set_status(503)
        return answer

    def _page(self, template: str, **values: object) -> web.Response:
        text = self._templates.get_template(template).render(**values)
        return web.Response(text=text, content_type="text/html")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise web.HTTPNotFound(text="no such number\n")
    return int(text)
