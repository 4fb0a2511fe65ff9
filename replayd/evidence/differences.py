"""Paired differences of one result, as the scoreboard counts them."""

from collections.abc import Sequence

from replayd.model import STREAMS, PairResult, StreamScore


def difference(score: StreamScore) -> float:
    """Return canary minus control; both were valued."""
    return (score.canary or 0.0) - (score.control or 0.0)


def is_valued(score: StreamScore) -> bool:
    """Whether both arms got a value."""
    return score.canary is not None and score.control is not None


def scores_of(result: PairResult) -> list[StreamScore]:
    """Return the gating streams that apply, in their order."""
    return [result.streams[name] for name in STREAMS if name in result.streams]


def worst_of(scores: Sequence[StreamScore]) -> StreamScore:
    """Return a protected slice's one stream: each arm's worst score."""
    return StreamScore(
        scorer=min(scores, key=lambda s: s.canary or 0.0).scorer,
        canary=min(s.canary or 0.0 for s in scores),
        control=min(s.control or 0.0 for s in scores),
    )


PROTECTED = "protected"  # name of a slice's one stream


def differences(result: PairResult) -> dict[str, float]:
    """Return each stream's difference, and `protected` as a slice would count it."""
    scores = scores_of(result)
    found = {
        name: difference(score)
        for name, score in result.streams.items()
        if is_valued(score)
    }
    if scores and all(map(is_valued, scores)):
        found[PROTECTED] = difference(worst_of(scores))
    return found
