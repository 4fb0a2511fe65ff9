"""Request parameters under names that belong to no API."""

from msgspec import Struct

from snaptrace.snapshot.conversation import Conversation
from snaptrace.snapshot.model import Json

Extra = dict[str, Json]

# Where each API has what another may be unable to say.
_OWN_NAMES: dict[str, dict[str, str]] = {
    "openai_chat": {
        "json_object": "response_format.type",
        "schema_description": "response_format.json_schema.description",
    },
    "openai_responses": {
        "json_object": "text.format.type",
        "schema_description": "text.format.description",
        "verbosity": "text.verbosity",
    },
    "anthropic_messages": {
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use"
    },
    "gemini_generate_content": {"json_object": "generationConfig.responseMimeType"},
    "mistral_chat": {
        "json_object": "response_format.type",
        "schema_description": "response_format.json_schema.description",
    },
    "cohere_chat": {"json_object": "response_format.type"},
    "ollama_chat": {"json_object": "format"},
    "bedrock_converse": {
        "schema_description": (
            "outputConfig.textFormat.structure.jsonSchema.description"
        ),
    },
}


class Asked(Struct, frozen=True, kw_only=True):
    """A conversation without extras, and what the extras asked for."""

    source: str  # API
    conversation: Conversation
    parallel_tool_calls: bool | None = None
    verbosity: str | None = None
    schema_strict: bool | None = None
    schema_description: str | None = None
    json_object: bool = False  # any JSON object, without a schema
    lost: tuple[str, ...] = ()  # paths that no other API can say

    def path(self, name: str) -> str:
        """Return where the recorded API has what a field here holds."""
        return _OWN_NAMES[self.source].get(name, name)


def stated(**values: Json) -> Extra:
    """Return what is not None."""
    return {name: value for name, value in values.items() if value is not None}
