"""OpenAI embeddings and servers that speak it.

Source: OpenAI API reference, embeddings, as of 2026. An answer's text is the JSON
array of its vectors: a scorer reads them there, and a person can.
"""

import array
from http import HTTPStatus

import msgspec

from replayd.providers.contract import Reading
from replayd.providers.wire.faults import fault
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.model import Answer
from snaptrace.streams import usage
from snaptrace.streams.values import as_bytes, as_list, as_object, as_text, decoded

_FLOAT_BYTES = 4


class OpenAiEmbeddings(JsonPost):
    """See `contract.Provider`."""

    name = "openai_embeddings"

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response; every input has its vector, or the answer is malformed."""
        del headers
        if status != HTTPStatus.OK:
            return fault(status, body)
        found = decoded(body) or {}
        rows = [as_object(row) for row in as_list(found.get("data"))]
        vectors = [_vector(row.get("embedding")) for row in rows]
        if not vectors or not all(vectors):
            return Reading(outcome="malformed", detail="no_vector")
        model = as_text(found.get("model"))
        answer = Answer(
            text=msgspec.json.encode(vectors).decode(),
            model=model,
            usage=usage.of_openai(found.get("usage")),
        )
        return Reading(outcome="answered", answer=answer, served_model=model)


def _vector(value: object) -> list[float] | None:
    """Return the numbers, which come as an array or as base64 of little floats."""
    if isinstance(value, list):
        numbers = [x for x in value if isinstance(x, int | float)]
        return numbers if len(numbers) == len(value) else None
    data = as_bytes(value)
    if not data or len(data) % _FLOAT_BYTES:
        return None
    return list(array.array("f", data))
