"""Looks up what recordings say about a reading. Pure; loaded once per process."""

import functools
from collections.abc import Iterable
from importlib import resources
from typing import Literal, NamedTuple

import msgspec

from collector.call import Source
from collector.recognise.evidence.contract import DialectEvidence, Row
from collector.recognise.evidence.features import seams, undeclared
from collector.recognise.evidence.pools import Pools, apart
from collector.recognise.evidence.versions import vouching

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


class Evidence:
    """The rows of all dialects, by what they are about."""

    def __init__(self, tables: Iterable[DialectEvidence]) -> None:
        self._rows: dict[tuple[str, str], list[Row]] = {}
        for table in tables:
            for row in table.rows:
                self._rows.setdefault((table.dialect, row.scope), []).append(row)
        self._pools = Pools(self._rows)
        self._known = functools.lru_cache(maxsize=_CACHED)(self._look_up)

    def judge(self, reading: Reading, features: frozenset[str]) -> Judgement:
        """Return what recordings say of a body with these features, so read."""
        known = self._known(reading)
        if known.doubts:
            return Judgement(known.doubts, known.lost)
        if not known.suspect.isdisjoint(features):
            wrong = tuple(sorted(known.suspect & features)[:_UNPROVEN_MAX])
            return Judgement(("differences_recorded",), known.lost, wrong)
        unproven = undeclared(features, known.lost) - known.proven
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
        versions = vouching(reading.version, dict.fromkeys(r.version for r in rows))
        if not versions:
            return _Known(("version_unrecorded",))
        mine = [
            row
            for row in rows
            if row.version in versions
            and (row.operation, row.api, row.source, row.emitter) == reading[3:]
        ]
        if sum(row.exact + row.declared for row in mine) < _ENOUGH:
            return _Known(("operation_unrecorded",))
        lost = tuple(dict.fromkeys(path for row in mine for path in row.lost))
        suspect = frozenset(feature for row in mine for feature in row.suspect)
        if EVERY in suspect:
            return _Known(("differences_recorded",), lost)
        own = frozenset(feature for row in mine for feature in row.carried)
        proven = self._pools.proven(reading.dialect, reading.api, reading.source)
        whole = apart(reading.dialect, reading.scope)
        return _Known((), lost, proven | own, whole | own, suspect)


@functools.cache
def packaged() -> Evidence:
    """Return the evidence that this release brings along."""
    folder = resources.files(__package__).joinpath("tables")
    decoder = msgspec.json.Decoder(DialectEvidence)
    names = sorted(f.name for f in folder.iterdir() if f.name.endswith(".json"))
    return Evidence(decoder.decode(folder.joinpath(n).read_bytes()) for n in names)
