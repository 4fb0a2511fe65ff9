"""Access control and security headers of the inspection page.

The page shows content. On the loopback it is open to this machine; any wider address
needs a token, or the page refuses to start.
"""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from replayd.http.gate_api import bearer_matches
from replayd.http.loopback import is_loopback, names_this_machine
from snaptrace.runtime.config import Address, ConfigError

COOKIE = "snaptrace_page"
# Nothing from elsewhere, no script but the page's own file, no frame around it, nothing
# sent away.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def check_address(listen: Address, token: str) -> None:
    """Refuse to serve content on a non-loopback address without a token.

    Raises:
        ConfigError: says which two settings do not go together.
    """
    if not token and not is_loopback(listen.host):
        raise ConfigError(
            "replayd.page.listen",
            f"{listen} shows content beyond this machine; set replayd.page_token_file,"
            " or listen on 127.0.0.1",
        )


def guard(token: str, inner: Handler) -> Handler:
    """Wrap a handler with the access check."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        if not token and not names_this_machine(request):
            # A page elsewhere could point a name of its own at this machine.
            raise web.HTTPForbidden(text="ask for this page by its address\n")
        if token and not may_look(request, token.encode()):
            if request.path == "/" and request.method == "GET":
                raise web.HTTPSeeOther("/token")
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        return await inner(request)

    return guarded


def may_look(request: web.Request, token: bytes) -> bool:
    """Compare header or cookie with the token in constant time."""
    sent = request.cookies.get(COOKIE, "").encode("utf-8", "surrogateescape")
    return bearer_matches(request, token) or hmac.compare_digest(sent, token)


def who(request: web.Request, token: str, user_header: str) -> str:
    """Return the best-known identity of the client, for the audit log."""
    named = request.headers.get(user_header, "") if user_header else ""
    how = "token" if token else "this machine"
    return f"{named or how} from {request.remote or 'an unknown address'}"


@web.middleware
async def with_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the security headers to every response, including refusals."""
    try:
        answer = await handler(request)
    except web.HTTPException as refusal:
        refusal.headers.update(HEADERS)
        raise
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)  # A medium's own policy is stricter.
    return answer
