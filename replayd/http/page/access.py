"""Who may do what on the page: read, decide, operate.

    replayd.page_token_file   one shared token
    replayd.page_people_file  lines `NAME RIGHT TOKEN`; `-` for a token: by header only

Without a people file, whoever may read may also decide and operate. With one, rights
come from it, and whoever is not in it may only read. A name in the proxy's header is
believed only beside the shared token, or where the page needs none.
"""

import hmac
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, get_args

from aiohttp import web
from msgspec import Struct

from replayd.http.gate_api import bearer_of
from replayd.http.loopback import is_loopback, names_this_machine
from snaptrace.runtime.config import Address, ConfigError

COOKIE: Final = "snaptrace_page"
Right = Literal["read", "decide", "operate"]
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)
LONGEST_NAME: Final = 120  # characters
BY_HEADER: Final = "-"  # in the place of a token
SHORTEST_TOKEN: Final = 16  # characters, of a person

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Person(Struct, frozen=True, kw_only=True):
    """Who asks, and the highest right; each right includes those before it."""

    name: str
    right: Right
    session: str = ""  # what a form is bound to
    has_bearer: bool = False  # no browser sends that by itself

    def may(self, right: Right) -> bool:
        """Whether the person has a right."""
        return RIGHTS.index(self.right) >= RIGHTS.index(right)


PERSON: Final = web.RequestKey("person", Person)


class Listed(Struct, frozen=True):
    """One line of the people file."""

    name: str
    right: Right
    token: str  # "": by header only


def read_people(path: str) -> tuple[Listed, ...] | None:
    """Return the people of a file; None where no file is named.

    Raises:
        ConfigError: it cannot be read, or a line is wrong.
    """
    if not path:
        return None
    key = "replayd.page_people_file"
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(key, f"{path} cannot be read: {error}") from None
    found: list[Listed] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.split()
        if len(words) != 3 or words[1] not in RIGHTS:
            why = f"{path}:{number}: NAME {'|'.join(RIGHTS)} TOKEN is wanted"
            raise ConfigError(key, why)
        name, right, token = words[0], words[1], words[2]
        if token == BY_HEADER:
            token = ""
        elif len(token) < SHORTEST_TOKEN:
            why = f"{path}:{number}: a token has {SHORTEST_TOKEN} characters or more"
            raise ConfigError(key, why)
        found.append(Listed(name, right, token))
    return tuple(found)


class Access:
    """Names whoever asks, and refuses who may not."""

    def __init__(
        self,
        listen: Address,
        token: str = "",
        people: tuple[Listed, ...] | None = None,
        user_header: str = "",
    ) -> None:
        """Prepare the checks.

        Raises:
            ConfigError: an address beyond this machine that nothing guards.
        """
        self._token, self._header = token, user_header
        self._people = people
        listed = people or ()
        self._by_token = {_digest(p.token): p for p in listed if p.token}
        self._by_name = {p.name: p for p in listed}
        self.is_open = not token and not self._by_token
        if self.is_open and not is_loopback(listen.host):
            raise ConfigError(
                "replayd.page.listen",
                f"{listen} shows content beyond this machine; set "
                "replayd.page_token_file, or listen on 127.0.0.1",
            )

    def guard(self, right: Right, inner: Handler) -> Handler:
        """Wrap a handler: whoever lacks the right is refused."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if self.is_open and not names_this_machine(request):
                # A page elsewhere could point a name of its own at this machine.
                raise web.HTTPForbidden(text="ask for this page by its address\n")
            person = self.person(request)
            if person is None:
                if request.path == "/" and request.method == "GET":
                    raise web.HTTPSeeOther("/token")
                raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
            if not person.may(right):
                why = f"{person.name} may {person.right}; this needs {right}\n"
                raise web.HTTPForbidden(text=why)
            request[PERSON] = person
            return await inner(request)

        return guarded

    def person(self, request: web.Request) -> Person | None:
        """Return who asks; None: a token is needed and was not given."""
        cookie, bearer = request.cookies.get(COOKIE, ""), bearer_of(request)
        for sent in (bearer, cookie):
            found = self._by_sent(sent, request) if sent else None
            if found is not None:
                return Person(
                    name=found.name,
                    right=found.right,
                    session=sent,
                    has_bearer=sent == bearer,
                )
        if not self.is_open:
            return None
        named = self._named(request, "this machine")
        return Person(name=named.name, right=named.right, session=named.name)

    def accepts(self, sent: str) -> bool:
        """Whether a token lets somebody in."""
        return bool(self._token and _same(sent, self._token)) or (
            _digest(sent) in self._by_token
        )

    def _by_sent(self, sent: str, request: web.Request) -> Listed | None:
        listed = self._by_token.get(_digest(sent))
        if listed is not None:
            return listed
        if self._token and _same(sent, self._token):
            return self._named(request, "token")
        return None

    def _named(self, request: web.Request, otherwise: str) -> Listed:
        sent = request.headers.get(self._header, "") if self._header else ""
        name = sent.strip()[:LONGEST_NAME] or otherwise
        if self._people is None:
            return Listed(name, "operate", "")
        listed = self._by_name.get(name)
        # A listed person with a token of their own proves who they are by it.
        if listed is None or listed.token:
            return Listed(name, "read", "")
        return listed


def person_of(request: web.Request) -> Person:
    """Return who passed the guard."""
    return request[PERSON]


def who(request: web.Request) -> str:
    """Return the best-known identity of the client, for the audit log."""
    return f"{person_of(request).name} from {request.remote or 'an unknown address'}"


def _digest(token: str) -> bytes:
    # Looked up by digest, so that the time taken tells nothing of a token.
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


def _same(sent: str, token: str) -> bool:
    return hmac.compare_digest(
        sent.encode("utf-8", "surrogateescape"), token.encode("utf-8")
    )
