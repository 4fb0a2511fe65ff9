"""Calls as tables of other libraries, imported when asked for.

A row a call. Messages and the answer's tool calls stand as JSON text, so that the
columns are the same for every API; media as lists of kind, type and bytes.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from snaptrace.reader.call import Call
from snaptrace.snapshot.model import MediaRef

if TYPE_CHECKING:
    import datasets
    import pandas as pd
    import pyarrow as pa


class MissingExtraError(ImportError):
    """A library of an optional extra is not installed."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"pip install 'snaptrace[{extra}]'")


def row_of(call: Call) -> dict[str, Any]:
    """Return one call as plain values, the columns of every table."""
    snapshot, answer = call.snapshot, call.answer
    return {
        "snapshot_id": snapshot.snapshot_id,
        "trace_id": snapshot.trace_id,
        "span_id": snapshot.span_id,
        "recorded_at_ns": snapshot.ended_at_ns or snapshot.arrived_at_ns,
        "service": snapshot.service,
        "route": snapshot.route,
        "model": snapshot.request.model or answer.model,
        "modality": snapshot.modality,
        "operation": snapshot.operation,
        "outcome": answer.outcome,
        "fidelity": snapshot.fidelity.level,
        "probability": call.probability,
        "weight": call.weight,
        "uniform": call.uniform,
        "question": call.question,
        "messages": _json(call.messages),
        "answer": answer.text or answer.refusal,
        "tool_calls": _json(answer.tool_calls),
        "input_tokens": answer.usage.input_tokens,
        "output_tokens": answer.usage.output_tokens,
        "attributes": _json(snapshot.attributes),
        "media": [
            {"kind": blob.kind, "mime": blob.mime, "bytes": blob.data}
            for blob in call.media
        ],
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value, enc_hook=_hook).decode()


def _hook(value: object) -> object:
    if isinstance(value, MediaRef):
        return {"$media": value.index, "form": value.form}
    return str(value)


def schema() -> "pa.Schema":
    """Return the columns with their types."""
    arrow = _arrow()
    text, whole, real = arrow.string(), arrow.int64(), arrow.float64()
    medium = arrow.struct([("kind", text), ("mime", text), ("bytes", arrow.binary())])
    kinds = {
        "recorded_at_ns": whole,
        "probability": real,
        "weight": real,
        "uniform": arrow.bool_(),
        "input_tokens": whole,
        "output_tokens": whole,
        "media": arrow.list_(medium),
    }
    return arrow.schema([(name, kinds.get(name, text)) for name in COLUMNS])


COLUMNS = (
    *("snapshot_id", "trace_id", "span_id", "recorded_at_ns", "service", "route"),
    *("model", "modality", "operation", "outcome", "fidelity", "probability"),
    *("weight", "uniform", "question", "messages", "answer", "tool_calls"),
    *("input_tokens", "output_tokens", "attributes", "media"),
)
ROWS_AT_ONCE = 1_000  # of a record batch


def to_arrow(calls: Iterable[Call]) -> "pa.Table":
    """Return calls as an Arrow table.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    arrow, columns = _arrow(), schema()
    batches = [
        arrow.RecordBatch.from_pylist(rows, schema=columns) for rows in _batches(calls)
    ]
    return arrow.Table.from_batches(batches, schema=columns)


def _batches(calls: Iterable[Call]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for call in calls:
        rows.append(row_of(call))
        if len(rows) == ROWS_AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


class ParquetFile:
    """A Parquet file that is written a batch at a time; use it as a context."""

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow.parquet as pq  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise MissingExtraError("tables") from None
        self._schema = schema()
        self._writer = pq.ParquetWriter(path, self._schema)
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, call: Call) -> None:
        """Add one call."""
        self._rows.append(row_of(call))
        if len(self._rows) == ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            table = _arrow().Table.from_pylist(self._rows, schema=self._schema)
            self._writer.write_table(table)
            self._rows = []


def to_pandas(calls: Iterable[Call]) -> "pd.DataFrame":
    """Return calls as a data frame.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise MissingExtraError("tables") from None
    return pd.DataFrame([row_of(call) for call in calls], columns=list(COLUMNS))


def to_datasets(calls: Iterable[Call]) -> "datasets.Dataset":
    """Return calls as a Hugging Face dataset.

    Raises:
        MissingExtraError: datasets is not installed.
    """
    try:
        import datasets  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise MissingExtraError("datasets") from None
    return datasets.Dataset(to_arrow(calls))


def _arrow() -> Any:  # noqa: ANN401 - the module
    try:
        import pyarrow as pa  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise MissingExtraError("tables") from None
    return pa
