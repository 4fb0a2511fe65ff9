"""Builds the evidence table from recordings.

`PYTHONPATH=tests:. python -m measure.evidence` writes `tables/` from the golden
recordings. What such a table is worth for others is measured by `measure.holdout`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from measure.compare import Verdict, filled, leaves, normal
from measure.recordings import golden
from measure.table import Line, believed, measure

from collector.call import Call
from collector.recognise.evidence.contract import DialectEvidence, Row
from collector.recognise.evidence.features import features
from collector.recognise.evidence.table import EVERY, Reading

TABLES = Path(__file__).parents[2] / "collector" / "recognise" / "evidence" / "tables"
_CONTENT = frozenset(
    {
        "contents",
        "input",
        "instructions",
        "messages",
        "prompt",
        "system",
        "systemInstruction",
    }
)
_RIGHT = ("exact", "declared", "overdeclared")


class Witness(NamedTuple):
    """What one recorded request showed."""

    variant: str
    reading: Reading
    outcome: str
    features: frozenset[str]
    lost: frozenset[str]  # leaf paths of the true request alone, that nobody named
    invented: frozenset[str]  # of ours alone
    changed: frozenset[str]
    suspect: frozenset[str] = frozenset()


def reading_of(call: Call) -> Reading:
    """Return the key of the evidence for a call."""
    snapshot = call.snapshot
    return Reading(
        snapshot.dialect,
        snapshot.scope,
        snapshot.scope_version,
        snapshot.operation,
        snapshot.request.api,
        call.source,
        call.emitter,
    )


def witnesses(lines: Iterable[Line]) -> list[Witness]:
    """Return what the lines show, of calls that were found."""
    found = []
    for line in lines:
        if line.call is None or line.verdict is None or line.truth is None:
            continue
        body = line.call.snapshot.request.body
        lost, invented, changed = _differences(line.verdict, line)
        silent = line.outcome == "silent"
        found.append(
            Witness(
                line.case.variant,
                reading_of(line.call),
                line.outcome,
                features(body),
                lost,
                invented,
                changed,
                suspects(line.call, line.truth.body) if silent else frozenset(),
            )
        )
    return found


def _differences(
    verdict: Verdict, line: Line
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    if verdict.outcome != "silent" or line.call is None or line.truth is None:
        return frozenset(), frozenset(), frozenset()
    ours, true = leaves(normal(filled(line.call))), leaves(normal(line.truth.body))
    unnamed = frozenset(verdict.undeclared)
    lost = unnamed - ours.keys()
    invented = unnamed - true.keys()
    return lost, invented, unnamed - lost - invented


def suspects(call: Call, truth: object) -> frozenset[str]:
    """Return the features of what differs in our body.

    `*` stands for differences that nothing in our body shows.
    """
    body = call.snapshot.request.body
    if not isinstance(body, dict) or not isinstance(truth, dict):
        return frozenset({EVERY})
    ours = filled(call)
    found: set[str] = set()
    for key in ours.keys() | truth.keys():
        mine, theirs = _items(key, ours.get(key)), _items(key, truth.get(key))
        odd, left = _unmatched(mine, theirs)
        for index, other in zip_longest(odd, left):
            if index is None:
                found.update({EVERY} if key in _CONTENT else ())
                continue
            raw = body.get(key)
            if isinstance(raw, list):
                found |= _within(key, raw[index], mine[index], other)
            else:
                found |= features({key: raw})
    # What the whole body does not show cannot tell such a body from a right one.
    all_of_it = features(body)
    if EVERY in found:
        # A turn that is gone leaves others side by side that were not, if anything.
        seams = {f for f in all_of_it - features(truth) if ">" in f}
        found = (found - {EVERY}) | seams if seams else found
    shown = found & (all_of_it | {EVERY})
    return frozenset(shown or {EVERY})


def _items(key: str, value: object) -> list[Any]:
    items = value if isinstance(value, list) else [value]
    every = [normal({key: [item]}).get(key, [None])[0] for item in items]
    return every if isinstance(value, list) else [one for one in every if one]


def _unmatched(mine: list[Any], theirs: list[Any]) -> tuple[list[int], list[Any]]:
    """Return the indices of ours and the items of theirs that have no equal."""
    left = list(theirs)
    odd = []
    for index, item in enumerate(mine):
        if item in left:
            left.remove(item)
        else:
            odd.append(index)
    return odd, left


def _within(key: str, raw: Any, mine: Any, other: Any) -> set[str]:
    """Return the features of what differs in a turn: of its parts, where it has any."""
    parts = raw.get("content") if isinstance(raw, dict) else None
    if isinstance(parts, list) and isinstance(other, dict):
        theirs = other.get("content")
        if isinstance(theirs, list) and len(parts) == len(mine.get("content") or ()):
            odd, left = _unmatched(mine.get("content") or [], theirs)
            kept = {k: v for k, v in raw.items() if mine.get(k) != other.get(k)}
            kept["content"] = [parts[index] for index in odd]
            if len(left) <= len(odd):
                raw = {"role": raw.get("role"), **kept}
    return {f for f in features({key: [raw]}) if ">" not in f}


def tables(seen: Iterable[Witness]) -> list[DialectEvidence]:
    """Return the rows of what was seen, per dialect and in order."""
    groups: dict[Reading, list[Witness]] = defaultdict(list)
    for witness in seen:
        groups[witness.reading].append(witness)
    return by_dialect({r: row_of(r, group) for r, group in sorted(groups.items())})


def by_dialect(rows: Mapping[Reading, Row]) -> list[DialectEvidence]:
    """Return rows as tables, one per dialect."""
    found: dict[str, list[Row]] = defaultdict(list)
    for reading, row in rows.items():
        found[reading.dialect].append(row)
    return [DialectEvidence(dialect=d, rows=tuple(r)) for d, r in found.items()]


def row_of(reading: Reading, group: list[Witness]) -> Row:
    """Return what recordings that were read alike come to."""
    count = Counter(witness.outcome for witness in group)
    right = [w for w in group if w.outcome in _RIGHT]
    wrong = [w for w in group if w.outcome == "silent"]
    # A parameter that is lost alone can be named from now on; lost content cannot.
    nameable = [w for w in wrong if _only_parameters_lost(w)]
    damaged = [w for w in wrong if not _only_parameters_lost(w)]
    carried = frozenset[str]().union(*(w.features for w in right + nameable))
    lost = frozenset[str]().union(*(w.lost for w in wrong))
    return Row(
        scope=reading.scope,
        version=reading.version,
        operation=reading.operation,
        api=reading.api,
        source=reading.source,
        emitter=reading.emitter,
        requests=len(group),
        exact=count["exact"],
        declared=count["declared"] + count["overdeclared"] + len(nameable),
        refused=count["refused"],
        silent=len(damaged),
        variants=_sorted({w.variant for w in group}),
        carried=_sorted(carried),
        suspect=_sorted(frozenset[str]().union(*(w.suspect for w in damaged))),
        lost=_sorted(p for p in lost if p.partition(".")[0] not in _CONTENT),
        invented=_sorted(frozenset[str]().union(*(w.invented for w in wrong))),
        changed=_sorted(frozenset[str]().union(*(w.changed for w in wrong))),
    )


def _only_parameters_lost(witness: Witness) -> bool:
    return (
        not witness.invented
        and not witness.changed
        and all(path.partition(".")[0] not in _CONTENT for path in witness.lost)
    )


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def render(table: DialectEvidence) -> bytes:
    """Return a table as it lies in the tree: a line per field, for a reviewer."""
    return msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"


def write(seen: Iterable[Witness]) -> None:
    """Replace the tables of the tree."""
    written = set()
    for one in tables(seen):
        path = TABLES / f"{one.dialect}.json"
        path.write_bytes(render(one))
        written.add(path)
    for path in set(TABLES.glob("*.json")) - written:
        path.unlink()


def main() -> None:
    """Write the tables of the tree."""
    write(witnesses(measure(golden(), believed)))


if __name__ == "__main__":
    main()
