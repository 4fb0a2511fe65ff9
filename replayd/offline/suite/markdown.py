"""A suite's outcome as Markdown, for a comment on a pull request.

Answers stand in code fences that they cannot close, so that no answer can mention
people, link or format.
"""

import re
from typing import Final

from replayd.offline.suite.outcome import STATES, Outcome, SuiteCase
from snaptrace.suite.lock import SHOWN_HASH

LONGEST_REPORT: Final = 50_000  # characters; GitHub refuses comments above 65,536
MOST_SHOWN: Final = 50  # warnings
LONGEST_SHOWN: Final = 1_500  # characters of an answer
_MARKS: Final = {
    "passed": "✅",
    "failed": "❌",
    "undecided": "⚠️",
    "unknown": "❔",
    "quarantined": "🟣",
    "weak": "🟡",
    "not_judged": "❔",
}
_TICKS = re.compile(r"`+")
_NOTHING: Final = "\u200b"  # after an @, so that nobody is mentioned
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&-])")


def markdown(outcome: Outcome) -> str:
    """Return the report."""
    counts = outcome.counts
    title = f"snaptrace: {_plain(outcome.suite)} {outcome.verdict}"
    lines = [
        f"## {_MARKS[outcome.verdict]} {title}",
        "",
        f"Suite version `{outcome.suite_hash[:SHOWN_HASH]}`",
        "",
        f"| {' | '.join(state.replace('_', ' ') for state in STATES)} |",
        f"|{'---|' * len(STATES)}",
        f"| {' | '.join(str(counts[state]) for state in STATES)} |",
        "",
    ]
    shown = [case for case in outcome.cases if case.state != "passed"]
    left = LONGEST_REPORT
    for place, case in enumerate(shown):
        told = _case(case)
        left -= sum(map(len, told))
        if left < 0:
            lines += [f"and {len(shown) - place} more.", ""]
            break
        lines += told
    warned = [case for case in outcome.cases if case.warnings]
    for case in warned[:MOST_SHOWN]:
        lines.append(
            f"- ⚠️ `{case.snapshot_id[:12]}`: {_plain('; '.join(case.warnings))}"
        )
    lines += ["", *outcome.statement, ""]
    return "\n".join(lines)


def _case(case: SuiteCase) -> list[str]:
    why = _plain("; ".join(case.why))
    state = case.state.replace("_", " ")
    name = f"<code>{case.snapshot_id[:12]}</code> {case.modality}"
    return [
        f"<details><summary>{_MARKS[case.state]} {name} {state}: {why}</summary>",
        "",
        *([_plain(case.note), ""] if case.note else []),
        "Recorded:",
        *_fenced(case.recorded),
        "Answered:",
        *_fenced(case.answer or case.outcome),
        "</details>",
        "",
    ]


def _fenced(text: str) -> list[str]:
    text = text[:LONGEST_SHOWN]
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return ["", f"{fence}text", text.replace("\r", ""), fence, ""]


def _plain(text: str) -> str:
    """Return a text in one line, in which nothing is a mark, a tag or a mention."""
    return _SPECIAL.sub(lambda m: f"&#{ord(m[0])};", " ".join(text.split())).replace(
        "&#64;", f"&#64;{_NOTHING}"
    )
