"""Every shape that outlives a process: field names, order, tags and encoded bytes.

Renaming a class is free; renaming, moving or retyping a stored field is a new format.
"""

import json
import os
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from collector.sealing.journal import JournalCall
from replayd.adjudication.decisions import Decision
from replayd.adjudication.opinions import Opinion
from replayd.drills.certificate import Certificate
from replayd.drills.share import ShareState
from replayd.ledger.lease import Holding
from replayd.ledger.ledger import AnswerRun, Checkpoint, Early, Term, Wave
from replayd.model import Block, Epoch, JudgedPair, ResultRun
from replayd.services.verdict_publisher import Published
from replayd.watch.state import WatchState
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import Pin, ReservoirState, SegmentHeader
from snaptrace.store.data_keys import WrappedKeys
from snaptrace.store.hour_index import Catalogue

GOLDEN = Path(__file__).parents[1] / "golden" / "stored_shapes.json"

STORED = {
    "adjudication decision": Decision,
    "answers/": AnswerRun,
    "catalogue/": Catalogue,
    "checkpoint": Checkpoint,
    "drill certificate": Certificate,
    "drill share": ShareState,
    "encryption keys": WrappedKeys,
    "epoch": Epoch,
    "journal call": JournalCall,
    "journal reservoir": ReservoirState,
    "lease": Holding,
    "ledger early": Early,
    "ledger judged": JudgedPair,
    "ledger term": Term,
    "ledger wave": Wave,
    "opinion": Opinion,
    "pin": Pin,
    "plan block": Block,
    "published verdicts": Published,
    "results/": ResultRun,
    "segment header": SegmentHeader,
    "snapshot": Snapshot,
    "watch state": WatchState,
}


def shape(kind, seen=()):
    """Describe a type by what reaches the bytes: no class names."""
    if isinstance(kind, inspect.StructType):
        if kind.cls in seen:
            return "recursive"
        seen = (*seen, kind.cls)
        return {
            "as": "array" if kind.array_like else "map",
            **({"tag": [kind.tag_field, kind.tag]} if kind.tag is not None else {}),
            "fields": [
                [f.encode_name, "required" if f.required else "", shape(f.type, seen)]
                for f in kind.fields
            ],
        }
    if isinstance(kind, inspect.UnionType):
        return [shape(t, seen) for t in kind.types]
    if isinstance(kind, inspect.DictType):
        return {"map of": [shape(kind.key_type, seen), shape(kind.value_type, seen)]}
    if isinstance(kind, inspect.CollectionType):
        return {"list of": shape(kind.item_type, seen)}
    if isinstance(kind, inspect.TupleType):
        return {"tuple of": [shape(t, seen) for t in kind.item_types]}
    if isinstance(kind, inspect.LiteralType):
        return {"one of": sorted(map(str, kind.values))}
    if isinstance(kind, inspect.Metadata):
        return shape(kind.type, seen)
    return type(kind).__name__.removesuffix("Type").lower()


def stored_shapes():
    """Return the shapes by what they are stored as."""
    return {name: shape(inspect.type_info(cls)) for name, cls in STORED.items()}


def rendered(shapes):
    """Write one line per stored field, so that a difference names it."""
    lines = []
    for name, found in shapes.items():
        fields = ",\n  ".join(json.dumps(field) for field in found.pop("fields"))
        lines.append(f"{json.dumps(name)}: [{json.dumps(found)},\n  {fields}]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def test_stored_shapes_are_the_frozen_ones():
    """A store written yesterday could not be read, or not by yesterday's reader."""
    now = rendered(stored_shapes())
    if os.environ.get("SNAPTRACE_REWRITE_GOLDEN"):
        GOLDEN.write_text(now, encoding="utf-8")
    assert now == GOLDEN.read_text(encoding="utf-8")


def test_a_moved_field_would_be_seen():
    """The comparison above would pass whatever changed."""
    before = msgspec.defstruct("Stored", [("a", int), ("b", str)], array_like=True)
    after = msgspec.defstruct("Stored", [("b", str), ("a", int)], array_like=True)
    assert shape(inspect.type_info(before)) != shape(inspect.type_info(after))


@pytest.mark.parametrize("name", ["snapshot", "plan block", "lease"])
def test_a_rename_of_a_class_would_not(name):
    """Code could not be tidied without a new format."""
    assert STORED[name].__name__ not in json.dumps(stored_shapes()[name])
