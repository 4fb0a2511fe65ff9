"""Packages that several families install beside themselves."""

LLAMA = ("llama-index-core", "llama-index-llms-openai", "llama-index-llms-anthropic")
LLAMA_PROVIDERS = (
    "llama-index-core",
    "llama-index-llms-anthropic",
    "llama-index-llms-bedrock-converse",
    "llama-index-llms-mistralai",
    "llama-index-llms-ollama",
    "llama-index-llms-openai-like",
    "llama-index-llms-azure-openai",
)
CHAIN = ("langchain", "langchain-openai", "langchain-anthropic")
CHAIN_PROVIDERS = (
    "langchain",
    "langchain-openai",
    "langchain-google-genai",
    "langchain-aws",
    "langchain-mistralai",
    "langchain-ollama",
    "langchain-groq",
    "langchain-cohere",
    "langchain-deepseek",
)
GRAPH = (*CHAIN, "langgraph")
AGNO = ("agno", "openai", "anthropic")
CREWAI = ("crewai[anthropic]",)
CLOUDS = ("anthropic[bedrock,vertex]",)
AGENT_FRAMEWORK = ("agent-framework-core", "agent-framework-openai")
HAYSTACK_MORE = (
    "anthropic-haystack",
    "google-genai-haystack",
    "ollama-haystack",
    "amazon-bedrock-haystack",
    "mistral-haystack",
)
AGNO_MORE = (
    "agno",
    "openai",
    "google-genai",
    "groq",
    "mistralai",
    "ollama",
    "litellm",
)
SPLUNK = (
    "splunk-otel-util-genai",
    "splunk-otel-genai-emitters-splunk",
)
