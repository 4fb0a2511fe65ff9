"""One pair with its content, and its media."""

from typing import Final

from aiohttp import web

from replayd.cases.loader import Gone
from replayd.http.page.site import Site, number_of
from replayd.results.pair_view import rendered

# What a browser may show by itself. Anything else is offered as a download: an SVG or
# a page out of a prompt must not run here.
SHOWN: Final = frozenset(
    {
        "image/png", "image/jpeg", "image/webp", "image/gif", "audio/wav",
        "audio/x-wav", "audio/mpeg", "audio/flac", "audio/ogg", "video/mp4",
        "video/webm", "audio/webm", "audio/mp4",
    }
)  # fmt: skip


class PairPages:
    """Handlers of a pair and its media; each reading is in the audit."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def shown(self, request: web.Request) -> web.Response:
        """Show a pair."""
        pair = await self._site.pair(request)
        self._site.note(request, pair.result.snapshot_id)
        media = () if isinstance(pair.content, Gone) else pair.content.snapshot.media
        return self._site.page(
            "pair.html", pair=rendered(pair), media=media, shown=SHOWN
        )

    async def medium(self, request: web.Request) -> web.Response:
        """Return one medium of the request."""
        pair = await self._site.pair(request)
        index = number_of(request.match_info["index"])
        if isinstance(pair.content, Gone) or index not in pair.content.media:
            raise web.HTTPNotFound(text="the medium is gone\n")
        self._site.note(request, pair.result.snapshot_id)
        mime = pair.content.snapshot.media[index].mime
        return medium_answer(pair.content.media[index], mime, f"medium-{index}")


def medium_answer(data: bytes, mime: str, name: str) -> web.Response:
    """Return bytes as a browser may take them: shown, or to be kept as a file."""
    # The sandbox holds even for a type that a browser would render.
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    if mime not in SHOWN:
        mime = "application/octet-stream"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return web.Response(body=data, content_type=mime, headers=headers)
