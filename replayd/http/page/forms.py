"""Forms that change something: only from this page, in this person's own session.

Three independent checks, each enough by itself in today's browsers: the cookie is
SameSite=Strict, the browser names the page that a form comes from, and a form holds a
token bound to the session that no other origin can read.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from multidict import MultiDict

from replayd.http.page.access import Person, person_of
from snaptrace.crypto.fleet_key import FleetKey

TOKEN_FIELD: Final = "form"  # noqa: S105 - the name of a field
_OWN: Final = frozenset({"same-origin"})


class Forms:
    """Makes and checks form tokens; alike on every replica."""

    def __init__(self, key: FleetKey) -> None:
        self._key = key

    def token(self, person: Person) -> str:
        """Return the token of a person's forms."""
        return self._key.pseudonym("page form", person.session).hex()

    async def read(self, request: web.Request) -> MultiDict[str]:
        """Return a posted form's fields.

        Raises:
            HTTPForbidden: it does not come from this page, or not from this session.
            HTTPBadRequest: it is no form.
        """
        person = person_of(request)
        if not person.has_bearer and not _comes_from_here(request):
            raise web.HTTPForbidden(text="this form comes from elsewhere\n")
        if request.content_type != "application/x-www-form-urlencoded":
            raise web.HTTPBadRequest(text="a form is wanted\n")
        fields: MultiDict[str] = MultiDict()
        for name, value in (await request.post()).items():
            fields.add(name, str(value))
        sent = fields.get(TOKEN_FIELD, "")
        if not person.has_bearer and not hmac.compare_digest(
            sent.encode("utf-8", "surrogateescape"), self.token(person).encode()
        ):
            raise web.HTTPForbidden(
                text="this form is not of your session: load the page again\n"
            )
        return fields


def _comes_from_here(request: web.Request) -> bool:
    """Whether the browser says that the form was sent by this page."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == request.host.lower()
    except ValueError:
        return False
