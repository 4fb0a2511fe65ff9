"""Notices that an endpoint began to serve another model under the same name. Pure."""

from msgspec import Struct

from replayd.model import ArmOutcome, PairResult

CONSECUTIVE = 20  # answers of another model; gateways that mix two never reach it


class _Arm(Struct):
    first: str = ""  # the model that the epoch began with
    other: str = ""
    answers: int = 0  # consecutive, of `other`


class ServedModelWatch:
    """Follows both arms' served models through one epoch's results."""

    def __init__(self) -> None:
        self._arms = {"canary": _Arm(), "control": _Arm()}

    def saw(self, result: PairResult) -> str:
        """Take in the next result; return what is served now once it has changed.

        The text names both arms' models and is part of the next epoch's key.
        """
        changed = [
            self._changed(self._arms[name], outcome)
            for name, outcome in (
                ("canary", result.canary),
                ("control", result.control),
            )
        ]
        if not any(changed):
            return ""
        return ",".join(
            f"{name}={arm.other if moved else arm.first}"
            for (name, arm), moved in zip(self._arms.items(), changed, strict=True)
        )

    def _changed(self, arm: _Arm, outcome: ArmOutcome | None) -> bool:
        served = outcome.served_model if outcome is not None else ""
        if not served:
            return arm.answers >= CONSECUTIVE
        arm.first = arm.first or served
        if served == arm.first:
            arm.other, arm.answers = "", 0
        elif served == arm.other:
            arm.answers += 1
        else:
            arm.other, arm.answers = served, 1
        return arm.answers >= CONSECUTIVE
