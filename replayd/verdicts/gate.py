"""May this revision go on? The answer for pipelines, as a pure function.

0 it passed, 1 it regressed, 2 undecided or changed, 3 could not tell: nobody leads,
no such canary, another revision is being judged, or the verdict is too old.
"""

from typing import Literal

from msgspec import Struct

from replayd.verdicts.holdups import holdups
from replayd.verdicts.sight import insensitive, sight_of
from replayd.verdicts.views import CanaryView, ModalityView, Verdicts

GateState = Literal["pass", "regressed", "changed", "undecided", "unknown"]
EXIT_CODES: dict[GateState, int] = {
    "pass": 0,
    "regressed": 1,
    "changed": 2,
    "undecided": 2,
    "unknown": 3,
}
PASSES = ("pass", "pass_with_drop")
NANOSECONDS = 1_000_000_000


class GateAnswer(Struct, frozen=True, kw_only=True):
    """Answer of a gate, with its reasons as text."""

    canary: str
    revision: str  # the one judged, or asked for where none is
    state: GateState
    exit_code: int
    why: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    modalities: dict[str, str] = {}  # modality -> verdict
    age_seconds: float | None = None  # of the verdict; None: there is none
    sees: dict[str, str] = {}  # passed modality -> which drops and faults it speaks of


def decide(
    verdicts: Verdicts | None,
    canary: str,
    *,
    now_ns: int,
    revision: str = "",
    oldest_seconds: float | None = None,
) -> GateAnswer:
    """Return the answer for `canary`.

    `revision` "" takes whichever is judged now. `oldest_seconds` refuses verdicts
    computed longer ago than that; None: any age.
    """
    view, doubt = _view(verdicts, canary, revision, now_ns, oldest_seconds)
    if view is None or doubt:
        return GateAnswer(
            canary=canary,
            revision=revision,
            state="unknown",
            exit_code=3,
            why=(doubt,),
            age_seconds=None if view is None else _age_seconds(view, now_ns),
        )
    state: GateState = view.gate
    if state == "undecided" and _changed(view):
        state = "changed"
    why = tuple(
        reason
        for modality, shown in view.modalities.items()
        if (reason := explain(modality, shown))
    )
    if view.noise_alarm:
        harness = ", ".join(view.noise_alarm)
        why = (f"equal arms differ in {harness}: the harness is at fault", *why)
    if not view.modalities:
        why = ("no modality was seen yet",)
    held = tuple(str(each) for each in holdups(view))
    warnings = tuple(
        f"{modality}: passed with a drop of {shown.difference:+.3f}"
        for modality, shown in view.modalities.items()
        if shown.verdict == "pass_with_drop"
    )
    warnings += held
    sees = {
        modality: sight
        for modality, shown in view.modalities.items()
        if shown.verdict in PASSES and (sight := sight_of(shown))
    }
    words = {m: str(shown.verdict) for m, shown in view.modalities.items()}
    return GateAnswer(
        canary=canary,
        revision=view.revision,
        state=state,
        exit_code=EXIT_CODES[state],
        why=why,
        warnings=warnings,
        modalities=words,
        age_seconds=_age_seconds(view, now_ns),
        sees=sees,
    )


def _view(
    verdicts: Verdicts | None,
    canary: str,
    revision: str,
    now_ns: int,
    oldest_seconds: float | None,
) -> tuple[CanaryView | None, str]:
    """Return the canary's view, or why it cannot be told."""
    if verdicts is None or not verdicts.leading:
        doubt = "no replica leads and has caught up"
        if verdicts is not None and verdicts.standby:
            doubt += f"; the last leader was heard {verdicts.age_seconds:.0f} s ago"
        return None, doubt
    view = verdicts.canaries.get(canary)
    if view is None:
        known = ", ".join(sorted(verdicts.canaries)) or "none"
        return None, f"no canary {canary}; there are: {known}"
    if revision and revision != view.revision:
        judged = view.revision or "(none declared)"
        return view, f"revision {revision} was not judged; {judged} is"
    age = _age_seconds(view, now_ns)
    if oldest_seconds is not None and age > oldest_seconds:
        return view, f"the verdict is {age:.0f} s old, more than {oldest_seconds:g} s"
    return view, ""


def _age_seconds(view: CanaryView, now_ns: int) -> float:
    return max(now_ns - view.computed_at_ns, 0) / NANOSECONDS


def _changed(view: CanaryView) -> bool:
    """Whether `changed` is the worst that was found."""
    words = {shown.verdict for shown in view.modalities.values()}
    return "changed" in words and not words & {"undecided", "regressed_previous_epoch"}


def explain(modality: str, shown: ModalityView) -> str:
    """Return a line about a modality that does not pass, "" if it does."""
    low, high = shown.interval
    if shown.verdict in PASSES:
        return ""
    line = f"{modality}: {shown.verdict}"
    if shown.reason:
        line += f" ({shown.reason})"
    elif shown.deciding:
        line += f" by {shown.deciding}"
    if shown.outcome and shown.verdict in {"regressed", "changed"}:
        line += f", mostly {shown.outcome}"
    if shown.reason == "blind" and shown.insensitive_to:
        line += "; " + insensitive(shown)
    if shown.reason == "unscored":
        line += "; " + _unscored(shown)
    if shown.difference is not None:
        line += f"; difference {shown.difference:+.3f} [{low:+.3f}, {high:+.3f}]"
    line += f" after {shown.replays} replays"
    if shown.verdict not in {"regressed", "changed"} and shown.replays_needed:
        line += f" of about {shown.replays_needed}"
    return line


def _unscored(shown: ModalityView) -> str:
    """Return how much was scored, and how much has to be."""
    limit = f"the limit is {shown.scored_limit:.0%}"
    if shown.unscored_slices and (shown.scored_share or 0.0) >= shown.scored_limit:
        return f"too little of slice {', '.join(shown.unscored_slices)} scored, {limit}"
    if shown.scored_share is None:
        return f"nothing scored, {limit}"
    return f"only {shown.scored_share:.0%} of replayed calls scored, {limit}"
