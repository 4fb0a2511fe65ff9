"""The conventions: one file each, one row each in `DIALECTS`; the first that claims."""

from collector.dialects.contract import Candidate, Dialect
from collector.dialects.logfire import Logfire
from collector.dialects.openinference import OpenInference
from collector.dialects.otel_genai import OtelGenAi
from collector.dialects.pydantic_ai import PydanticAi
from collector.dialects.traceloop import Traceloop

__all__ = ["DIALECTS", "Candidate", "Dialect"]

# Order matters: a record that speaks two conventions is read by the richer one.
DIALECTS: tuple[Dialect, ...] = (
    OpenInference(),
    PydanticAi(),
    Logfire(),
    Traceloop(),
    OtelGenAi(),
)
