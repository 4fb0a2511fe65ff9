"""Whether an arm's endpoint answers anybody at all: a state, never evidence. Pure.

An outage, a wrong key or a rate limit says nothing of how a model answers. What says
something is a case that fails while the endpoint answers its neighbours. So every call
is noted here, and two questions are answered: is the arm away, and did it answer other
cases while this one failed. Times are seconds of one monotonic clock.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from replayd.model import Outcome

Kind = Literal["answers", "refuses", "unreachable", "misconfigured", "rate_limited"]
State = Literal["up", "unreachable", "misconfigured", "rate_limited"]
STATES: tuple[State, ...] = ("up", "unreachable", "misconfigured", "rate_limited")

AWAY_CASES = 3  # that failed in a row, each another, before an arm counts as away
REFUSING_CASES = 8  # the same where it answered before and now says no to each
ANSWERED_SHARE = 0.2  # of its neighbours from which on a case failed by itself
KEPT_CALLS = 4096
WINDOW_SECONDS = 3600.0  # over which the share of time is told
FLAPPING_SECONDS = 300.0  # the same, to tell an arm that comes and goes
CALM_TIMES = 4.0  # the time it was away; after that it does so no more

_BY_OUTCOME: dict[Outcome, Kind] = {
    "bad_request": "refuses",
    "malformed": "refuses",
    "rate_limited": "rate_limited",
    "server_error": "unreachable",
    "timeout": "unreachable",
    "connection": "unreachable",
}
# What only whoever set the arm up can mend: address, key, certificate, kind of server.
_SET_UP_WRONG = frozenset(
    {
        *(f"status_{status}" for status in (301, 302, 303, 307, 308)),
        *(f"status_{status}" for status in (401, 403, 404, 405, 407, 426)),
        "not_http",
        "ClientConnectorDNSError",
        "ClientConnectorSSLError",
        "ClientConnectorCertificateError",
        "ClientSSLError",
        "NoCredentialsError",
    }
)


def kind_of(outcome: Outcome, detail: str = "") -> Kind:
    """Return what a call's end says of the endpoint."""
    if outcome in _BY_OUTCOME and detail in _SET_UP_WRONG:
        return "misconfigured"
    return _BY_OUTCOME.get(outcome, "answers")


class Call(Struct, frozen=True):
    """One call that came to an end."""

    case: str
    began: float
    ended: float
    kind: Kind
    fresh: bool = True  # the first try of a case; others are chosen by their failure
    detail: str = ""  # how it failed, from a bounded set: status_401, deadline


class Availability:
    """The calls to one endpoint, and what they say of it. Not safe for threads."""

    def __init__(self, now: Callable[[], float], limit: float = 0.9) -> None:
        """Begin; `limit` is the share of time below which the arm is not to be."""
        self._now, self.limit = now, limit
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._newest_answered = float("-inf")  # when that call began
        self._last_answer = float("-inf")  # when it came
        self._ever_answered = False
        # Since the last answer:
        self._failing: dict[str, None] = {}  # cases
        self._kinds: Counter[Kind] = Counter()
        self._away_since: float | None = None
        self._episodes: deque[tuple[float, float]] = deque()
        self.last_failure = ""  # its detail
        self.on_change: Callable[[], None] = lambda: None

    def saw(self, call: Call) -> None:
        """Take note of a call."""
        self._calls.append(call)
        if call.kind == "answers":
            self._answered(call)
        else:
            self._failed(call)
        self.on_change()

    def _answered(self, call: Call) -> None:
        self._newest_answered = max(self._newest_answered, call.began)
        self._ever_answered = True
        self._last_answer = max(self._last_answer, call.ended)
        self._failing.clear()
        self._kinds.clear()
        if self._away_since is not None:
            self._episodes.append((self._away_since, call.ended))
            self._away_since = None

    def _failed(self, call: Call) -> None:
        # What began before the newest answer came says nothing of the time since.
        since = call.began >= self._last_answer
        self.last_failure = call.detail
        if call.fresh and since and len(self._failing) < REFUSING_CASES:
            self._failing[call.case] = None
        self._kinds[call.kind] += 1
        if self._away_since is None and self._is_away():
            self._away_since = call.ended

    def _is_away(self) -> bool:
        only_refuses = self._ever_answered and set(self._kinds) == {"refuses"}
        needed = REFUSING_CASES if only_refuses else AWAY_CASES
        return len(self._failing) >= needed

    @property
    def away(self) -> bool:
        """Return whether nothing but failures came of late."""
        return self._away_since is not None

    @property
    def state(self) -> State:
        """Return the state in a word."""
        if not self.away:
            return "up"
        kinds = Counter[State]()
        for kind, calls in self._kinds.items():
            word: State = "misconfigured" if kind in _LIKE_IT else _word(kind)
            kinds[word] += calls
        return kinds.most_common(1)[0][0]

    def share(self, window_seconds: float = WINDOW_SECONDS) -> float:
        """Return the share of the last stretch of time in which the arm was not away.

        Before the first call it counts as there.
        """
        now = self._now()
        first = now - window_seconds
        while self._episodes and self._episodes[0][1] <= now - WINDOW_SECONDS:
            self._episodes.popleft()
        episodes = list(self._episodes)
        if self._away_since is not None:
            episodes.append((self._away_since, now))
        gone = sum(max(end - max(begin, first), 0.0) for begin, end in episodes)
        return max(1.0 - gone / window_seconds, 0.0)

    @property
    def flaps(self) -> bool:
        """Return whether the arm was away too much, and just now, to blame a case."""
        share = self.share(FLAPPING_SECONDS)
        if share >= self.limit or self.away:
            return share < self.limit
        gone = (1.0 - share) * FLAPPING_SECONDS
        since = self._now() - self._episodes[-1][1]
        return since <= CALM_TIMES * gone

    def answered_since(self, at: float) -> bool:
        """Return whether a call that began at `at` or later was answered."""
        return self._newest_answered >= at

    def caught(self, kind: Kind) -> bool:
        """Return whether a failure may be the endpoint's and not the case's."""
        if kind == "refuses":  # it was there; but does it say no to everybody?
            return self.away or not self._ever_answered
        return kind != "answers"

    def has_company(self, case: str, since: float) -> bool:
        """Return whether a fresh call of another case began after `since` and ended."""
        return any(c.fresh for c in self._others(case, since))

    def answered_neighbours(self, case: str, since: float) -> bool:
        """Return whether other cases were answered while this one failed after `since`.

        Looked at are calls from the first to the last of its failures: an outage that
        caught all of them let nobody else through meanwhile. Cases that are sent again
        are asked only where there is no fresh one, for they failed before.
        """
        own = [c for c in self._calls if c.case == case and c.began >= since]
        if not own or own[-1].kind == "rate_limited":
            return False  # how much one may ask is no matter of the case
        others = self._others(case, since)
        near = [c for c in others if c.fresh] or others
        if len(own) > 1:
            first, last = own[0].ended, own[-1].ended
            near = [c for c in near if first < c.ended <= last] or near[-1:]
        answered = {c.case for c in near if c.kind == "answers"}
        # With nobody else about, whoever was answered before it was its neighbour.
        return len(answered) > ANSWERED_SHARE * len({c.case for c in near}) or not near

    def _others(self, case: str, since: float) -> list[Call]:
        return [c for c in self._calls if c.case != case and c.began >= since]


_LIKE_IT: frozenset[Kind] = frozenset({"refuses", "misconfigured"})


def _word(kind: Kind) -> State:
    return "rate_limited" if kind == "rate_limited" else "unreachable"
