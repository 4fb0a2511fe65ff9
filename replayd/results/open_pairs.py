"""Pairs that people are asked to decide."""

from replayd.arms.outcomes import usable
from replayd.evidence.judge_queue import NOT_ASKED
from replayd.evidence.settings import JUDGE
from replayd.model import PairResult


def is_open(result: PairResult) -> bool:
    """Whether a traffic pair needs adjudication: discordant or unscored.

    Unscored answers that are the same, or of which one never came, need none.
    """
    if result.lane != "traffic" or result.excluded:
        return False
    score = result.streams.get("quality")
    if score is None:
        judged = result.diagnostics.get(JUDGE)
        known = judged is not None and judged.reason in NOT_ASKED
        return not known and usable(result.canary) and usable(result.control)
    valued = score.canary is not None and score.control is not None
    return valued and score.canary != score.control
