"""OpenAPI 3.1 document of replayd's HTTP API, from its routes and their types.

`make docs` writes docs/specs/openapi.json. Bodies come from the Structs that the
handlers encode; routes, from `GateApi.routes`; what a status means, from here. A test
asks the real handlers and checks every answer against this document.
"""

import inspect
import json
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from replayd.http.gate_api import BudgetShown, GateApi, PlansShown, RevisionBody
from replayd.http.page.pairs import MOST_ROWS, PairLists, PairsShown
from replayd.model import STREAMS
from replayd.results.pair_filter import CHANGES, ORDERS, PairFilter
from replayd.verdicts.gate import EXIT_CODES, GateAnswer
from replayd.verdicts.views import Verdicts
from snaptrace import VERSION
from snaptrace.runtime.clock import SystemClock


class Error(Struct, frozen=True):
    """A request that was not accepted, and why."""

    error: str


class Declared(Struct, frozen=True):
    """The revision that is judged from now on."""

    canary: str
    revision: str


_BODIES = (
    *(Verdicts, GateAnswer, PlansShown, BudgetShown, RevisionBody, Declared, Error),
    PairsShown,
)
# The inspection page's own address: it may be open to fewer people.
PAGE = "http://127.0.0.1:9466"
PAIRS = "/api/v1/pairs/{canary}"
_REVISION = (
    "revision",
    {"type": "string"},
    "The revision that must be the judged one.",
)
_AGE = ("max_age", {"type": "number"}, "Oldest acceptable verdict, in seconds.")
_WANT = (
    "want",
    {"enum": [state for state in EXIT_CODES if state != "unknown"], "default": "pass"},
    "The state that is answered by 200.",
)
_STATUS = {
    "200": (GateAnswer, "The state is the wanted one."),
    "400": (Error, "A parameter makes no sense."),
    "409": (GateAnswer, "The state is another one."),
    "425": (GateAnswer, "Undecided: ask again later."),
    "503": (GateAnswer, "Unknown: nothing was judged, or not by this revision."),
}
_CLOSED = {"change": CHANGES[1:], "stream": STREAMS, "order": ORDERS}
_FILTER = tuple(
    (
        name,
        {"enum": list(_CLOSED[name])}
        if name in _CLOSED
        else {"type": "integer" if name in {"since", "until"} else "string"},
        "As described in docs/page.md.",
    )
    for name in PairFilter.__struct_fields__
)
_PAGED = (
    ("epoch", {"type": "string"}, "An earlier epoch; the newest if not given."),
    ("page", {"type": "integer", "minimum": 1}, "From 1."),
    ("limit", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS}, "Pairs a page."),
)
# By handler: query parameters, and body and meaning of each status.
_ANSWERS: dict[str, tuple[tuple[Any, ...], dict[str, tuple[Any, str]]]] = {
    "verdicts": (
        (),
        {
            "200": (Verdicts, "All canaries."),
            "503": (None, "No verdict has been computed yet."),
        },
    ),
    "gate": (
        (_REVISION, _AGE),
        {
            "200": (GateAnswer, "The answer; 200 does not mean pass: read `state`."),
            "400": (Error, "A parameter makes no sense."),
        },
    ),
    "status": ((_WANT, _REVISION, _AGE), _STATUS),
    "plan": ((), {"200": (PlansShown, "Pairs, hours and money, by canary.")}),
    "budget": ((), {"200": (BudgetShown, "Each limit, its use, and its reset.")}),
    "as_json": (
        (*_FILTER, *_PAGED),
        {
            "200": (PairsShown, "The pairs that meet the filter."),
            "400": (Error, "A field of the filter makes no sense."),
            "404": (None, "No such canary or epoch."),
            "503": (Error, "The results cannot be read."),
        },
    ),
    "put_canary": (
        (),
        {
            "200": (Declared, "A new epoch begins."),
            "400": (Error, "The body names no revision."),
            "403": (Error, "Without a token, only this machine may declare."),
            "404": (Error, "There is no canary of that name."),
            "413": (Error, "The body is too large."),
        },
    ),
}


def document() -> str:
    """Return the document as JSON text."""
    schemas, components = msgspec.json.schema_components(
        _BODIES, ref_template="#/components/schemas/{name}"
    )
    references = dict(zip(_BODIES, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route, handler in (
        GateApi(lambda: None, SystemClock(), _declare).routes().items()
    ):
        method, _, path = route.partition(" ")
        operation = _operation(method, path, handler, references)
        paths.setdefault(path, {})[method.lower()] = operation
    listed = _operation("GET", PAIRS, PairLists.as_json, references)
    paths[PAIRS] = {"get": {**listed, "servers": [{"url": PAGE}]}}
    tree = {
        "openapi": "3.1.0",
        "info": {
            "title": "snaptrace replayd",
            "version": VERSION,
            "description": "Verdicts and gates. Answers never hold content of calls.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:9465"}],
        "security": [{}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def _operation(
    method: str,
    path: str,
    handler: Callable[..., object],
    references: dict[Any, Any],
) -> dict[str, Any]:
    name = handler.__name__
    query, answers = _ANSWERS[name]
    parameters = [
        {
            "name": asked,
            "in": "query",
            "schema": schema,
            "description": text,
        }
        for asked, schema, text in query
    ]
    if "{canary}" in path:
        where = {"name": "canary", "in": "path", "required": True}
        parameters.insert(0, {**where, "schema": {"type": "string"}})
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}_{name}",
        "summary": (inspect.getdoc(handler) or "").partition("\n")[0],
        "parameters": parameters,
        "responses": {
            **{s: _response(body, t, references) for s, (body, t) in answers.items()},
            "401": {"description": "A token is configured and was not given."},
        },
    }
    if method == "PUT":
        content = {"application/json": {"schema": references[RevisionBody]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _response(body: Any, text: str, references: dict[Any, Any]) -> dict[str, Any]:  # noqa: ANN401
    if body is None:
        return {"description": text}
    content = {"application/json": {"schema": references[body]}}
    return {"description": text, "content": content}


async def _declare(_canary: str, _revision: str) -> None:
    """Stand in for the engine: nothing is declared while pages are written."""
