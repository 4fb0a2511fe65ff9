"""Fields of the filter language: one row each, for parsing, help and completion."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct

from snaptrace.query.facts import Facts

Kind = Literal["word", "words", "number", "time", "text", "flag"]


class Field(Struct, frozen=True, kw_only=True):
    """One thing that a filter can ask for."""

    kind: Kind
    help: str
    read: Callable[[Facts], object]
    values: tuple[str, ...] = ()  # all there are, where the set is closed


RETRIED: Final = "retried"  # beside how it ended


def _one_of(
    text: str, read: Callable[[Facts], object], values: tuple[str, ...] = ()
) -> Field:
    return Field(kind="word", help=text, read=read, values=values)


FIELDS: Final[Mapping[str, Field]] = {
    "id": _one_of("snapshot id, or its beginning with *", lambda f: f.snapshot_id),
    "trace": _one_of("trace id", lambda f: f.trace_id),
    "time": Field(
        kind="time",
        help="end of the call: 2026-11-20, 7d (ago)",
        read=lambda f: f.at_ns,
    ),
    "service": _one_of("service.name", lambda f: f.service),
    "route": _one_of("named route, or bucket 00 to 31", lambda f: f.route),
    "model": _one_of("model asked for, else the answering one", lambda f: f.model),
    "modality": _one_of(
        "modality",
        lambda f: f.modality,
        ("text", "image", "audio", "video", "document", "mixed"),
    ),
    "operation": _one_of(
        "kind of call",
        lambda f: f.operation,
        (
            *("chat", "text_completion", "embeddings", "image_generation", "speech"),
            *("transcription", "moderation", "rerank", "other"),
        ),
    ),
    "outcome": _one_of(
        "how it ended; retried: the same request had failed before in its trace",
        lambda f: (f.outcome, RETRIED) if f.retried else f.outcome,
        ("answered", "refused", "truncated", "filtered", "error", RETRIED),
    ),
    "fidelity": _one_of(
        "how faithfully the request is known",
        lambda f: f.fidelity,
        ("exact", "as_observed", "lossy", "unverified", "unreplayable"),
    ),
    "api": _one_of("API of the request", lambda f: f.api),
    "provider": _one_of("gen_ai.provider.name", lambda f: f.provider),
    "dialect": _one_of("dialect that recognised it", lambda f: f.dialect),
    "language": _one_of("language of the newest turn", lambda f: f.language or "en"),
    "tool": Field(
        kind="words", help="name of a tool that was called", read=lambda f: f.tools
    ),
    "media": Field(
        kind="words",
        help="kind of a medium that it carries",
        read=lambda f: f.media,
        values=("image", "audio", "video", "document"),
    ),
    "stratum": Field(
        kind="words", help="quota stratum, as tools", read=lambda f: f.strata
    ),
    "turn": Field(kind="number", help="user turns so far", read=lambda f: f.turn),
    "input_tokens": Field(
        kind="number", help="tokens asked", read=lambda f: f.input_tokens
    ),
    "output_tokens": Field(
        kind="number", help="tokens answered", read=lambda f: f.output_tokens
    ),
    "probability": Field(
        kind="number", help="inclusion probability", read=lambda _: None
    ),
    "uniform": Field(
        kind="flag",
        help="in the equal-probability sample",
        read=lambda _: None,
        values=("yes", "no"),
    ),
    "text": Field(
        kind="text",
        help="words of the newest turn or the answer, as text~'total of'",
        read=lambda _: None,
    ),
}
ATTRIBUTE: Final = "attribute."  # attribute.<name>: one that the operator kept


def help_rows() -> list[tuple[str, str]]:
    """Return each field with its meaning, for a person."""
    rows = [(name, field.help, field.values) for name, field in FIELDS.items()]
    rows.append((f"{ATTRIBUTE}NAME", "an attribute that the operator kept", ()))
    return [
        (name, text + (f": {', '.join(values)}" if values else ""))
        for name, text, values in rows
    ]


def completions(term: str) -> list[str]:
    """Return what a term that is being typed may become."""
    name, operator, value = _split(term)
    if not operator:
        return [f"{each}=" for each in (*FIELDS, ATTRIBUTE) if each.startswith(name)]
    field = FIELDS.get(name)
    offered = field.values if field is not None else ()
    return [f"{name}{operator}{each}" for each in offered if each.startswith(value)]


def _split(term: str) -> tuple[str, str, str]:
    for operator in ("!=", ">=", "<=", "=", "~", ">", "<"):
        name, found, value = term.partition(operator)
        if found:
            return name, operator, value
    return term, "", ""
