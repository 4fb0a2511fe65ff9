"""JSON Schema of what commands print with `--format json`.

`make docs` writes docs/specs/commands.json: one schema per command, from the Structs
that are encoded. Fields are only ever added. A test runs the commands and checks what
they print against it. `ls`, `show` and `results` print records of the store, whose
fields docs/format describes.
"""

import json
from typing import Any, Final

import msgspec
from msgspec import Struct

from replayd.http.gate_api import BudgetShown
from replayd.planning.cost import CostedPlan
from replayd.results.epoch_list import EpochShown
from replayd.results.pair_view import WorstPair
from replayd.verdicts.gate import GateAnswer
from replayd.verdicts.views import CanaryView


class GatePrinted(Struct, frozen=True):
    """Output of `gate --format json`: the verdicts, and what they come to."""

    canaries: dict[str, CanaryView]
    gate: GateAnswer


PRINTED: Final[dict[str, Any]] = {
    "gate": GatePrinted,
    "plan": dict[str, list[CostedPlan]],
    "budget": BudgetShown,
    "epochs": list[EpochShown],
    "worst": list[WorstPair],
}


def document() -> str:
    """Return the document as JSON text."""
    schemas, components = msgspec.json.schema_components(
        list(PRINTED.values()), ref_template="#/$defs/{name}"
    )
    tree = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "snaptrace commands with --format json",
        "description": "One property per command; its schema is that of the output.",
        "type": "object",
        "properties": dict(zip(PRINTED, schemas, strict=True)),
        "$defs": components,
    }
    return json.dumps(tree, indent=2) + "\n"
