"""Model APIs that replays can be sent to: one file each, one row in `PROVIDERS`."""

from replayd.providers.anthropic_messages import AnthropicMessages
from replayd.providers.bedrock_converse import BedrockConverse
from replayd.providers.bedrock_invoke import BedrockInvoke
from replayd.providers.cohere_chat import CohereChat
from replayd.providers.contract import Provider
from replayd.providers.gemini_generate_content import GeminiGenerateContent
from replayd.providers.mistral_chat import MistralChat
from replayd.providers.ollama import OllamaChat, OllamaGenerate
from replayd.providers.openai_chat import OpenAiChat
from replayd.providers.openai_completions import OpenAiCompletions
from replayd.providers.openai_embeddings import OpenAiEmbeddings
from replayd.providers.openai_image_generation import OpenAiImageGeneration
from replayd.providers.openai_responses import OpenAiResponses
from replayd.providers.openai_speech import OpenAiSpeech
from replayd.providers.openai_transcription import OpenAiTranscription

_ROWS: tuple[Provider, ...] = (
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
    OpenAiCompletions(),
    OpenAiEmbeddings(),
    OpenAiTranscription(),
    OpenAiSpeech(),
    OpenAiImageGeneration(),
)
PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in _ROWS}
