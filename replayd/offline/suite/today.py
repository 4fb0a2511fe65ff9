"""Production's answers to pins today: from recorded traffic, without asking."""

from collections.abc import Mapping

from replayd.model import ArmAnswer
from replayd.offline.suite.entries import expected_of
from replayd.offline.suite.held import held_to
from replayd.offline.suite.judging import Judged, judged
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import Pin
from snaptrace.suite.model import Suite
from snaptrace.suite.sightings import Sighting


async def answers_today(
    pinned: Mapping[str, tuple[Pin, Snapshot]],
    seen: Mapping[str, Sighting],
    suite: Suite | None,
) -> dict[str, Judged]:
    """Judge the newest recorded answer to each pin's own request, as a canary's is.

    Without such an answer a pin is left out; `suite` is the file's, where there is one.
    """
    found: dict[str, Judged] = {}
    for name, (pin, snapshot) in pinned.items():
        sighting = seen.get(name)
        if sighting is None or sighting.same is None:
            continue
        answer = sighting.same.answer
        refused = bool(answer.refusal) or answer.outcome == "refused"
        arm = ArmAnswer(outcome="refused" if refused else "answered", answer=answer)
        expected = None
        if suite is not None:
            expected = expected_of(suite, snapshot, hard=pin.hard)
        found[name] = await judged(held_to(snapshot, pin.assertion, expected), arm)
    return found
