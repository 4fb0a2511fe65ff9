"""Which calls may gate: what the collector proved, and what token counts proved since.

Intake reads a case once; whether it is offered may change later, when a row of calls is
verified by equal token counts or lowered by different ones.
"""

from collections.abc import Collection
from typing import Final, TypeAlias

from msgspec.structs import replace

from replayd.model import Case
from replayd.witness.standing import Decisions

# The level, the reason, and the quota stratum whose lane is for diagnosis only.
UNVERIFIED: Final = "unverified"
TOKENS_DIFFER: Final = "tokens_differ"
MEDIUM_INDEPENDENT: Final = "medium_independent"
Place: TypeAlias = tuple[str, str, str]  # modality, service, route


class Eligibility:
    """The present decisions on rows, shared by intake and all canaries."""

    def __init__(self, *, diagnose: bool = False) -> None:
        """Offer doubted calls for diagnosis if `diagnose`, in a lane of their own."""
        self._diagnose = diagnose
        self.decided = Decisions()

    def decide(self, decided: Decisions) -> None:
        """Take over what the token counts prove now."""
        self.decided = decided

    def reason(self, reason: str, row: tuple[str, ...]) -> str:
        """Return why a call of a row is in no verdict, "" if it may be in one.

        `reason` is what was found when it was read.
        """
        if reason == UNVERIFIED and row in self.decided.verified:
            return ""
        if not reason and row in self.decided.lowered:
            return TOKENS_DIFFER
        return reason

    def offered(self, case: Case, left_out: Collection[Place] = ()) -> Case:
        """Return the case as the schedule may draw it now.

        A pin stays: its assertion is about the request as it was pinned. `left_out` are
        calls that the epoch draws none of, for they do not need their medium.
        """
        if not case.pin and (case.modality, case.service, case.route) in left_out:
            return replace(case, reason=MEDIUM_INDEPENDENT, replayable=False)
        reason = self.reason(case.reason, case.row)
        if case.pin and reason == TOKENS_DIFFER:
            return case
        if reason != case.reason:
            case = replace(case, reason=reason, replayable=not reason)
        doubted = case.reason in (UNVERIFIED, TOKENS_DIFFER)
        return for_diagnosis(case) if self._diagnose and doubted else case


def for_diagnosis(case: Case) -> Case:
    """Return a doubted case as one that may be sent, in a lane that gates nothing.

    It keeps its reason: coverage counts it as not judged.
    """
    return replace(
        case, replayable=True, verified=False, uniform=False, strata=(UNVERIFIED,)
    )
