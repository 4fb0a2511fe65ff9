"""One pair with its content, and its media."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web
from msgspec import Struct

from replayd.cases.loader import Gone, Loaded
from replayd.http.page.sides import Against, sides
from replayd.http.page.site import UNREADABLE, Site, number_of
from replayd.model import ArmAnswer
from replayd.results.drawn import drawn
from replayd.results.history import Made, Pair
from replayd.results.pair_filter import FilterError, PairFilter, find, parse
from replayd.results.pair_view import LONGEST_TEXT, rendered
from replayd.results.waveform import Waveform, waveform
from snaptrace.snapshot.conversation import MediaPart, TextPart
from snaptrace.snapshot.model import Media

# What a browser may show by itself. Anything else is offered as a download: an SVG or
# a page out of a prompt must not run here.
SHOWN: Final = frozenset(
    {
        "image/png", "image/jpeg", "image/webp", "image/gif", "audio/wav",
        "audio/x-wav", "audio/mpeg", "audio/flac", "audio/ogg", "video/mp4",
        "video/webm", "audio/webm", "audio/mp4", "application/pdf",
    }
)  # fmt: skip
# A browser's viewer of documents does not run in a sandbox of this kind; it is one of
# its own, and only this page may frame it.
DOCUMENT_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; object-src 'self'; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
HEAVIEST: Final = 140_000  # bytes of a page without media; longer texts are cut
CUTS: Final = (LONGEST_TEXT, 8_000, 3_000, 1_000)  # characters of a text, tried in turn
MOST_TURNS: Final = 60
LONGEST_TURN: Final = 4_000


class Medium(Struct, frozen=True, kw_only=True):
    """One medium of the request as it is shown."""

    medium: Media
    index: int
    is_kept: bool
    waveform: Waveform | None = None


class Turn(Struct, frozen=True):
    """One message of the request."""

    role: str
    text: str


class Neighbours(Struct, frozen=True, kw_only=True):
    """The pairs before and after in the list that a reader came from."""

    query: str  # of that list
    position: int = 0  # from 1; 0: the pair is not in it
    total: int = 0
    before: int | None = None
    after: int | None = None


class PairPages:
    """Handlers of a pair and its media; each reading is in the audit."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def shown(self, request: web.Request) -> web.Response:
        """Show a pair."""
        pair = await self._site.pair(request)
        self._site.note(request, pair.result.snapshot_id)
        against: Against = (
            "control" if request.query.get("against") == "control" else "recording"
        )
        values = await view_of(pair)
        values |= {
            "against": against,
            "near": await self._neighbours(request, pair),
            "full": "full" in request.query,
        }
        cuts = CUTS[:1] if values["full"] else CUTS
        for longest in cuts:
            values["sides"] = list(sides(values["pair"], pair.made, against, longest))
            values["longest"] = longest
            answer = self._site.page("pair.html", **values)
            if isinstance(answer.body, bytes) and len(answer.body) <= HEAVIEST:
                break
        return answer

    async def medium(self, request: web.Request) -> web.Response:
        """Return one medium of the request."""
        pair = await self._site.pair(request)
        index = number_of(request.match_info["index"])
        if isinstance(pair.content, Gone) or index not in pair.content.media:
            raise web.HTTPNotFound(text="the medium is gone\n")
        self._site.note(request, pair.result.snapshot_id)
        mime = pair.content.snapshot.media[index].mime
        return medium_answer(pair.content.media[index], mime, f"medium-{index}")

    async def output(self, request: web.Request) -> web.Response:
        """Return one medium that a side answered with: recorded, control or canary."""
        pair = await self._site.pair(request)
        made = pair.made.get(request.match_info["side"])
        index = number_of(request.match_info["index"])
        answer = made_answer(made, index, f"answer-{index}")
        self._site.note(request, pair.result.snapshot_id)
        return answer

    async def _neighbours(self, request: web.Request, pair: Pair) -> Neighbours:
        try:
            wanted = parse(request.query)
        except FilterError:
            wanted = PairFilter()
        query = urlencode(wanted.asked)
        try:
            numbers = find(await self._site.indexes.index(pair.epoch), wanted)
            at = numbers.index(pair.result.number)
        except (*UNREADABLE, ValueError):
            return Neighbours(query=query)
        return Neighbours(
            query=query,
            position=at + 1,
            total=len(numbers),
            before=numbers[at - 1] if at else None,
            after=numbers[at + 1] if at + 1 < len(numbers) else None,
        )


async def view_of(pair: Pair) -> dict[str, Any]:
    """Return what the template shows of a pair, but for its sides."""
    content = pair.content if isinstance(pair.content, Loaded) else None
    snapshot = content.snapshot if content else None
    header = content.header if content else None
    return {
        "pair": rendered(pair),
        "result": pair.result,
        "answers": arms_of(pair),
        "snapshot": snapshot,
        "drawn": drawn(pair.planned, snapshot, header),
        "media": await asyncio.to_thread(lambda: list(_media(content))),
        "turns": list(_turns(content)) if content else [],
        "shown": SHOWN,
    }


def arms_of(pair: Pair) -> dict[str, ArmAnswer | None]:
    """Return both arms' answers by side."""
    answers = pair.answers
    if answers is None:
        return {}
    return {"canary": answers.canary, "control": answers.control}


def _media(content: Loaded | None) -> Iterator[Medium]:
    for index, medium in enumerate(content.snapshot.media if content else ()):
        data = content.media.get(index) if content else None
        drawn_sound = medium.kind == "audio" and data is not None
        yield Medium(
            medium=medium,
            index=index,
            is_kept=data is not None,
            waveform=waveform(data) if drawn_sound and data is not None else None,
        )


def _turns(content: Loaded) -> Iterator[Turn]:
    """Yield the messages of the request; empty where there is only the question."""
    conversation = content.scoring.conversation
    if conversation is None or len(conversation.messages) < 2:
        return
    for message in conversation.messages[-MOST_TURNS:]:
        said = []
        for part in message.parts:
            if isinstance(part, TextPart):
                said.append(part.text)
            else:
                kind = part.kind if isinstance(part, MediaPart) else type(part).__name__
                said.append(f"[{kind}]")
        yield Turn(message.role, "\n".join(said)[:LONGEST_TURN])


def made_answer(made: Made | None, index: int, name: str) -> web.Response:
    """Return one medium of an answer.

    Raises:
        web.HTTPNotFound: it was not kept, or the answer has no such medium.
    """
    if made is None or index not in made.blobs or index >= len(made.media):
        raise web.HTTPNotFound(text="the medium is gone\n")
    return medium_answer(made.blobs[index], made.media[index].mime, name)


def medium_answer(data: bytes, mime: str, name: str) -> web.Response:
    """Return bytes as a browser may take them: shown, or to be kept as a file."""
    # The sandbox holds even for a type that a browser would render.
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    if mime == "application/pdf" and data.startswith(b"%PDF-"):
        headers = dict(DOCUMENT_HEADERS)
    elif mime not in SHOWN or mime == "application/pdf":
        mime = "application/octet-stream"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return web.Response(body=data, content_type=mime, headers=headers)
