from fakes.leaping_loop import LoopClock
from fakes.witnessed import ROW, VOUCHED
from prometheus_client import CollectorRegistry

from replayd.services.token_review import CALM_SECONDS, TokenReview
from replayd.telemetry.metrics import EngineMetrics
from replayd.witness.standing import Decisions


class Tokens:
    """Evidence whose decisions a test sets."""

    def __init__(self):
        self.decided, self.standings = Decisions(), {}

    async def review(self):
        """Find nothing new."""


class Shadow:
    """A canary that counts how often it is led anew."""

    name = "canary"

    def __init__(self):
        self.draws_by_older_decisions, self.times = False, 0

    def reconsider(self):
        """Be led anew."""
        self.times += 1
        self.draws_by_older_decisions = False


class Time(LoopClock):
    """A clock that a test moves."""

    ns = 0

    def now_ns(self):
        """Return what it was set to."""
        return self.ns


def _made(*, leading=True):
    tokens, shadow, clock = Tokens(), Shadow(), Time()
    review = TokenReview(
        tokens,
        {"canary": shadow},
        EngineMetrics(CollectorRegistry()),
        clock,
        poll_seconds=1.0,
        leading=lambda: leading,
    )
    return review, tokens, shadow, clock


async def _decided(review, tokens, shadow, **rows):
    tokens.decided = Decisions(**{k: frozenset(v) for k, v in rows.items()})
    shadow.draws_by_older_decisions = True
    await review.review()


async def test_a_decision_is_applied_and_another_row_need_not_wait():
    """A verified library would gate only after the next restart."""
    review, tokens, shadow, _ = _made()
    await _decided(review, tokens, shadow, verified=[ROW])
    assert shadow.times == 1
    await _decided(review, tokens, shadow, verified=[ROW], lowered=[VOUCHED])
    assert shadow.times == 2
    await review.review()
    assert shadow.times == 2


async def test_a_row_at_the_threshold_does_not_restart_the_epoch_with_every_case():
    """Replays would stop for a drain every few seconds."""
    review, tokens, shadow, clock = _made()
    for times in range(6):
        await _decided(review, tokens, shadow, verified=[ROW][: times % 2])
    assert shadow.times == 1
    clock.ns = int(CALM_SECONDS * 1e9)
    await _decided(review, tokens, shadow)
    assert shadow.times == 2


async def test_a_standby_decides_nothing():
    """Two replicas would show two counts, one of them old."""
    review, tokens, shadow, _ = _made(leading=False)
    await _decided(review, tokens, shadow, verified=[ROW])
    assert shadow.times == 0
