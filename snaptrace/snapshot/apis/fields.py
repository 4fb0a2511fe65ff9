"""The request fields of each API, as leaf paths: what a fidelity record can name.

A path ends where the API's own schema ends: what lies below `tools.function.parameters`
or `metadata` is the caller's. Sources: the providers' API references as of 2026, and
for `EXTENSIONS` what servers that speak an API add to it.
"""

import functools

_CACHED = 512  # distinct questions: dialects ask a few each

_CHAT_TOOLS = (
    "tools.type",
    "tools.function.name",
    "tools.function.description",
    "tools.function.parameters",
    "tools.function.strict",
)
_CHAT_MESSAGES = (
    "messages.name",
    "messages.refusal",
    "messages.audio.id",
    "messages.reasoning_content",
    "messages.content.cache_control",
    "messages.content.image_url.detail",
    "messages.content.input_audio.format",
    "messages.content.file.filename",
)
_ANTHROPIC = (
    "model",
    "messages.content.cache_control",
    "messages.content.citations",
    "messages.content.title",
    "messages.content.context",
    "messages.content.is_error",
    "messages.content.signature",
    "messages.content.source.media_type",
    "system.cache_control",
    "cache_control",
    "container",
    "context_management",
    "max_tokens",
    "mcp_servers",
    "metadata.user_id",
    "output_config",
    "output_format",
    "service_tier",
    "stop_sequences",
    "temperature",
    "thinking.type",
    "thinking.budget_tokens",
    "thinking.display",
    "tool_choice.type",
    "tool_choice.name",
    "tool_choice.disable_parallel_tool_use",
    "tools.type",
    "tools.name",
    "tools.description",
    "tools.input_schema",
    "tools.cache_control",
    "tools.eager_input_streaming",
    "tools.strict",
    "top_k",
    "top_p",
)
_CONVERSE_CONTENT = (
    "messages.content.document.citations",
    "messages.content.document.context",
    "messages.content.document.format",
    "messages.content.document.name",
    "messages.content.image.format",
    "messages.content.toolResult.status",
    "system.cachePoint",
)
_CONVERSE_TOOLS = (
    "toolConfig.toolChoice",
    "toolConfig.tools.toolSpec.name",
    "toolConfig.tools.toolSpec.description",
    "toolConfig.tools.toolSpec.inputSchema",
    "toolConfig.tools.toolSpec.strict",
)
_OLLAMA_OPTIONS = tuple(
    f"options.{name}"
    for name in (
        "frequency_penalty",
        "min_p",
        "num_ctx",
        "num_keep",
        "num_predict",
        "presence_penalty",
        "repeat_last_n",
        "repeat_penalty",
        "seed",
        "stop",
        "temperature",
        "tfs_z",
        "top_k",
        "top_p",
        "typical_p",
    )
)
FIELDS: dict[str, tuple[str, ...]] = {
    "openai_chat": (
        "model",
        *_CHAT_MESSAGES,
        "audio.format",
        "audio.voice",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "metadata",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning_effort",
        "response_format.type",
        "response_format.json_schema.name",
        "response_format.json_schema.description",
        "response_format.json_schema.schema",
        "response_format.json_schema.strict",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "temperature",
        "tool_choice",
        *_CHAT_TOOLS,
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    ),
    "openai_responses": (
        "model",
        "input.id",
        "input.status",
        "input.name",
        "input.phase",
        "input.content.detail",
        "input.content.filename",
        "input.content.annotations",
        "input.encrypted_content",
        "background",
        "context_management",
        "conversation",
        "include",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning.effort",
        "reasoning.summary",
        "safety_identifier",
        "service_tier",
        "store",
        "temperature",
        "text.format.type",
        "text.format.name",
        "text.format.description",
        "text.format.schema",
        "text.format.strict",
        "text.verbosity",
        "tool_choice",
        "tools.type",
        "tools.name",
        "tools.description",
        "tools.parameters",
        "tools.strict",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    ),
    "anthropic_messages": _ANTHROPIC,
    "gemini_generate_content": (
        "model",
        "contents.parts.fileData.displayName",
        "contents.parts.thought",
        "contents.parts.thoughtSignature",
        "contents.parts.videoMetadata",
        "contents.parts.functionCall.id",
        "contents.parts.functionResponse.id",
        "cachedContent",
        "labels",
        "systemInstruction",
        "generationConfig.audioTimestamp",
        "generationConfig.candidateCount",
        "generationConfig.enableAffectiveDialog",
        "generationConfig.frequencyPenalty",
        "generationConfig.imageConfig",
        "generationConfig.logprobs",
        "generationConfig.maxOutputTokens",
        "generationConfig.mediaResolution",
        "generationConfig.presencePenalty",
        "generationConfig.responseJsonSchema",
        "generationConfig.responseLogprobs",
        "generationConfig.responseMimeType",
        "generationConfig.responseModalities",
        "generationConfig.responseSchema",
        "generationConfig.routingConfig",
        "generationConfig.seed",
        "generationConfig.speechConfig",
        "generationConfig.stopSequences",
        "generationConfig.temperature",
        "generationConfig.thinkingConfig",
        "generationConfig.topK",
        "generationConfig.topP",
        "safetySettings.category",
        "safetySettings.threshold",
        "safetySettings.method",
        "toolConfig.functionCallingConfig.mode",
        "toolConfig.functionCallingConfig.allowedFunctionNames",
        "toolConfig.retrievalConfig",
        "tools.functionDeclarations.name",
        "tools.functionDeclarations.description",
        "tools.functionDeclarations.parameters",
        "tools.functionDeclarations.parametersJsonSchema",
        "tools.functionDeclarations.response",
        "tools.codeExecution",
        "tools.googleSearch",
        "tools.urlContext",
    ),
    "bedrock_converse": (
        *_CONVERSE_CONTENT,
        "additionalModelRequestFields",
        "additionalModelResponseFieldPaths",
        "guardrailConfig",
        "inferenceConfig.maxTokens",
        "inferenceConfig.stopSequences",
        "inferenceConfig.temperature",
        "inferenceConfig.topP",
        "outputConfig",
        "performanceConfig",
        "promptVariables",
        "requestMetadata",
        "serviceTier",
        *_CONVERSE_TOOLS,
    ),
    # One list for the bodies of all families: Claude's, Nova's and Llama's.
    "bedrock_invoke": (
        *_ANTHROPIC,
        *_CONVERSE_CONTENT,
        "anthropic_beta",
        "anthropic_version",
        "inferenceConfig.maxTokens",
        "inferenceConfig.stopSequences",
        "inferenceConfig.temperature",
        "inferenceConfig.topK",
        "inferenceConfig.topP",
        "max_gen_len",
        "prompt",
        "schemaVersion",
        *_CONVERSE_TOOLS,
    ),
    "cohere_chat": (
        "model",
        "messages.content.image_url.detail",
        "messages.tool_plan",
        "messages.citations",
        "citation_options",
        "documents",
        "frequency_penalty",
        "k",
        "logprobs",
        "max_tokens",
        "p",
        "presence_penalty",
        "priority",
        "raw_prompting",
        "reasoning_effort",
        "response_format.type",
        "response_format.json_schema",
        "safety_mode",
        "seed",
        "stop_sequences",
        "strict_tools",
        "temperature",
        "thinking",
        "tool_choice",
        *_CHAT_TOOLS[:-1],
    ),
    "ollama_chat": (
        "model",
        "messages.thinking",
        "messages.tool_name",
        "format",
        "keep_alive",
        "logprobs",
        *_OLLAMA_OPTIONS,
        "think",
        *_CHAT_TOOLS[:-1],
        "top_logprobs",
    ),
    "ollama_generate": (
        "model",
        "prompt",
        "context",
        "format",
        "images",
        "keep_alive",
        "logprobs",
        *_OLLAMA_OPTIONS,
        "raw",
        "suffix",
        "system",
        "template",
        "think",
        "top_logprobs",
    ),
    "mistral_chat": (
        "model",
        "messages.name",
        "messages.prefix",
        "messages.content.image_url.detail",
        "messages.content.document_name",
        "frequency_penalty",
        "guardrails",
        "max_tokens",
        "metadata",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_mode",
        "random_seed",
        "reasoning_effort",
        "response_format.type",
        "response_format.json_schema.name",
        "response_format.json_schema.description",
        "response_format.json_schema.schema",
        "response_format.json_schema.strict",
        "safe_prompt",
        "stop",
        "temperature",
        "tool_choice",
        *_CHAT_TOOLS,
        "top_p",
    ),
    "openai_embeddings": ("model", "input", "dimensions", "encoding_format", "user"),
    "openai_completions": (
        "model",
        "best_of",
        "echo",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_tokens",
        "n",
        "presence_penalty",
        "prompt",
        "seed",
        "stop",
        "suffix",
        "temperature",
        "top_p",
        "user",
    ),
    "openai_image_generation": (
        "model",
        "prompt",
        "background",
        "input_fidelity",
        "moderation",
        "n",
        "output_compression",
        "output_format",
        "partial_images",
        "quality",
        "response_format",
        "size",
        "style",
        "user",
    ),
    "openai_speech": (
        "model",
        "input",
        "instructions",
        "response_format",
        "speed",
        "stream_format",
        "voice",
    ),
    "openai_transcription": (
        "model",
        "file",
        "chunking_strategy",
        "include",
        "language",
        "prompt",
        "response_format",
        "temperature",
        "timestamp_granularities",
    ),
    "openai_moderation": ("model", "input"),
}
# Beyond the provider's own reference: SDKs pass them in a side door (`extra_body`), so
# an instrumentation that records the SDK's arguments does not see them.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "openai_chat": (
        "add_generation_prompt",
        "bad_words",
        "best_of",
        "chat_template",
        "chat_template_kwargs",
        "enable_thinking",
        "extra_body",
        "guided_choice",
        "guided_grammar",
        "guided_json",
        "guided_regex",
        "ignore_eos",
        "include_reasoning",
        "length_penalty",
        "min_p",
        "min_tokens",
        "mm_processor_kwargs",
        "models",
        "plugins",
        "priority",
        "provider",
        "reasoning",
        "repetition_penalty",
        "route",
        "skip_special_tokens",
        "stop_token_ids",
        "structured_outputs",
        "thinking",
        "top_a",
        "top_k",
        "transforms",
    ),
    "openai_responses": (
        "chat_template_kwargs",
        "min_p",
        "repetition_penalty",
        "top_k",
    ),
    "anthropic_messages": (
        "betas",
        "chat_template_kwargs",
        "min_p",
        "repetition_penalty",
        "user",
    ),
    "gemini_generate_content": (),
    "openai_embeddings": ("input_type", "prompt", "truncate_prompt_tokens"),
    "openai_completions": ("guided_json", "min_p", "repetition_penalty", "top_k"),
    "openai_image_generation": ("guidance_scale", "negative_prompt", "seed", "steps"),
    "openai_speech": ("language", "seed"),
    "openai_transcription": ("hotwords", "vad_filter"),
    "openai_moderation": (),
    "bedrock_converse": (),
    "bedrock_invoke": (),
    "cohere_chat": (),
    "ollama_chat": (),
    "ollama_generate": (),
    "mistral_chat": (),
}


