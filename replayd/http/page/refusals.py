"""Refusals as pages for browsers; scripts keep the plain line."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from replayd.http.page.site import Site

_OF_THE_BODY = frozenset({"content-type", "content-length"})


def refusals_as_pages(site: Site) -> Middleware:
    """Return the middleware that renders refusals where a browser shows a page."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except (web.HTTPClientError, web.HTTPServerError) as refusal:
            if "text/html" not in request.headers.get("Accept", ""):
                raise
            said = (refusal.text or "").strip()
            if said.startswith(f"{refusal.status}:"):  # aiohttp's own words
                said = "nothing has this address"
            canary = request.match_info.get("canary", "")
            answer = site.page(
                "refused.html",
                status=refusal.status,
                title=HTTPStatus(refusal.status).phrase,
                why=f"{said[:1].upper()}{said[1:]}.",
                canary=canary if canary in site.verdicts().canaries else "",
            )
            for name, value in refusal.headers.items():
                if name.lower() not in _OF_THE_BODY:
                    answer.headers[name] = value
            return answer

    return middleware
