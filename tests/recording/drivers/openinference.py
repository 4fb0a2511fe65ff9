"""OpenInference's instrumentations."""

from recording.drivers.contract import Driver, instrumentor

_WHOLE = {"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH": "100000000"}


def _row(client: str, package: str, *installed: str) -> Driver:
    module = "openinference.instrumentation." + package.replace("-", "_")
    recorded = f"openinference-instrumentation-{package}"
    on = instrumentor(module, logs=False)
    return Driver(client, (*installed, recorded), on, _WHOLE)


_LLAMA = ("llama-index-core", "llama-index-llms-openai", "llama-index-llms-anthropic")
_CHAIN = ("langchain", "langchain-openai", "langchain-anthropic")
DRIVERS = {
    "openinference_openai": _row("openai", "openai", "openai"),
    "openinference_anthropic": _row("anthropic", "anthropic", "anthropic"),
    "openinference_google": _row("google", "google-genai", "google-genai"),
    "openinference_groq": _row("groq", "groq", "groq"),
    "openinference_mistral": _row("mistral", "mistralai", "mistralai"),
    "openinference_bedrock": _row("bedrock", "bedrock", "boto3"),
    "openinference_llama_index": _row("llama_index", "llama-index", *_LLAMA),
    "openinference_langchain": _row("langchain", "langchain", *_CHAIN),
    "openinference_dspy": _row("dspy", "dspy", "dspy"),
    "openinference_autogen": _row(
        "autogen", "autogen-agentchat", "autogen-agentchat", "autogen-ext[openai]"
    ),
    "openinference_vertexai": _row(
        "vertexai", "vertexai", "google-cloud-aiplatform<1.140"
    ),
}
