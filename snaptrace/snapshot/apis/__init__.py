"""The shapes of model APIs: one file each, one row each in `APIS`."""

from snaptrace.snapshot.apis import openai_single
from snaptrace.snapshot.apis.anthropic_messages import AnthropicMessages
from snaptrace.snapshot.apis.bedrock_converse import BedrockConverse
from snaptrace.snapshot.apis.bedrock_invoke import BedrockInvoke
from snaptrace.snapshot.apis.cohere_chat import CohereChat
from snaptrace.snapshot.apis.contract import Api, UnmappableError
from snaptrace.snapshot.apis.gemini_generate_content import GeminiGenerateContent
from snaptrace.snapshot.apis.mistral_chat import MistralChat
from snaptrace.snapshot.apis.ollama import OllamaChat, OllamaGenerate
from snaptrace.snapshot.apis.openai_chat import OpenAiChat
from snaptrace.snapshot.apis.openai_responses import OpenAiResponses

__all__ = ["APIS", "Api", "UnmappableError"]

_ROWS: tuple[Api, ...] = (
    OpenAiChat(),
    OpenAiResponses(),
    AnthropicMessages(),
    GeminiGenerateContent(),
    BedrockConverse(),
    BedrockInvoke(),
    CohereChat(),
    OllamaChat(),
    OllamaGenerate(),
    MistralChat(),
    openai_single.EMBEDDINGS,
    openai_single.COMPLETIONS,
    openai_single.IMAGE_GENERATION,
    openai_single.SPEECH,
    openai_single.TRANSCRIPTION,
    openai_single.MODERATION,
)
APIS: dict[str, Api] = {api.name: api for api in _ROWS}
