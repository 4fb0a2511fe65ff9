"""Verdicts over HTTP for Argo Rollouts, Flagger and scripts. Never any content.

    GET /api/v1/verdicts                      all canaries
    GET /api/v1/gate/<canary>?revision=R&max_age=S   one answer; always 200, see `state`
    GET, POST /api/v1/gate/<canary>/status?want=pass     the same as a status code: 200
        where the state is the wanted one, 409 where it is another, 425 while undecided,
        503 where it is unknown
    GET /api/v1/plan                          what a verdict needs: pairs, hours, money
    GET /api/v1/budget                        each limit, what is used, when it resets
    PUT /api/v1/canaries/<canary>  {"revision": "R"}  a new revision is being served

Any replica answers: a standby gives out what the leader published, with its age.

With a token, all of them need `Authorization: Bearer <token>`. Without one, a revision
may be declared from this machine only.
"""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from aiohttp import web
from msgspec import Struct

from replayd.budget.limits import Line
from replayd.http.loopback import names_this_machine
from replayd.planning.cost import CostedPlan
from replayd.verdicts.gate import EXIT_CODES, GateAnswer, GateState, decide
from replayd.verdicts.views import Verdicts
from snaptrace.runtime.clock import Clock

LONGEST_REVISION = 128  # characters
LARGEST_BODY_BYTES = 4096
# What is neither the wanted state nor a decision for another one.
_STATUS: dict[GateState, int] = {"undecided": 425, "unknown": 503}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# Declares a revision for a canary; KeyError: there is none of that name.
INTEREST_SECONDS = 30.0
Declare = Callable[[str, str], Awaitable[None]]


class RevisionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of a PUT."""

    revision: str


class BudgetShown(Struct, frozen=True, kw_only=True):
    """Response of `GET /api/v1/budget`; no limits means unlimited."""

    budgets: list[Line]


class PlansShown(Struct, frozen=True, kw_only=True):
    """Response of `GET /api/v1/plan`, by canary."""

    canaries: dict[str, list[CostedPlan]]


class GateInterest:
    """Whether somebody waits for verdicts: results are then committed at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked_at = float("-inf")

    def asked(self) -> None:
        """Note that verdicts or a gate were asked for."""
        self._asked_at = self._clock.monotonic_seconds()

    def lasts(self) -> bool:
        """Whether that was lately; whoever waits asks again within seconds."""
        return self._clock.monotonic_seconds() - self._asked_at < INTEREST_SECONDS


class GateApi:
    """The routes; `shown` returns the last computed verdicts, None before the first."""

    def __init__(
        self,
        shown: Callable[[], Verdicts | None],
        clock: Clock,
        declare: Declare,
        token: str = "",
        *,
        budget: Callable[[], Sequence[Line]] = list,
        plans: Callable[[], Mapping[str, Sequence[CostedPlan]]] = dict,
        on_asked: Callable[[], None] = lambda: None,
    ) -> None:
        self._shown, self._clock, self._declare = shown, clock, declare
        self._budget, self._plans, self._on_asked = budget, plans, on_asked
        self._token = token.encode()

    def routes(self) -> dict[str, Handler]:
        """Return handlers by method and path, for the telemetry server."""
        return {
            "GET /api/v1/verdicts": self.verdicts,
            "GET /api/v1/gate/{canary}": self.gate,
            "GET /api/v1/gate/{canary}/status": self.status,
            "POST /api/v1/gate/{canary}/status": self.status,
            "GET /api/v1/plan": self.plan,
            "GET /api/v1/budget": self.budget,
            "PUT /api/v1/canaries/{canary}": self.put_canary,
        }

    async def verdicts(self, request: web.Request) -> web.Response:
        """Return all verdicts; 503 while none are available."""
        self._authorise(request)
        self._on_asked()
        shown = self._shown()
        if shown is None:
            return _json({"canaries": {}, "leading": False}, status=503)
        return _json(shown)

    async def gate(self, request: web.Request) -> web.Response:
        """Answer for one canary; the state is in the body: 200 does not mean pass."""
        return _json(self._answer(request))

    async def status(self, request: web.Request) -> web.Response:
        """Answer with a status code, for clients that only check the status code.

        `want=regressed` inverts it, for hooks whose success means "roll back": an
        unknown state must not trigger those either. A body is ignored: webhooks
        send one.
        """
        answer = self._answer(request)
        want = request.query.get("want", "pass")
        if want not in EXIT_CODES or want == "unknown":
            known = ", ".join(state for state in EXIT_CODES if state != "unknown")
            return _json({"error": f"want: one of {known}"}, status=400)
        if answer.state == want:
            return _json(answer)
        return _json(answer, _STATUS.get(answer.state, 409))

    def _answer(self, request: web.Request) -> GateAnswer:
        self._authorise(request)
        self._on_asked()
        oldest: float | None = None
        if limit := request.query.get("max_age"):
            try:
                oldest = float(limit)
            except ValueError:
                raise web.HTTPBadRequest(
                    text='{"error":"max_age is no number of seconds"}',
                    content_type="application/json",
                ) from None
        return decide(
            self._shown(),
            request.match_info["canary"],
            now_ns=self._clock.now_ns(),
            revision=request.query.get("revision", ""),
            oldest_seconds=oldest,
        )

    async def plan(self, request: web.Request) -> web.Response:
        """Return every canary's plan, based on current measurements."""
        self._authorise(request)
        plans = {name: list(plans) for name, plans in self._plans().items()}
        return _json(PlansShown(canaries=plans))

    async def budget(self, request: web.Request) -> web.Response:
        """Return every limit with its use."""
        self._authorise(request)
        return _json(BudgetShown(budgets=list(self._budget())))

    async def put_canary(self, request: web.Request) -> web.Response:
        """Declare a canary's current revision; opens a new epoch."""
        self._authorise(request)
        is_local = _from_here(request) and names_this_machine(request)
        if not self._token and not is_local:
            return _json({"error": "without a token, from this machine only"}, 403)
        data = await request.read()  # aiohttp itself stops at a mebibyte
        if len(data) > LARGEST_BODY_BYTES:
            return _json({"error": "body too large"}, status=413)
        try:
            revision = msgspec.json.decode(data, type=RevisionBody).revision
        except msgspec.DecodeError as error:
            return _json({"error": f"body: {error}"}, status=400)
        if not 0 < len(revision) <= LONGEST_REVISION or not revision.isprintable():
            return _json({"error": "revision: 1 to 128 printable characters"}, 400)
        name = request.match_info["canary"]
        try:
            await self._declare(name, revision)
        except KeyError:
            return _json({"error": "no such canary"}, status=404)
        return _json({"canary": name, "revision": revision})

    def _authorise(self, request: web.Request) -> None:
        if self._token and not bearer_matches(request, self._token):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})


def bearer_of(request: web.Request) -> str:
    """Return the bearer token that was sent; "" if none was."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def bearer_matches(request: web.Request, token: bytes) -> bool:
    """Compare in constant time, to prevent timing attacks."""
    sent = bearer_of(request).encode("utf-8", "surrogateescape")
    return hmac.compare_digest(sent, token)


def _from_here(request: web.Request) -> bool:
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value),
        content_type="application/json",
        status=status,
        headers={"Cache-Control": "no-store"},
    )
