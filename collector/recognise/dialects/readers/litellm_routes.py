"""The prefixes by which LiteLLM routes a model to a provider."""

# Prefixes by which LiteLLM routes; other slashes belong to a model's name.
LITELLM_PROVIDERS = frozenset(
    [
        "openai",
        "anthropic",
        "azure",
        "azure_ai",
        "bedrock",
        "cohere",
        "cohere_chat",
        "databricks",
        "deepseek",
        "fireworks_ai",
        "gemini",
        "groq",
        "hosted_vllm",
        "huggingface",
        "litellm_proxy",
        "lm_studio",
        "mistral",
        "nvidia_nim",
        "ollama",
        "ollama_chat",
        "openrouter",
        "perplexity",
        "replicate",
        "sagemaker",
        "text-completion-openai",
        "together_ai",
        "vertex_ai",
        "vllm",
        "watsonx",
        "xai",
    ]
)
