"""The conventions: one file each, one row each in `DIALECTS`; the first that claims."""

from collections.abc import Callable

from collector.dialects import litellm, vercel
from collector.dialects.adk import GoogleAdk
from collector.dialects.contract import Candidate, Dialect
from collector.dialects.haystack import Haystack
from collector.dialects.langfuse import Langfuse
from collector.dialects.langsmith import LangSmith
from collector.dialects.logfire import Logfire
from collector.dialects.mlflow import MlFlow
from collector.dialects.openinference import OpenInference
from collector.dialects.otel_genai import OtelGenAi
from collector.dialects.pydantic_ai import PydanticAi
from collector.dialects.traceloop import Traceloop
from collector.dialects.vercel import VercelAi

__all__ = ["DIALECTS", "FINISHERS", "Candidate", "Dialect"]

# Order matters: a record that speaks two conventions is read by the richer one.
DIALECTS: tuple[Dialect, ...] = (
    OpenInference(),
    Langfuse(),
    MlFlow(),
    LangSmith(),
    VercelAi(),
    litellm.LiteLlm(),
    PydanticAi(),
    Logfire(),
    GoogleAdk(),
    Haystack(),
    Traceloop(),
    OtelGenAi(),
)

# The last word of a dialect on its call, once all records of it are joined.
FINISHERS: dict[str, Callable[[Candidate], None]] = {
    "vercel_ai": vercel.finish,
    "litellm": litellm.finish,
}
