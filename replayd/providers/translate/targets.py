"""Capabilities of each API for messages and tools, and its names for them."""

from msgspec import Struct


class Target(Struct, frozen=True, kw_only=True):
    """Capabilities of an API beyond user text."""

    system_first: bool  # system prompts stand apart, before everything else
    calls_last: bool  # in a turn, tool calls stand apart, after its text
    names_results: bool = False  # a tool's result carries the tool's name
    object_arguments: bool = False  # a tool's arguments are an object, not text
    needs_parameters: bool = False  # a tool without a schema is refused
    strict_tools: bool = True  # a tool can be marked strict
    result_media: frozenset[str] = frozenset()  # kinds inside a tool's result
    assistant_media: bool = False
    id_form: str = r"[\s\S]+"
    new_id: str = "call_snaptrace_{}"  # for a call whose own id is not taken
    developers: bool = False  # tells a developer's prompt from the system's
    failed_results: bool = False  # a tool's result can be marked as an error
    one_result_text: bool = False  # several would run into one
    alternates: bool = False  # neighbouring turns of one role are refused


TARGETS: dict[str, Target] = {
    "openai_chat": Target(system_first=False, calls_last=True, developers=True),
    "openai_responses": Target(
        system_first=False,
        calls_last=True,
        needs_parameters=True,
        result_media=frozenset({"image", "document"}),
        id_form=r"[\s\S]{1,64}",
        developers=True,
    ),
    "anthropic_messages": Target(
        system_first=True,
        calls_last=False,
        object_arguments=True,
        needs_parameters=True,
        result_media=frozenset({"image", "document"}),
        id_form=r"[a-zA-Z0-9_-]+",
        failed_results=True,
    ),
    "gemini_generate_content": Target(
        system_first=True,
        calls_last=False,
        names_results=True,
        one_result_text=True,
        object_arguments=True,
        strict_tools=False,
        assistant_media=True,
    ),
    "mistral_chat": Target(
        system_first=False,
        calls_last=True,
        needs_parameters=True,
        id_form=r"[a-zA-Z0-9]{9}",
        new_id="snapt{:04d}",
    ),
    "cohere_chat": Target(
        system_first=False,
        calls_last=True,
        needs_parameters=True,
        strict_tools=False,
    ),
    "ollama_chat": Target(
        system_first=False,
        calls_last=True,
        names_results=True,
        one_result_text=True,
        object_arguments=True,
        needs_parameters=True,
        strict_tools=False,
    ),
    "bedrock_converse": Target(
        system_first=True,
        calls_last=False,
        object_arguments=True,
        needs_parameters=True,
        result_media=frozenset({"image", "document", "video"}),
        id_form=r"[a-zA-Z0-9_.:-]{1,64}",
        failed_results=True,
        alternates=True,
    ),
}
CONTENT = {
    "openai_chat": "messages",
    "openai_responses": "input",
    "anthropic_messages": "messages",
    "gemini_generate_content": "contents",
    "mistral_chat": "messages",
    "cohere_chat": "messages",
    "ollama_chat": "messages",
    "bedrock_converse": "messages",
}
REASONING = {
    "openai_chat": "messages.reasoning_content",
    "openai_responses": "input.reasoning",
    "anthropic_messages": "messages.content.thinking",
    "gemini_generate_content": "contents.parts.thought",
    "mistral_chat": "messages.content.thinking",
    "cohere_chat": "messages.content.thinking",
    "ollama_chat": "messages.thinking",
    "bedrock_converse": "messages.content.reasoningContent",
}
# The label of a document, under each API's own name.
LABELS = {
    "openai_chat": "filename",
    "openai_responses": "filename",
    "anthropic_messages": "title",
    "mistral_chat": "document_name",
    "bedrock_converse": "name",
}
NEEDS_LABEL = frozenset({"openai_chat", "openai_responses"})
TAKES_DETAIL = frozenset({"mistral_chat", "cohere_chat"})
SAYS_DETAIL = frozenset({"openai_chat", "openai_responses"})
CONVERSE_NAME = r"[a-zA-Z0-9\[\]()-]+(?: [a-zA-Z0-9\[\]()-]+)*"
AUDIO_FORMATS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}
