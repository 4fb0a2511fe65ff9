"""Consequences of each typed outcome for a pair: its score, a retry, a pause.

The same rules hold for canary and control; the only rows that differ are those where
the arm itself decides the verdict. `tests/golden/outcomes.tsv` holds the whole table.
"""

from typing import Literal, get_args

from msgspec import Struct

from replayd.model import ArmOutcome, Outcome

Arm = Literal["canary", "control"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Rule(Struct, frozen=True, kw_only=True):
    """Consequences of one outcome."""

    scored: bool  # by what was answered; else 0 for the arm, whichever it is
    retry: bool  # the pair is sent again, until its deadline
    outage: bool  # counts toward the failure share that pauses dispatch


_ANSWER = Rule(scored=True, retry=False, outage=False)
# The arm could be reached and said no to this very request: asking again would only
# hide it.
_NO = Rule(scored=False, retry=False, outage=False)
_AWAY = Rule(scored=False, retry=True, outage=True)
RULES: dict[Outcome, Rule] = {
    "answered": _ANSWER,
    "refused": _ANSWER,
    "truncated": _ANSWER,
    "rate_limited": _AWAY,
    "unsupported_modality": _NO,
    "context_too_long": _NO,
    "bad_request": _NO,
    "server_error": _AWAY,
    "timeout": _AWAY,
    # Garbage is what the model's front end did with this request: no second chance,
    # but a stretch of it is an outage all the same.
    "malformed": Rule(scored=False, retry=False, outage=True),
    "connection": _AWAY,
}
_KEY_DETAILS = frozenset({"status_401", "status_403"})


def is_outage(outcome: Outcome, detail: str = "") -> bool:
    """Return whether an outcome says that the arm is away; a wrong key counts too."""
    return RULES[outcome].outage or detail in _KEY_DETAILS


def verdict_at_once(arm: Arm, outcome: Outcome) -> str:
    """Return the reason of an immediate `regressed`, or an empty text."""
    if arm == "canary" and outcome == "unsupported_modality":
        return "unsupported"
    return ""


def has_answer(outcome: str) -> bool:
    """Detect an outcome that is scored by what was answered; `not_sent` is none."""
    return any(rule.scored for name, rule in RULES.items() if name == outcome)


def usable(arm: ArmOutcome | None) -> bool:
    """Return whether an arm's answer is scored by what it says."""
    return arm is not None and RULES[arm.outcome].scored


def table() -> str:
    """Return every rule as tab-separated lines: the golden file."""
    lines = ["outcome\tarm\tscore\tretry\tpause\tverdict"]
    for outcome in OUTCOMES:
        rule = RULES[outcome]
        for arm in get_args(Arm):
            score = "by_answer" if rule.scored else "0"
            facts = [score, _yes(rule.retry), _yes(rule.outage)]
            at_once = verdict_at_once(arm, outcome)
            facts.append(f"regressed:{at_once}" if at_once else "-")
            lines.append("\t".join([outcome, arm, *facts]))
    return "\n".join(lines) + "\n"


def _yes(value: bool) -> str:  # noqa: FBT001 - a word for a truth
    return "yes" if value else "no"