@functools.lru_cache(maxsize=_CACHED)
def expand(api: str, named: tuple[str, ...]) -> tuple[str, ...]:
    """Return the leaf paths that stand at or below the named ones, in catalogue order.

    `extra_body` stands for all of the API's extensions. A name that the catalogue does
    not know stands for itself.
    """
    known = FIELDS.get(api, ()) + EXTENSIONS.get(api, ())
    found: dict[str, None] = {}
    for name in named:
        if name == "extra_body":
            found |= dict.fromkeys(EXTENSIONS.get(api, ()))
            continue
        below = [path for path in known if path == name or path.startswith(f"{name}.")]
        found |= dict.fromkeys(below or (name,))
    return tuple(found)


@functools.lru_cache(maxsize=_CACHED)
def all_but(api: str, carried: tuple[str, ...]) -> tuple[str, ...]:
    """Return every field of an API that does not stand at or below a carried one."""
    return tuple(
        path
        for path in FIELDS.get(api, ()) + EXTENSIONS.get(api, ())
        if not any(path == name or path.startswith(f"{name}.") for name in carried)
    )


@functools.lru_cache(maxsize=_CACHED)
def partly_carried(api: str, named: tuple[str, ...]) -> frozenset[str]:
    """Return the top-level groups of which not every field is named."""
    groups: dict[str, set[str]] = {}
    for path in FIELDS.get(api, ()):
        groups.setdefault(path.partition(".")[0], set()).add(path)
    lost = set(named)
    return frozenset(root for root, paths in groups.items() if not paths <= lost)


