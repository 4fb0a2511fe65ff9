"""Which integration told a call, where one scope stands for many."""

import pytest
from fakes.records import record_of

from collector.recognise.dialects.readers.emitter import emitter_of

_MLFLOW = {"mlflow.spanInputs": "{}", "mlflow.message.format": '"openai"'}

_ADK, _ASKED = "gcp.vertex.agent", "gen_ai.request.model"
_CHAIN = "openinference.instrumentation.langchain"


@pytest.mark.parametrize(
    ("dialect", "name", "attributes", "scope", "expected"),
    [
        ("mlflow", "AsyncCompletions", _MLFLOW, "", "openai:Completions"),
        ("mlflow", "LM.__call__", {"mlflow.spanInputs": "{}"}, "", ":LM.__call__"),
        ("mlflow", "my own step", _MLFLOW, "", "openai:other"),
        ("mlflow", "chat m", {}, "", "translated"),
        ("langfuse", "OpenAI-generation", {}, "", "OpenAI-generation"),
        ("langfuse", "my answer", {}, "", "other"),
        ("langsmith", "x", {}, "", "other"),
        ("langsmith", "x", {"langsmith.metadata.ls_provider": "openai"}, "", "openai"),
        ("openinference", "ChatGroq", {"llm.provider": "groq"}, _CHAIN, "groq"),
        ("openinference", "AzureChatOpenAI", {}, _CHAIN, "AzureChatOpenAI"),
        ("openinference", "my own name", {}, _CHAIN, "other"),
        (
            "traceloop",
            "ChatGroq.chat",
            {"gen_ai.system": "Langchain"},
            _CHAIN,
            "ChatGroq",
        ),
        ("otel_genai", "x", {}, "lmnr.tracer", "other"),
        ("otel_genai", "x", {_ASKED: "openai/gpt-4o"}, _ADK, "litellm:openai"),
        ("otel_genai", "x", {_ASKED: "models/gemini-2.0-flash"}, _ADK, ""),
        ("otel_genai", "x", {_ASKED: "openai/gpt-4o"}, "some.client", ""),
        ("otel_genai", "x", {}, "some.library", ""),
    ],
)
def test_what_recordings_show_of_one_integration_is_not_another_s(
    dialect, name, attributes, scope, expected
):
    """A framework's calls would be believed for what the OpenAI client showed."""
    record = record_of(attributes, name=name, scope=scope)
    assert emitter_of(record, dialect) == expected
