"""Rules that name cases by what they are, as `10 newest refusals of service shop`.

    N newest [refusals | errors | truncations | retries | tool calls | MODALITY calls |
        calls]
    every (route | service | modality | model | language) at least N
    the N cases that represent last (day | week | month)

Each may end in `of service NAME` and in `where FILTER`, in the filter language.
"""

import re
from typing import Final, Literal

from msgspec import Struct

from snaptrace.query.facts import Facts
from snaptrace.query.language import FilterError, Query
from snaptrace.query.language import parse as parse_filter

MOST_CASES: Final = 1_000  # of one rule
KINDS: Final = {
    "calls": "",
    "refusals": "outcome=refused",
    "errors": "outcome=error",
    "truncations": "outcome=truncated",
    "retries": "outcome=retried",
    "filtered calls": "outcome=filtered",
    "tool calls": "tool=*",
    **{
        f"{modality} calls": f"modality={modality}"
        for modality in ("text", "image", "audio", "video", "document", "mixed")
    },
}
GROUPS: Final = ("route", "service", "modality", "model", "language")
PERIODS: Final = {"day": "1d", "week": "7d", "month": "30d"}

_NEWEST = re.compile(r"(?:the )?(\d+) newest ([a-z ]+?)")
_EVERY = re.compile(r"every ([a-z]+) at least (\d+)")
_REPRESENT = re.compile(r"(?:the )?(\d+) cases that represent (?:the )?last ([a-z]+)")
_SERVICE = re.compile(r"(.+) of service (\S+)")


class Rule(Struct, frozen=True, kw_only=True):
    """A rule, read."""

    kind: Literal["newest", "every", "represent"]
    count: int
    by: str = ""  # of `every`
    filter: str = ""  # in the filter language

    def query(self, now_ns: int) -> Query:
        """Return which snapshots the rule looks at."""
        return parse_filter(self.filter, now_ns)


def parse(text: str) -> Rule:
    """Read a rule.

    Raises:
        ValueError: says which forms there are, or what is wrong.
    """
    head, _, where = text.partition(" where ")
    filters = [where.strip()]
    head = " ".join(head.split())
    if match := _SERVICE.fullmatch(head):
        head = match[1]
        filters.append(f'service="{match[2]}"')
    rule = _rule(head, filters)
    if not 1 <= rule.count <= MOST_CASES:
        raise ValueError(f"a rule takes from 1 to {MOST_CASES} cases")
    try:
        rule.query(0)
    except FilterError as error:
        raise ValueError(f"where: {error}") from None
    return rule


def _rule(head: str, filters: list[str]) -> Rule:
    if match := _NEWEST.fullmatch(head):
        if match[2] not in KINDS:
            raise ValueError(f"no kind {match[2]!r}; there are {', '.join(KINDS)}")
        filters.append(KINDS[match[2]])
        return Rule(kind="newest", count=int(match[1]), filter=_joined(filters))
    if match := _EVERY.fullmatch(head):
        if match[1] not in GROUPS:
            raise ValueError(f"every {match[1]}: one of {', '.join(GROUPS)} is wanted")
        return Rule(
            kind="every", count=int(match[2]), by=match[1], filter=_joined(filters)
        )
    if match := _REPRESENT.fullmatch(head):
        if match[2] not in PERIODS:
            raise ValueError(f"last {match[2]}: one of {', '.join(PERIODS)} is wanted")
        filters.append(f"since={PERIODS[match[2]]}")
        return Rule(kind="represent", count=int(match[1]), filter=_joined(filters))
    raise ValueError(
        "write `10 newest refusals of service shop`, `every route at least 5` or "
        "`the 50 cases that represent last week`"
    )


def _joined(filters: list[str]) -> str:
    return " ".join(filter(None, filters))


def group_of(facts: Facts, by: str) -> str:
    """Return a case's group under `every BY at least N`."""
    return str(getattr(facts, by)) or ("en" if by == "language" else "")
