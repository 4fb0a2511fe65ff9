"""Verdicts in a sentence: what was found, what is missing, and what it waits for."""

from collections.abc import Callable, Mapping
from typing import Final

from replayd.http.page.formatting import age, percent, signed
from replayd.verdicts.sight import insensitive, sight_of
from replayd.verdicts.views import ModalityView

WITHHELD: Final[Mapping[str, str]] = {
    "arm_failing": "an arm fails too often",
    "judge_outage": "the judge was away for one arm more than for the other",
    "scorer_fault": "a rule is at fault",
    "pair_fault": "pairs were lost to a fault",
}


def sentence(shown: ModalityView) -> str:
    """Return why a modality's verdict is what it is, for a person."""
    if shown.reason:
        return _BY_REASON[shown.reason](shown)
    return _BY_VERDICT[shown.verdict](shown)


def _sees(shown: ModalityView) -> str:
    """Return what a pass would have shown, as a sentence of its own."""
    sight = sight_of(shown)
    return f" {sight[0].upper()}{sight[1:]}." if sight else ""


def _blind(shown: ModalityView) -> str:
    if shown.insensitive_to:
        return f"No pass is issued: these pairs are {insensitive(shown)}."
    if not shown.seen:
        return "No live call of this modality was seen, so nothing can be judged."
    why = ""
    if shown.not_replayable:
        most = max(shown.not_replayable, key=shown.not_replayable.__getitem__)
        why = f"; most others: {most.replace('_', ' ')}"
    share = percent(shown.replayable_share)
    return f"Only {share} of live calls can be replayed{why}."


def _unscored(shown: ModalityView) -> str:
    where = ""
    if shown.unscored_slices:
        where = f", too few of slice {', '.join(shown.unscored_slices)}"
    return (
        f"Only {percent(shown.scored_share)} of the replayed calls have a score for "
        f"quality{where}; {percent(shown.scored_limit)} are needed. "
        "Wrong answers among the rest go unseen."
    )


def _withheld(shown: ModalityView) -> str:
    reasons = [WITHHELD.get(why, why) for why in shown.withheld_because]
    return f"No pass is issued: {', '.join(reasons)}."


def _expired(shown: ModalityView) -> str:
    since = age(shown.last_replay_age_seconds)
    return f"It passed, but no pair came for {since}: a pass needs fresh pairs."


def _waiting(shown: ModalityView) -> str:
    if not shown.replays:
        return "Waits for its first replay."
    if not shown.replays_needed:
        return "At this noise no number of pairs can prove the margin."
    left = shown.replays_needed - shown.replays
    about = f"{shown.replays:,} of about {shown.replays_needed:,} pairs"
    rest = "the interval still reaches past the margin."
    if left > 0:
        rest = f"about {left:,} more would pass an equal canary at this noise."
    return f"{about}; {rest}{_suspected(shown)}"


def _suspected(shown: ModalityView) -> str:
    """Return where a drop shows that is not yet beyond doubt."""
    seen = {
        name: stream.difference
        for name, stream in shown.streams.items()
        if stream.difference is not None and stream.difference < -stream.margin
    }
    if not seen:
        return ""
    name = min(seen, key=seen.__getitem__)
    drop = f"{name} ({signed(seen[name])})"
    return f" So far the canary does worse in {drop}; if that lasts, fewer will do."


def _found(shown: ModalityView) -> str:
    what = shown.deciding.replace("slice:", "slice ")
    mostly = f", mostly {shown.outcome.replace('_', ' ')}" if shown.outcome else ""
    drop = f" by {signed(shown.difference)}" if shown.difference is not None else ""
    return f"Worse in {what}{drop}{mostly}."


def _passed(shown: ModalityView) -> str:
    by = shown.streams.get(shown.deciding) or shown.streams["quality"]
    return (
        f"A drop of {by.margin:.3f} or more is ruled out after {by.replays:,} replays."
        f"{_sees(shown)}"
    )


def _dropped(shown: ModalityView) -> str:
    drop = signed(shown.difference)
    return f"A small drop ({drop}), within the margin.{_sees(shown)}"


_BY_REASON: Final[Mapping[str, Callable[[ModalityView], str]]] = {
    "noise": lambda _: "The control differs from itself: the harness is at fault.",
    "unsupported": lambda _: "The canary does not accept this modality.",
    "blind": _blind,
    "unscored": _unscored,
    "pass_withheld": _withheld,
    "expired": _expired,
    "no_replays": lambda _: "Waits for its first replay.",
}
_BY_VERDICT: Final[Mapping[str, Callable[[ModalityView], str]]] = {
    "pass": _passed,
    "pass_with_drop": _dropped,
    "changed": _found,
    "regressed": _found,
    "regressed_previous_epoch": lambda shown: (
        "The revision before regressed, and this one is not decided yet. "
        + _waiting(shown)
    ),
    "undecided": _waiting,
}
