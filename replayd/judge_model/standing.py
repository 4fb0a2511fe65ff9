"""Standing of a judge: gates, shown or off; fixed for an epoch by its key.

The key names everything that makes another judge of it: model, declared version,
rubrics, and its verdicts on the anchors. Anchors that come out otherwise than before
are a changed judge, whatever its name says, and open a judge epoch.
"""

import math

from msgspec import structs

from replayd.config import JudgeConfig
from replayd.evidence.settings import JudgeKey, Standing
from replayd.judge_model.anchors import Anchors, accuracy, moved
from replayd.judge_model.rubrics import Rubrics

_Z = 1.645  # one-sided, 95 %


def key_of(
    config: JudgeConfig,
    rubrics: Rubrics,
    anchors: Anchors,
    said: str,
    before: JudgeKey | None,
) -> JudgeKey:
    """Return the key after a round of anchors; `before` where the judge is the same.

    `said` "" or all unknown: the judge was away, and what was known before holds.
    """
    wanted = JudgeKey(
        model=config.model,
        version=config.version,
        rubrics=rubrics.digest,
        said=said,
        label_share=config.label_share,
        margin=config.margin,
    )
    tolerance = config.anchors_tolerance
    if before and _same(wanted, before) and _still(said, before.said, tolerance):
        said = before.said
    standing: Standing = "gates" if _may_gate(config, said, anchors) else "shown"
    return structs.replace(wanted, said=said, standing=standing)


def _still(said: str, before: str, tolerance: float) -> bool:
    """Whether a round says nothing new: the judge was away, or little has moved."""
    if not said.strip("?"):
        return True
    return bool(before.strip("?")) and moved(said, before) <= tolerance


def _same(one: JudgeKey, other: JudgeKey) -> bool:
    blank = {"said": "", "standing": "shown"}
    return structs.replace(one, **blank) == structs.replace(other, **blank)


def _may_gate(config: JudgeConfig, said: str, anchors: Anchors) -> bool:
    if config.label_share <= 0.0 or len(said) != len(anchors.rows):
        return False
    right, of = accuracy(said, anchors.labels)
    return of >= config.fewest_labelled and lower_bound(right, of) >= config.accuracy


def lower_bound(right: int, of: int) -> float:
    """Return the one-sided 95 % lower end of a share.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", JASA 22 (1927), the score interval.
    """
    if not of:
        return 0.0
    share, z2 = right / of, _Z * _Z
    centre = share + z2 / (2 * of)
    spread = _Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, (centre - spread) / (1 + z2 / of))
