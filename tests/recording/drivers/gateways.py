"""LiteLLM as a gateway, and the callbacks by which it reports to others."""

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from recording.drivers.contract import Driver, Flush

_PAUSE_SECONDS = 0.6  # its exporters have no flush of their own
_START_TENTHS = 1200
_KEY = "sk-" + "none" * 8  # the gateway does not start with a short one
_FAST = {"OTEL_BSP_SCHEDULE_DELAY": "100"}
_SPAN = {"USE_OTEL_LITELLM_REQUEST_SPAN": "true"}


def _pause() -> None:
    time.sleep(_PAUSE_SECONDS)


def _callback(name: str) -> Callable[[str], Flush]:
    def switch_on(url: str) -> Flush:
        os.environ |= {
            "PHOENIX_API_KEY": "none",
            "PHOENIX_COLLECTOR_HTTP_ENDPOINT": f"{url}/v1/traces",
            "ARIZE_SPACE_KEY": "none",
            "ARIZE_API_KEY": "none",
            "ARIZE_HTTP_ENDPOINT": f"{url}/v1/traces",
            "LANGFUSE_PUBLIC_KEY": "pk",
            "LANGFUSE_SECRET_KEY": "sk",
            "LANGFUSE_OTEL_HOST": url,
            "LANGFUSE_HOST": url,
        }
        import litellm

        litellm.callbacks = [name]
        return _pause

    return switch_on


def _proxy(url: str) -> Flush:
    """Start the gateway in a thread."""
    models = [
        ("gpt-4o-mini", "openai/gpt-4o-mini", f"{url}/v1"),
        ("claude-sonnet-4-5", "anthropic/claude-sonnet-4-5", url),
        ("text-embedding-3-small", "openai/text-embedding-3-small", f"{url}/v1"),
    ]
    rows = [
        f"  - model_name: {name}\n    litellm_params:\n      model: {model}\n"
        f"      api_base: {base}\n      api_key: none\n      num_retries: 0\n"
        for name, model, base in models
    ]
    settings = 'litellm_settings:\n  callbacks: ["otel"]\n  num_retries: 0\n'
    Path("gateway.yaml").write_text("model_list:\n" + "".join(rows) + settings)
    os.environ |= {
        "OTEL_EXPORTER": "otlp_http",
        "OTEL_ENDPOINT": f"{url}/v1/traces",
        "LITELLM_MASTER_KEY": _KEY,
        "CONFIG_FILE_PATH": "gateway.yaml",
    }
    import uvicorn
    from litellm.proxy.proxy_server import app

    listener = socket.create_server(("127.0.0.1", 0))
    os.environ["GATEWAY_KEY"] = _KEY
    os.environ["GATEWAY"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    run = threading.Thread(target=server.run, args=([listener],), daemon=True)
    run.start()
    for _ in range(_START_TENTHS):
        if server.started:
            break
        time.sleep(0.1)
    return _pause


def _row(name: str) -> Driver:
    return Driver("frameworks.litellm", ("litellm",), _callback(name), _FAST)


DRIVERS = {
    "litellm_phoenix": _row("arize_phoenix"),
    "litellm_arize": _row("arize"),
    "litellm_langfuse": _row("langfuse_otel"),
    "litellm_proxy": Driver(
        "others.gateway",
        ("openai", "anthropic", "litellm[proxy]"),
        _proxy,
        {**_FAST, **_SPAN},
    ),
}
