"""Cost plan of a suite run: requests, tokens, money."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from replayd.budget.limits import Prices
from replayd.cases.intake import estimate_tokens
from replayd.config import PriceConfig
from replayd.offline.suite.file_kinds import RUBRIC
from replayd.offline.suite.nonsense import SENSELESS
from replayd.offline.suite.rubrics import ASKED_PER_ANSWER
from replayd.offline.suite.run import Entry, Settings, runs_of
from snaptrace.snapshot import segment
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.snapshot.model import Usage
from snaptrace.store.store import Store


class SuiteCost(Struct, frozen=True, kw_only=True):
    """Estimates of one run; the control is asked only for pins that fail."""

    pins: int = 0
    unreadable: int = 0  # pins that cannot be sent
    requests: int = 0  # to the canary
    control_requests: int = 0  # at most, where a control is given
    judge_requests: int = 0  # at most, where a judge model is configured
    input_tokens: int = 0  # of the canary's requests
    output_tokens: int = 0
    money: float | None = None  # None: no price is configured for a model
    unpriced: tuple[str, ...] = ()

    def told(self) -> str:
        """Return the plan in a sentence."""
        control = (
            f", up to {self.control_requests} to the control"
            if self.control_requests
            else ""
        )
        judge = (
            f", up to {self.judge_requests} to the judge model"
            if self.judge_requests
            else ""
        )
        money = "" if self.money is None else f", about {self.money:.2f} in money"
        lost = f" ({self.unreadable} of them cannot be sent)" if self.unreadable else ""
        return (
            f"{self.pins} pins{lost}: {self.requests} requests{control}{judge}; about "
            f"{self.input_tokens:,} tokens in, {self.output_tokens:,} out{money}"
        )


async def cost_of(
    store: Store,
    entries: Sequence[Entry],
    settings: Settings,
    prices: Mapping[str, PriceConfig],
    *,
    model: str = "",
    has_control: bool = False,
    has_judge: bool = False,
) -> SuiteCost:
    """Estimate a run; `model` is asked instead of the recorded one.

    Raises:
        StoreUnavailableError: safe to run again.
    """
    known = Prices(dict(prices))
    cost = SuiteCost(pins=len(entries))
    requests = given = answered = unreadable = judged = 0
    money = 0.0
    unpriced: set[str] = set()
    for entry in entries:
        try:
            read = segment.read(await store.get(entry.name), entry.name)
            snapshot = read.record(0)
        except (MissingObjectError, CorruptSnapshotError):
            unreadable += 1
            continue
        runs = runs_of(entry, settings)
        tokens_in, tokens_out = estimate_tokens(snapshot)
        requests += runs
        judged += asked_of_judge(entry, runs, has_control=has_control)
        given += runs * tokens_in
        answered += runs * tokens_out
        asked = model or snapshot.request.model
        usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
        money += runs * known.cost(asked, usage)
        if not known.known(asked):
            unpriced.add(asked)
    return SuiteCost(
        pins=cost.pins,
        unreadable=unreadable,
        requests=requests,
        control_requests=requests if has_control else 0,
        judge_requests=judged if has_judge else 0,
        input_tokens=given,
        output_tokens=answered,
        money=None if unpriced else money,
        unpriced=tuple(sorted(unpriced)),
    )


def asked_of_judge(entry: Entry, runs: int, *, has_control: bool) -> int:
    """Return the most requests that a pin's rubrics put to a judge model."""
    expected = entry.expected
    rubrics = [e for e in expected.assertions if e.kind == RUBRIC] if expected else []
    answers = runs * (2 if has_control else 1) + len(SENSELESS)
    return len(rubrics) * answers * ASKED_PER_ANSWER
