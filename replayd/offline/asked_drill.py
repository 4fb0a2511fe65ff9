"""Drills that ask the control: each case untouched twice, then with each fault.

What it will send is known before anything is sent, and a budget ends it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from replayd.arms.arm import Arm
from replayd.arms.outcomes import RULES
from replayd.budget.accounting import estimated
from replayd.budget.limits import Prices
from replayd.cases.loader import Loaded
from replayd.drills.injuring import DrillPair
from replayd.drills.requests import REQUEST_FAULTS
from replayd.drills.requests.contract import Asked, OtherMedia, RequestFault
from replayd.model import ArmAnswer, Case
from replayd.offline.oneshot import Answered, answer_once, arm_answer

UNTOUCHED = 2  # calls per case beside those with a fault: the second is the noise

# Asks once; None: no answer that counts, or nothing more may be spent.
Ask = Callable[[Case, Asked], Awaitable[ArmAnswer | None]]


class AskedCase(Struct, frozen=True):
    """One case and the requests that a drill makes of it."""

    case: Case
    loaded: Loaded
    requests: dict[str, Asked]  # by fault


class AskPlan(Struct, frozen=True, kw_only=True):
    """Calls, tokens and money of a drill that asks, known before anything is sent."""

    cases: dict[str, int]  # by modality
    faults: dict[str, int]  # cases by fault
    calls: int
    tokens: int  # estimated from the recordings
    money: float
    unpriced: str = ""  # model without a price, where there is none
    missing: tuple[str, ...] = ()  # modules without which faults are left out


def prepared(loaded: Sequence[tuple[Case, Loaded]]) -> list[AskedCase]:
    """Return every case with the requests of all faults that apply to it."""
    faults = [fault for fault in REQUEST_FAULTS.values() if fault.is_installed]
    found: list[AskedCase] = []
    for at, (case, each) in enumerate(loaded):
        asked = Asked(each.snapshot, each.media)
        requests: dict[str, Asked] = {}
        for fault in faults:
            changed = fault.applied(asked, _other(loaded, at, fault))
            if changed is not None:
                requests[fault.name] = changed
        found.append(AskedCase(case, each, requests))
    return found


def plan_of(cases: Sequence[AskedCase], model: str, prices: Prices) -> AskPlan:
    """Return what asking these cases takes."""
    calls = {id(each): UNTOUCHED + len(each.requests) for each in cases}
    return AskPlan(
        cases=dict(Counter(each.case.modality for each in cases)),
        faults=dict(Counter(name for each in cases for name in each.requests)),
        calls=sum(calls.values()),
        tokens=sum(each.case.tokens * calls[id(each)] for each in cases),
        money=sum(
            prices.cost(model, estimated(each.case)) * calls[id(each)] for each in cases
        ),
        unpriced="" if prices.known(model) else model,
        missing=tuple(
            sorted({f.needs for f in REQUEST_FAULTS.values() if not f.is_installed})
        ),
    )


def asking(
    arm: Arm, spend: Callable[[Case], bool], spent: Callable[[Case, ArmAnswer], None]
) -> Ask:
    """Return how one request is sent: within `spend`, told to `spent`."""

    async def ask(case: Case, asked: Asked) -> ArmAnswer | None:
        if not spend(case):
            return None
        found = await answer_once(arm, asked.snapshot, dict(asked.media))
        if not isinstance(found, Answered):
            return None
        answer = arm_answer(found)
        spent(case, answer)
        return answer if RULES[answer.outcome].scored else None

    return ask


async def asked_pairs(
    cases: Iterable[AskedCase],
    ask: Ask,
    *,
    in_flight: int = 4,
    on_case: Callable[[], None] = lambda: None,
) -> tuple[list[DrillPair], list[Mapping[str, ArmAnswer]]]:
    """Ask everything; return each case's untouched answers and those by fault."""
    places = asyncio.Semaphore(in_flight)
    found: dict[int, tuple[DrillPair, Mapping[str, ArmAnswer]]] = {}

    async def one(place: int, each: AskedCase) -> None:
        async with places:
            untouched = Asked(each.loaded.snapshot, each.loaded.media)
            first = await ask(each.case, untouched)
            again = None if first is None else await ask(each.case, untouched)
            answers: dict[str, ArmAnswer] = {}
            names = sorted(each.requests)
            # Where a budget ends early, no fault should be the one always missing.
            random.Random(each.case.snapshot_id).shuffle(names)  # noqa: S311
            for name in names if first is not None else ():
                answer = await ask(each.case, each.requests[name])
                if answer is not None:
                    answers[name] = answer
            if first is not None:
                pair = DrillPair(
                    case=each.case,
                    recorded=each.loaded.recorded,
                    answer=first,
                    again=again,
                    untried=frozenset(names) - frozenset(answers),
                )
                found[place] = pair, answers
            on_case()

    async with asyncio.TaskGroup() as group:
        for place, each in enumerate(cases):
            group.create_task(one(place, each))
    ordered = [found[place] for place in sorted(found)]
    return [pair for pair, _ in ordered], [answers for _, answers in ordered]


def _other(
    loaded: Sequence[tuple[Case, Loaded]], at: int, fault: RequestFault
) -> OtherMedia:
    """Return the next case's medium of the fault's kind, if it is another one."""
    own = set(loaded[at][1].media.values())
    for step in range(1, len(loaded)):
        _, each = loaded[(at + step) % len(loaded)]
        for index, data in each.media.items():
            named = each.snapshot.media[index]
            if named.kind == fault.kind and data not in own:
                return OtherMedia(data, named.mime)
    return OtherMedia()
