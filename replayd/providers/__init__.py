"""Model APIs that replays can be sent to: one file each, one row in `PROVIDERS`."""

from replayd.providers.anthropic_messages import AnthropicMessages
from replayd.providers.contract import Provider
from replayd.providers.gemini_generate_content import GeminiGenerateContent
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
    OpenAiCompletions(),
    OpenAiEmbeddings(),
    OpenAiTranscription(),
    OpenAiSpeech(),
    OpenAiImageGeneration(),
)
PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in _ROWS}
