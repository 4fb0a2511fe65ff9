"""Clouds that serve others' models: where a request goes there, and how it differs.

Sources: Azure OpenAI REST reference, data plane; Vertex AI documentation, generative
models of Google and partner models of Anthropic; both as of 2026.
"""

from urllib.parse import quote

from msgspec import Struct

VERTEX_VERSION = "vertex-2023-10-16"  # Anthropic's, in the body
# APIs that each platform speaks; "" is the provider itself, or who speaks like it.
SPOKEN: dict[str, frozenset[str]] = {
    "aws": frozenset({"bedrock_converse", "bedrock_invoke"}),
    "azure": frozenset(
        {
            "openai_chat",
            "openai_responses",
            "openai_completions",
            "openai_embeddings",
            "openai_image_generation",
            "openai_speech",
            "openai_transcription",
        }
    ),
    "vertex": frozenset(
        {"gemini_generate_content", "anthropic_messages", "openai_chat"}
    ),
}


class Platform(Struct, frozen=True, kw_only=True):
    """Which one, and the version of its API where it wants one named."""

    name: str = ""  # a row of `SPOKEN`
    api_version: str = ""  # Azure's; without one it is the API without versions

    def path(self, api: str, path: str, model: str, *, stream: bool) -> str:
        """Return the path below the platform's base URL for the API's own `path`."""
        if self.name == "azure":
            return self._on_azure(api, path, model)
        if self.name == "vertex" and api == "gemini_generate_content":
            return f"/publishers/google{path}"
        if self.name == "vertex" and api == "anthropic_messages":
            verb = "streamRawPredict" if stream else "rawPredict"
            return f"/publishers/anthropic/models/{quote(model, safe='@')}:{verb}"
        if self.name == "vertex":
            return f"/endpoints/openapi{path}"
        return path

    def _on_azure(self, api: str, path: str, model: str) -> str:
        if not self.api_version:
            return f"/openai/v1{path}"
        version = f"?api-version={quote(self.api_version, safe='')}"
        if api == "openai_responses":
            return f"/openai{path}{version}"
        return f"/openai/deployments/{quote(model, safe='')}{path}{version}"
