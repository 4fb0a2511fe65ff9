"""Pools of features: those that a dialect, or all dialects, read right of an API."""

from collections import defaultdict
from collections.abc import Mapping

from collector.call import Source
from collector.recognise.evidence.contract import Row
from collector.recognise.evidence.features import SEVERAL, is_absence, is_word_or_field

# Names that clients bend on the way, or that they serve by several requests.
_BENT_ON_THE_WAY = frozenset({"max_tokens", "max_completion_tokens", "n"})
# That agree, before one that is not among them is believed to do as they do.
_VOUCHING_SCOPES = 3
_VOUCHING_DIALECTS = 2

# Turns of which the frameworks of a dialect or a scope send one text each: there is
# nothing to join. Whether others' emitters join, recordings of their scope decide.
_TOOL = "messages:tool"
_ONE_TEXT = {
    "pydantic_ai": (_TOOL, "messages:user/tool_result.content"),
    "vercel_ai": (_TOOL,),
    "openinference.instrumentation.agno": (_TOOL,),
}

_Scope = tuple[str, str]  # dialect, scope
_Way = tuple[str, str]  # dialect, API


class Pools:
    """Features read right of each API, by one dialect and by all.

    One reader reads all scopes of a dialect: a feature that it read right for one scope
    counts for the others, unless it was seen to go wrong for any. Features of several
    dialects' scopes are the API's own vocabulary and count for every reader that copies
    the provider's JSON; of what is put together from parts only fields and words, since
    media are what emitters drop and replace. Where nothing stands, something may have
    been dropped: recordings of the scope itself decide.
    """

    def __init__(self, rows: Mapping[_Scope, list[Row]]) -> None:
        self._carried: dict[_Way, set[str]] = defaultdict(set)
        self._suspect: dict[_Way, set[str]] = defaultdict(set)
        self._tellers: dict[str, dict[str, set[_Scope]]] = {}
        for (dialect, scope), told in rows.items():
            for row in told:
                way = dialect, row.api
                self._carried[way].update(row.carried)
                self._suspect[way].update(row.suspect)
                tellers = self._tellers.setdefault(row.api, {})
                for name in row.carried:
                    tellers.setdefault(name, set()).add((dialect, scope))

    def proven(self, dialect: str, api: str, source: Source) -> frozenset[str]:
        """Return the features that count for any scope of a dialect."""
        way = dialect, api
        known = self._carried[way] | {
            name
            for name, tellers in self._tellers.get(api, {}).items()
            if source == "body" or (is_word_or_field(name) and _are_many(tellers))
        }
        shared = known - self._suspect[way] - _BENT_ON_THE_WAY
        return frozenset(name for name in shared if not is_absence(name))


def _are_many(tellers: set[_Scope]) -> bool:
    dialects = {dialect for dialect, _ in tellers}
    return len(tellers) >= _VOUCHING_SCOPES and len(dialects) >= _VOUCHING_DIALECTS


def apart(dialect: str, scope: str) -> frozenset[str]:
    """Return the turns in which a scope cannot have joined several texts."""
    turns = _ONE_TEXT.get(dialect, ()) + _ONE_TEXT.get(scope, ())
    return frozenset(f"{turn}/{SEVERAL}" for turn in turns)