# Where each API has what is no text in a message. An emitter that drops such parts
# leaves messages that look whole.
_MEDIA: dict[str, tuple[str, ...]] = {
    "openai_chat": (
        "messages.content.image_url",
        "messages.content.input_audio",
        "messages.content.file",
        "messages.content.video_url",
    ),
    "openai_responses": (
        "input.content.image_url",
        "input.content.detail",
        "input.content.file_id",
        "input.content.file_data",
        "input.content.file_url",
        "input.content.filename",
        "input.content.input_audio",
    ),
    "anthropic_messages": (
        "messages.content.source",
        "messages.content.title",
        "messages.content.context",
        "messages.content.citations",
        "messages.content.thinking",
        "messages.content.signature",
        "messages.content.content.source",
        "messages.content.content.type",
        "messages.content.is_error",
    ),
    "gemini_generate_content": ("contents.parts.inlineData", "contents.parts.fileData"),
    "bedrock_converse": (
        "messages.content.image",
        "messages.content.document",
        "messages.content.video",
        "messages.content.toolResult.content.json",
        "messages.content.toolResult.content.image",
        "messages.content.toolResult.content.document",
        "system.cachePoint",
        "messages.content.cachePoint",
    ),
    "bedrock_invoke": ("messages.content.source", "messages.content.image"),
    "cohere_chat": ("messages.content.image_url",),
    "mistral_chat": (
        "messages.content.image_url",
        "messages.content.document_url",
        "messages.content.input_audio",
    ),
    "ollama_chat": ("messages.images",),
    "ollama_generate": ("images",),
}
_TYPED = ("openai_chat", "openai_responses", "anthropic_messages", "cohere_chat")


