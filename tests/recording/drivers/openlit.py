"""OpenLIT."""

from recording.drivers.contract import Driver, Flush, flush_all


def _on(url: str) -> Flush:
    import openlit

    openlit.init(
        otlp_endpoint=url,
        application_name="assistant",
        disable_metrics=True,
        disable_batch=True,
    )
    return flush_all


def _row(client: str, *installed: str) -> Driver:
    return Driver(client, (*installed, "openlit>=1.45"), _on)


DRIVERS = {
    "openlit_openai": _row("openai", "openai"),
    "openlit_anthropic": _row("anthropic", "anthropic"),
    "openlit_google": _row("google", "google-genai"),
    "openlit_cohere": _row("cohere", "cohere"),
    "openlit_mistral": _row("mistral", "mistralai<2"),
    "openlit_ollama": _row("ollama", "ollama"),
    "openlit_langchain": _row("langchain", "langchain", "langchain-openai"),
    "openlit_litellm": _row("litellm", "litellm"),
}
