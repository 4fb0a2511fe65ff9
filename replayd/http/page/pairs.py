"""Lists of pairs by filter, as a page and as JSON."""

from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web
from msgspec import Struct

from replayd.http.page.formatting import Page, paged
from replayd.http.page.site import UNREADABLE, Site
from replayd.model import STREAMS, Epoch
from replayd.results.pair_filter import (
    CHANGES,
    ORDERS,
    FilterError,
    PairFilter,
    find,
    parse,
)
from replayd.results.pair_index import PairIndex, PairRow

ROWS_PER_PAGE = 25
MOST_ROWS = 500  # of one JSON answer
MOST_OFFERED = 60  # values offered for one field


class PairsShown(Struct, frozen=True, kw_only=True):
    """Answer of `GET /api/v1/pairs/{canary}`: numbers and ids, no content."""

    canary: str
    epoch: str
    revision: str
    total: int  # pairs that meet the filter
    of: int  # pairs of the epoch
    page: int
    pages: int
    pairs: list[PairRow]


class Field(Struct, frozen=True, kw_only=True):
    """One field of the filter form; no values: free text."""

    name: str
    label: str
    value: str
    values: tuple[str, ...] = ()


class PairLists:
    """Handlers of `/<canary>/pairs` and `/api/v1/pairs/<canary>`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def listed(self, request: web.Request) -> web.Response:
        """Show the pairs that meet the address's filter."""
        site = self._site
        canary, view = site.canary(request)
        if "" in request.query.values():  # a form sends each field, also the empty ones
            named = urlencode([(k, v) for k, v in request.query.items() if v])
            raise web.HTTPSeeOther(f"/{quote(canary)}/pairs?{named}")
        epoch = await site.epoch(canary, request.query.get("epoch", view.epoch))
        try:
            wanted, wrong = parse(request.query), ""
        except FilterError as error:
            wanted, wrong = PairFilter(), str(error)
        try:
            index = await site.indexes.index(epoch)
        except UNREADABLE as error:
            return site.failed(error)
        numbers = find(index, wanted)
        at = paged(numbers, request.query.get("page", ""), ROWS_PER_PAGE)
        rows = Page([index.row(n) for n in at.rows], at.number, at.pages)
        asked = wanted.asked
        if "epoch" in request.query:
            asked = {"epoch": epoch.epoch, **asked}
        return site.page(
            "pairs.html",
            status=400 if wrong else 200,
            canary=canary,
            view=view,
            epoch=epoch,
            wanted=wanted,
            wrong=wrong,
            fields=fields(index, wanted),
            chips=_chips(asked),
            query=urlencode(asked),
            page=rows,
            total=len(numbers),
            of=len(index),
        )

    async def as_json(self, request: web.Request) -> web.Response:
        """Return the pairs that meet the filter, without content."""
        site = self._site
        canary, view = site.canary(request)
        epoch = await site.epoch(canary, request.query.get("epoch", view.epoch))
        size = request.query.get("limit", "")
        most = int(size) if size.isascii() and size.isdigit() and size else 100
        try:
            index = await site.indexes.index(epoch)
            numbers = find(index, parse(request.query))
        except FilterError as error:
            return _json({"error": str(error)}, 400)
        except UNREADABLE as error:
            return _json({"error": str(error)}, 503)
        most = min(max(most, 1), MOST_ROWS)
        at = paged(numbers, request.query.get("page", ""), most)
        return _json(_shown(epoch, index, at, len(numbers)))


def _shown(epoch: Epoch, index: PairIndex, at: Page[int], total: int) -> PairsShown:
    return PairsShown(
        canary=epoch.canary,
        epoch=epoch.epoch,
        revision=epoch.revision,
        total=total,
        of=len(index),
        page=at.number,
        pages=at.pages,
        pairs=[index.row(number) for number in at.rows],
    )


def fields(index: PairIndex, wanted: PairFilter) -> list[Field]:
    """Return the filter form: values that the epoch's pairs have."""
    slices = {name for each in index.slices.words for name in each}
    rules = {name for each in index.rules.words for name in each}
    offered = (
        ("modality", "modality", index.modality.words),
        ("change", "canary did", [c for c in CHANGES if c]),
        ("stream", "stream", STREAMS),
        ("task", "task", index.task.words),
        ("slice", "slice", slices),
        ("scorer", "rule", rules),
        ("outcome", "outcome", index.outcome.words),
        ("order", "order", ORDERS),
    )
    found = []
    for name, label, values in offered:
        value = str(getattr(wanted, name))
        known = [v for v in dict.fromkeys(values) if v]
        if name not in {"change", "stream", "order"}:
            known.sort()
        if value and value not in known:
            known.append(value)
        if known:
            shown = tuple(known[:MOST_OFFERED])
            found.append(Field(name=name, label=label, value=value, values=shown))
    found.append(Field(name="text", label="text", value=wanted.text))
    return found


def _chips(asked: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return (field, value, address without it) of each field that is set."""
    return [
        (name, value, urlencode({k: v for k, v in asked.items() if k != name}))
        for name, value in asked.items()
    ]


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value), content_type="application/json", status=status
    )