@functools.lru_cache(maxsize=_CACHED)
def droppable_media(api: str) -> tuple[str, ...]:
    """Return the names, as `fidelity.unseen` takes them, of media that may be gone."""
    root = "input" if api == "openai_responses" else "messages"
    typed = (f"!!{root}.content.type",) if api in (*_TYPED, "mistral_chat") else ()
    return (*(f"!{path}" for path in _MEDIA.get(api, ())), *typed)


# Keys that a message of each API can have. Another one shows that the message is some
# framework's object, which was translated before it was sent.
_MESSAGE_KEYS: dict[str, frozenset[str]] = {
    "openai_chat": frozenset(
        {
            "role",
            "content",
            "name",
            "tool_calls",
            "tool_call_id",
            "refusal",
            "audio",
            "function_call",
            "annotations",
            "reasoning",
            "reasoning_content",
            "reasoning_details",
            "prefix",
            "cache_control",
            "provider_specific_fields",
            "thinking_blocks",
        }
    ),
    "anthropic_messages": frozenset({"role", "content"}),
}
_MESSAGE_KEYS["mistral_chat"] = _MESSAGE_KEYS["openai_chat"]
_MESSAGE_KEYS["cohere_chat"] = _MESSAGE_KEYS["openai_chat"] | {"tool_plan", "citations"}
_MESSAGE_KEYS["ollama_chat"] = frozenset(
    {"role", "content", "thinking", "images", "tool_calls", "tool_name"}
)


def foreign_keys(api: str, messages: list[object]) -> frozenset[str]:
    """Return keys of messages that the API does not know, where it says which."""
    known = _MESSAGE_KEYS.get(api)
    if known is None:
        return frozenset()
    return frozenset(
        key
        for message in messages
        if isinstance(message, dict)
        for key in message
        if key not in known
    )


def is_field(api: str, name: str) -> bool:
    """Tell a top-level name that the API's catalogue has."""
    return name in _roots(api)


@functools.lru_cache(maxsize=_CACHED)
def _roots(api: str) -> frozenset[str]:
    known = FIELDS.get(api, ()) + EXTENSIONS.get(api, ())
    return frozenset(path.partition(".")[0] for path in known)
