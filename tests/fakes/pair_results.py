"""Results and epochs, built from a few words."""

from replayd.model import ArmOutcome, Epoch, PairResult, StreamScore
from replayd.verdicts.views import LiveModality, LiveTraffic

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def epoch_of(*modalities, **more):
    """Return an epoch of the arm `canary`."""
    fields = {
        "epoch": "e1",
        "canary": "canary",
        "control": "production",
        "revision": "r1",
        "key": {},
        "modalities": modalities,
        "started_at_ns": START,
    }
    return Epoch(**{**fields, **more})


def score(canary, control=1.0, *, scorer="key_facts", **more):
    """Return one stream's scores."""
    return StreamScore(scorer=scorer, canary=canary, control=control, **more)


def result_of(number, quality=1.0, against=1.0, *, modality="text", **more):
    """Return a result whose quality scores are `quality` and `against`."""
    fields = {
        "number": number,
        "snapshot_id": f"{number:032x}",
        "modality": modality,
        "lane": "traffic",
        "slices": (),
        "recorded_at_ns": START - 3600 * SECOND,
        "committed_at_ns": START + number * SECOND,
        "canary": ArmOutcome(outcome="answered"),
        "control": ArmOutcome(outcome="answered"),
        "streams": {
            "answered": score(1.0, scorer="answered"),
            "invariants": score(1.0, scorer="invariants"),
            "quality": score(quality, against),
        },
    }
    return PairResult(**{**fields, **more})


def live_of(*modalities, seen=100, replayable=95):
    """Return live traffic that is well covered."""
    return LiveTraffic(
        modalities={
            m: LiveModality(
                seen=seen,
                replayable=replayable,
                reasons={"no_body": seen - replayable},
            )
            for m in modalities
        }
    )
