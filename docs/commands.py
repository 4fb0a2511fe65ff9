"""JSON Schema of what commands print with `--format json`.

`make docs` writes docs/specs/commands.json: one schema per command, from the Structs
that are encoded. Fields are only ever added. A test runs the commands and checks what
they print against it. `ls` and `results` print one such
object a line with `--format jsonl`, which is what `results` always does.
"""

import json
from typing import Any, Final

import msgspec
from msgspec import Struct

from replayd.http.gate_api import BudgetShown
from replayd.model import PairResult
from replayd.planning.cost import CostedPlan
from replayd.results.epoch_list import EpochShown
from replayd.results.pair_view import ResultHead, WorstPair
from replayd.verdicts.gate import GateAnswer
from replayd.verdicts.views import CanaryView
from snaptrace.cli.queries.listed import Listed, Shown
from snaptrace.snapshot.model import MediaRef


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
    "ls": list[Listed],
    "show": Shown,
}
# `results` prints the fields of both beside each other.
RESULT_LINE: Final = (ResultHead, PairResult)


def _known(kind: type) -> dict[str, Any]:
    """Return the schema of what JSON has no word for."""
    if kind is not MediaRef:
        raise NotImplementedError
    form = {"enum": ["base64", "data_url"]}
    return {
        "type": "object",
        "properties": {"$media": {"type": "integer"}, "form": form},
        "required": ["$media", "form"],
    }


def document() -> str:
    """Return the document as JSON text."""
    schemas, components = msgspec.json.schema_components(
        [*PRINTED.values(), *RESULT_LINE],
        schema_hook=_known,
        ref_template="#/$defs/{name}",
    )
    own, line = schemas[: len(PRINTED)], list(schemas[len(PRINTED) :])
    tree = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "snaptrace commands with --format json",
        "description": "One property per command; its schema is that of the output.",
        "type": "object",
        "properties": {
            **dict(zip(PRINTED, own, strict=True)),
            "results": {"type": "array", "items": {"allOf": line}},
        },
        "$defs": components,
    }
    return json.dumps(tree, indent=2) + "\n"
