"""Request fields of Amazon Bedrock: Converse, and InvokeModel for all families."""

from snaptrace.snapshot.apis.catalogue.anthropic import MESSAGES_FIELDS

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
FIELDS: dict[str, tuple[str, ...]] = {
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
        *MESSAGES_FIELDS,
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
}
