"""Everything the page's handlers share: verdicts, history, templates, audit."""

from collections.abc import Callable
from importlib.resources import files
from typing import Final

import jinja2
from aiohttp import web

from replayd.errors import ReplaydError
from replayd.http.page.access import who
from replayd.http.page.formatting import FILTERS
from replayd.http.page.sentences import sentence
from replayd.model import Epoch
from replayd.results.history import History, Pair
from replayd.results.index_reader import IndexReader
from replayd.verdicts.views import CanaryView, ModalityView, Verdicts
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot.errors import AuditRefusedError, SnapshotError
from snaptrace.store.audit import Audit
from snaptrace.store.store import Store

HERE: Final = files("replayd.http.page")
UNREADABLE: Final = (ReplaydError, SnapshotError)


class Site:
    """Reads for the handlers and renders for them. Holds no content."""

    def __init__(
        self,
        verdicts: Callable[[], Verdicts],
        store: Store,
        key: FleetKey,
        *,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self.verdicts, self.store = verdicts, store
        self.history = History(store, key, clock)
        self.indexes = IndexReader(store, clock)
        self._audit, self.clock = audit, clock
        folder = HERE / "templates"
        texts = {each.name: each.read_text("utf-8") for each in folder.iterdir()}
        self._templates = jinja2.Environment(
            loader=jinja2.DictLoader(texts),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(FILTERS)
        self._templates.filters["sentence"] = sentence

    def page(
        self, template: str, *, status: int = 200, **values: object
    ) -> web.Response:
        """Render a template as an answer."""
        text = self._templates.get_template(template).render(**values)
        return web.Response(text=text, content_type="text/html", status=status)

    def failed(self, error: Exception) -> web.Response:
        """Return the page that says that results cannot be read."""
        return self.page("failed.html", status=503, why=str(error))

    def canary(self, request: web.Request) -> tuple[str, CanaryView]:
        """Return the canary of an address and its view."""
        name = request.match_info["canary"]
        view = self.verdicts().canaries.get(name)
        if view is None:
            raise web.HTTPNotFound(text="no such canary\n")
        return name, view

    def modality(self, request: web.Request) -> tuple[str, CanaryView, ModalityView]:
        """Return the canary of an address, its view, and the modality's."""
        name, view = self.canary(request)
        shown = view.modalities.get(request.match_info["modality"])
        if shown is None:
            raise web.HTTPNotFound(text="no such modality\n")
        return name, view, shown

    async def epoch(self, canary: str, named: str) -> Epoch:
        """Return an epoch of a canary; "" is the newest."""
        if canary not in self.verdicts().canaries:
            raise web.HTTPNotFound(text="no such canary\n")
        epoch = await self.history.epoch(canary, named)
        if epoch is None:
            raise web.HTTPNotFound(text="no such epoch\n")
        return epoch

    async def pair(self, request: web.Request) -> Pair:
        """Return the pair of an address."""
        named = request.match_info["epoch"]
        number = number_of(request.match_info["number"])
        epoch = await self.epoch(request.match_info["canary"], named)
        try:
            pair = await self.history.pair(epoch, number)
        except ReplaydError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from None
        if pair is None:
            raise web.HTTPNotFound(text="no such pair\n")
        return pair

    def note(self, request: web.Request, snapshot_id: str, decided: str = "") -> None:
        """Record who reads or decides in the audit log; else nothing is done."""
        what = f"{request.method} {request.path}"
        try:
            self._audit.note(
                self.clock.now_ns(),
                who=who(request),
                what=f"{what}: {decided}" if decided else what,
                snapshots=[snapshot_id],
                kind="decision" if decided else "read",
            )
        except AuditRefusedError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from None


def number_of(text: str) -> int:
    """Return a number of an address; anything else is not found."""
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise web.HTTPNotFound(text="no such number\n")
    return int(text)
