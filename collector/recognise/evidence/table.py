"""Looks up what recordings say about a reading. Pure; loaded once per process."""

import functools
from collections import Counter
from collections.abc import Iterable
from importlib import resources
from typing import Literal, NamedTuple

import msgspec

from collector.call import Source
from collector.recognise.evidence.contract import DialectEvidence, Row
from collector.recognise.evidence.features import seams
from collector.recognise.evidence.layout import layout
from collector.recognise.evidence.pools import Pools
from collector.recognise.evidence.versions import nearest, vouching

Doubt = Literal[
    "scope_unrecorded",
    "version_unrecorded",
    "operation_unrecorded",  # the scope was recorded, not this operation or API of it
    "api_guessed",
    "features_unrecorded",
    "differences_recorded",  # recordings like this one came out wrong
]
UNVERIFIED: frozenset[str] = frozenset(Doubt.__args__)  # type: ignore[attr-defined]
EVERY = "*"  # in `Row.suspect`: no body is above doubt
_ENOUGH = 1  # recorded requests read right, before a scope's reading counts as known
# Requests read right before a scope speaks for an API of which it has no recording,
# none of them wrong; and of that API from other scopes.
_ENOUGH_OF_SCOPE, _ENOUGH_OF_API = 5, 10
_CACHED = 1024
_UNPROVEN_MAX = 16  # features named on a snapshot


class Reading(NamedTuple):
    """Key of the evidence: scope, version, operation, API and source of a reading."""

    dialect: str
    scope: str
    version: str
    operation: str
    api: str
    source: Source
    emitter: str = ""


class Judgement(NamedTuple):
    """Evidence of the recordings for a reading."""

    doubts: tuple[Doubt, ...]  # empty: it is borne out
    lost: tuple[str, ...]  # leaf paths that this scope is known to lose unseen
    unproven: tuple[str, ...] = ()  # features that no recording showed to be right


class _Known(NamedTuple):
    doubts: tuple[Doubt, ...]
    lost: tuple[str, ...] = ()
    proven: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()  # turns whose several texts are kept apart
    suspect: frozenset[str] = frozenset()
    # Names that a record may have, where no recorded version speaks for this one.
    layout: frozenset[str] | None = None


class Evidence:
    """The rows of all dialects, by what they are about."""

    def __init__(self, tables: Iterable[DialectEvidence]) -> None:
        self._rows: dict[tuple[str, str], list[Row]] = {}
        self._layouts: dict[tuple[str, str], frozenset[str]] = {}
        for table in tables:
            for row in table.rows:
                self._rows.setdefault((table.dialect, row.scope), []).append(row)
            for scope, names in table.layouts.items():
                self._layouts[table.dialect, scope] = frozenset(names)
        self._pools = Pools(self._rows)
        # Requests read right per way to read an API: of all, and of each scope.
        self._right: Counter[tuple[str, ...]] = Counter()
        for (dialect, scope), rows in self._rows.items():
            for row in rows:
                way = _way(dialect, row.api, row.source)
                self._right[way] += right(row)
                self._right[(*way, dialect, scope)] += right(row)
        self._known = functools.lru_cache(maxsize=_CACHED)(self._look_up)

    def judge(
        self, reading: Reading, features: frozenset[str], names: Iterable[str] = ()
    ) -> Judgement:
        """Return what recordings say of a body with these features, so read.

        `names` are those of the record's attributes.
        """
        known = self._known(reading)
        if known.doubts:
            return Judgement(known.doubts, known.lost)
        if known.layout is not None and not layout(names) <= known.layout:
            return Judgement(("version_unrecorded",), known.lost)
        if not known.suspect.isdisjoint(features):
            wrong = tuple(sorted(known.suspect & features)[:_UNPROVEN_MAX])
            return Judgement(("differences_recorded",), known.lost, wrong)
        unproven = features - known.proven
        if reading.source != "body":
            unproven |= seams(features) - known.apart
        if not unproven:
            return Judgement((), known.lost)
        named = tuple(sorted(unproven)[:_UNPROVEN_MAX])
        return Judgement(("features_unrecorded",), known.lost, named)

    def rows(self, dialect: str, scope: str) -> tuple[Row, ...]:
        """Return all rows of a scope."""
        return tuple(self._rows.get((dialect, scope), ()))

    def _look_up(self, reading: Reading) -> _Known:
        rows = self._rows.get((reading.dialect, reading.scope))
        if not rows:
            return _Known(("scope_unrecorded",))
        recorded = dict.fromkeys(row.version for row in rows)
        versions = vouching(reading.version, recorded)
        names = None
        if not versions:
            versions = nearest(reading.version, recorded)
            names = self._layouts.get((reading.dialect, reading.scope), frozenset())
        if not versions:
            return _Known(("version_unrecorded",))
        near = [row for row in rows if row.version in versions]
        mine = [
            row
            for row in near
            if (row.operation, row.api, row.source, row.emitter) == reading[3:]
        ]
        if sum(map(right, mine)) < _ENOUGH:
            mine = [row for row in near if row.emitter == reading.emitter]
            if not self._speaks_for_others(reading, mine):
                return _Known(("operation_unrecorded",))
            mine = [row for row in mine if row.api == reading.api]
        lost = tuple(dict.fromkeys(path for row in mine for path in row.lost))
        suspect = frozenset(feature for row in mine for feature in row.suspect)
        if EVERY in suspect:
            return _Known(("differences_recorded",), lost)
        own = frozenset(feature for row in mine for feature in row.carried)
        proven = self._pools.proven(reading.dialect, reading.api, reading.source)
        apart = self._pools.apart(reading.dialect, reading.api)
        if names is None:
            apart |= own  # names do not show what another version joins
        return _Known((), lost, proven | own, apart, suspect, names)

    def _speaks_for_others(self, reading: Reading, siblings: list[Row]) -> bool:
        """Decide about an operation or API of which this scope has no recording.

        Its other calls must have come out right, all of them, and the API must have
        been read right this way for other scopes.
        """
        if reading.source == "guess" or any(row.silent for row in siblings):
            return False
        way = _way(reading.dialect, reading.api, reading.source)
        own = self._right[(*way, reading.dialect, reading.scope)]
        if sum(map(right, siblings)) < _ENOUGH_OF_SCOPE:
            return False
        return self._right[way] - own >= _ENOUGH_OF_API


def right(row: Row) -> int:
    """Return how many of a row's requests came out right."""
    return row.exact + row.declared


def _way(dialect: str, api: str, source: Source) -> tuple[str, ...]:
    """Return what code reads such a request: a provider's own JSON is copied by all."""
    return (api, source) if source == "body" else (api, source, dialect)


@functools.cache
def packaged() -> Evidence:
    """Return the evidence that this release brings along."""
    folder = resources.files(__package__).joinpath("tables")
    decoder = msgspec.json.Decoder(DialectEvidence)
    names = sorted(f.name for f in folder.iterdir() if f.name.endswith(".json"))
    return Evidence(decoder.decode(folder.joinpath(n).read_bytes()) for n in names)
