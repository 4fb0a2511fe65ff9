"""Reasons why a canary's verdict waits, and the key that changes each. No I/O.

Said in the same words by the gate, the plan, the live board and the page.
"""

from collections.abc import Iterator

from msgspec import Struct

from replayd.verdicts.views import ArmView, CanaryView

_KEYS = {
    "fresh_cases": "replayd.schedule.lookback",
    "control_rate": "replayd.control_rate.per_minute",
    "share_of_production": "replayd.control_rate.share_of_production",
    "floor_per_hour": "replayd.control_rate.floor_per_hour",
}
_REFUSED_KEY = frozenset({"status_401", "status_403"})


class Holdup(Struct, frozen=True, kw_only=True):
    """One reason why verdicts wait, as a sentence, and the key that changes it."""

    what: str  # from a bounded set
    text: str
    key: str

    def __str__(self) -> str:
        return f"{self.text} ({self.key})" if self.key else self.text


def key_of(limit: str) -> str:
    """Return the configuration key behind a limit as plans and budgets name it."""
    if limit in _KEYS:
        return _KEYS[limit]
    scope, _, name = limit.removeprefix("budget:").rpartition(":")
    section = f"budgets.{scope}" if scope not in ("", "all") else "budget"
    return f"replayd.{section}.{name}"


def holdups(view: CanaryView) -> tuple[Holdup, ...]:
    """Return every reason that stands now, the one to mend first in front."""
    return tuple(_holdups(view))


def _holdups(view: CanaryView) -> Iterator[Holdup]:
    for arm in view.arms:
        if arm.state != "up":
            yield _away(arm)
    if view.waiting == "budget":
        text = f"the budget {view.budget or 'in force'} is spent"
        yield Holdup(what="budget", text=text, key=key_of(view.budget))
    elif view.waiting == "fresh_cases":
        text = (
            "every recorded call that may be drawn was replayed; waiting for new ones"
        )
        yield Holdup(what="fresh_cases", text=text, key=key_of("fresh_cases"))
    if (slowed := view.slowed) is not None:
        text = (
            f"the control is asked at most {slowed.per_minute:.3g} times a minute, "
            f"not {slowed.configured:g}: {slowed.why}"
        )
        yield Holdup(what="slowed", text=text, key=key_of("control_rate"))
    if not view.control:
        text = (
            "no control arm: only what the recordings can prove is judged, and changes "
            "in traffic cannot be told from the canary's"
        )
        yield Holdup(what="no_control", text=text, key="replayd.arms")


def _away(arm: ArmView) -> Holdup:
    said = f" ({arm.why})" if arm.why else ""
    key = f"replayd.arms.{arm.arm}"
    if arm.state == "misconfigured":
        if arm.why in _REFUSED_KEY:
            text = f"{arm.arm} refuses its API key{said}; nothing is judged"
            return Holdup(what="misconfigured", text=text, key=f"{key}.api_key_env")
        text = (
            f"{arm.arm} refuses everything{said}: address, certificate or model; "
            "nothing is judged"
        )
        return Holdup(what="misconfigured", text=text, key=f"{key}.url")
    if arm.state == "rate_limited":
        text = f"{arm.arm} answers 429 to everything{said}; pairs wait"
        return Holdup(what="rate_limited", text=text, key=f"{key}.concurrency")
    text = f"{arm.arm} does not answer{said}; pairs wait until it does"
    return Holdup(what="unreachable", text=text, key=f"{key}.url")
