"""All tries of a pair added up: the last answers, and what they cost together."""

from collections.abc import Callable

from replayd.arms.endpoint import Attempt
from replayd.arms.outcomes import RULES
from replayd.budget.accounting import FREE, estimated
from replayd.evaluation.pair_sending import PairSending, Place
from replayd.model import ArmAnswer, PairAnswers, Planned
from snaptrace.snapshot.model import Answer, Usage

Cost = Callable[[str, Usage], float]  # of a model's call


class Tally:
    """The last attempt of each place, and what all of them cost together."""

    def __init__(self, planned: Planned, sending: PairSending, cost: Cost) -> None:
        self._planned, self._sending, self._cost = planned, sending, cost
        self.tries = 0
        self.last: dict[Place, Attempt] = {}
        self._tokens: dict[Place, int] = {}
        self._money: dict[Place, float] = {}
        self.altered = ""

    def add(self, found: dict[Place, Attempt]) -> None:
        """Take in one try."""
        self.tries += 1
        self.last = found
        for place, attempt in found.items():
            tokens, money = self._charge(place, attempt)
            self._tokens[place] = self._tokens.get(place, 0) + tokens
            self._money[place] = self._money.get(place, 0.0) + money

    def answers(self, subjects: tuple[str, ...]) -> PairAnswers:
        """Return what the pair came to so far."""
        canary = self._arm("canary")
        assert canary is not None
        return PairAnswers(
            number=self._planned.number,
            snapshot_id=self._planned.case.snapshot_id,
            subjects=subjects,
            canary=canary,
            control=self._arm("control"),
            second_control=self._arm("second_control"),
        )

    def _arm(self, place: Place) -> ArmAnswer | None:
        if (attempt := self.last.get(place)) is None:
            return None
        reading = attempt.reading
        return ArmAnswer(
            outcome=reading.outcome,
            answer=reading.answer if RULES[reading.outcome].scored else Answer(),
            served_model=reading.served_model,
            fingerprint=reading.fingerprint,
            latency_ms=attempt.latency_ms,
            attempts=self.tries,
            usage=reading.answer.usage,
            money=self._money[place],
            detail=reading.detail,
            blobs=reading.blobs,
            quota=attempt.quota,
            charged_tokens=self._tokens[place],
            altered="" if place == "canary" else self.altered,
        )

    def _charge(self, place: Place, attempt: Attempt) -> tuple[int, float]:
        """Return the tokens and the money of one call, estimated if nobody says."""
        usage = attempt.reading.answer.usage
        if not (usage.input_tokens or usage.output_tokens):
            if attempt.reading.outcome in FREE:
                return 0, 0.0
            usage = estimated(self._planned.case)
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        return tokens, self._cost(self._sending.model(place), usage)
