"""The conventions: one file each, one row each in `DIALECTS`; the first that claims."""

from collections.abc import Callable

from collector.recognise.dialects import litellm, pydantic_ai
from collector.recognise.dialects.adk import GoogleAdk
from collector.recognise.dialects.agentops import AgentOps
from collector.recognise.dialects.capture import Capture
from collector.recognise.dialects.contract import Candidate, Dialect
from collector.recognise.dialects.haystack import Haystack
from collector.recognise.dialects.langfuse import Langfuse
from collector.recognise.dialects.langsmith import LangSmith
from collector.recognise.dialects.llama_index import LlamaIndex
from collector.recognise.dialects.logfire import Logfire
from collector.recognise.dialects.mlflow import MlFlow
from collector.recognise.dialects.openinference import OpenInference
from collector.recognise.dialects.openlit import OpenLit
from collector.recognise.dialects.otel_genai import OtelGenAi
from collector.recognise.dialects.readers.bodies import vercel_schema
from collector.recognise.dialects.traceloop import Traceloop
from collector.recognise.dialects.vercel import VercelAi

__all__ = ["DIALECTS", "FINISHERS", "Candidate", "Dialect"]

# Order matters: a record that speaks two conventions is read by the richer one.
DIALECTS: tuple[Dialect, ...] = (
    Capture(),
    pydantic_ai.PydanticAi(),
    litellm.LiteLlm(),
    OpenInference(),
    OpenLit(),
    AgentOps(),
    Langfuse(),
    MlFlow(),
    LangSmith(),
    VercelAi(),
    Logfire(),
    GoogleAdk(),
    Haystack(),
    LlamaIndex(),
    Traceloop(),
    OtelGenAi(),
)

# The last word of a dialect on its call, once all records of it are joined.
FINISHERS: dict[str, Callable[[Candidate], None]] = {
    "vercel_ai": vercel_schema.finish,
    "litellm": litellm.finish,
    "pydantic_ai": pydantic_ai.finish,
}
