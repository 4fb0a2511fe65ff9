"""MLflow's autologging, exported over OTLP."""

import importlib
import time
from collections.abc import Callable

from recording.drivers.contract import Driver, Flush

_SETTINGS = {
    "MLFLOW_TRACKING_URI": "sqlite:///mlruns.db",
    "MLFLOW_ENABLE_OTLP_EXPORTER": "true",
    "OTEL_BSP_SCHEDULE_DELAY": "100",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
}
_PAUSE_SECONDS = 0.4  # its exporter has no flush of its own


def _on(flavour: str) -> Callable[[str], Flush]:
    def switch_on(url: str) -> Flush:
        import os

        os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{url}/v1/traces"
        importlib.import_module(f"mlflow.{flavour}").autolog()
        return lambda: time.sleep(_PAUSE_SECONDS)

    return switch_on


def _row(client: str, flavour: str, *installed: str) -> Driver:
    return Driver(client, (*installed, "mlflow"), _on(flavour), _SETTINGS)


_LLAMA = ("llama-index-core", "llama-index-llms-openai")
DRIVERS = {
    "mlflow_openai": _row("openai", "openai", "openai"),
    "mlflow_google": _row("google", "gemini", "google-genai"),
    "mlflow_mistral": _row("mistral", "mistral", "mistralai"),
    "mlflow_litellm": _row("litellm", "litellm", "litellm"),
    "mlflow_llama_index": _row("llama_index", "llama_index", *_LLAMA),
    "mlflow_dspy": _row("dspy", "dspy", "dspy"),
    "mlflow_pydantic_ai": _row(
        "pydantic_ai", "pydantic_ai", "pydantic-ai-slim[openai,anthropic]"
    ),
}
