"""Bounds, endpoints, launchers and the completion hook of the Python package."""

import dataclasses
import gc
import importlib
import json
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
import snaptrace_capture
from fakes.captured import capturing
from fakes.http_clients import over_urllib3
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from snaptrace_capture.budget import HeldBytes
from snaptrace_capture.completion import CompletionHook
from snaptrace_capture.endpoints import Endpoints
from snaptrace_capture.entry_points import Instrumentor, completion_hook
from snaptrace_capture.settings import (
    BaseUrl,
    Settings,
    from_environment,
    is_switched_on,
)

from snaptrace.snapshot.apis import APIS

PACKAGE = Path(__file__).parents[3] / "capture" / "python"
MESSAGES = b'{"model": "m", "max_tokens": 5, "messages": [], "prompt": "", "input": ""}'


@pytest.mark.parametrize(
    ("url", "body", "api", "model"),
    [
        ("https://api.openai.com/v1/chat/completions", MESSAGES, "openai_chat", ""),
        ("http://localhost:8000/chat/completions", MESSAGES, "openai_chat", ""),
        ("https://api.mistral.ai/v1/chat/completions", MESSAGES, "mistral_chat", ""),
        (
            "https://n.azure.com/openai/deployments/d1/chat/completions?api-version=1",
            MESSAGES,
            "openai_chat",
            "d1",
        ),
        ("https://api.openai.com/v1/responses", MESSAGES, "openai_responses", ""),
        ("https://api.anthropic.com/v1/messages", MESSAGES, "anthropic_messages", ""),
        (
            "https://r/v1/projects/p/publishers/anthropic/models/claude-5@1:rawPredict",
            MESSAGES,
            "anthropic_messages",
            "claude-5@1",
        ),
        (
            "https://g/v1beta/models/gemini-3:streamGenerateContent?alt=sse",
            b'{"contents": []}',
            "gemini_generate_content",
            "gemini-3",
        ),
        (
            "https://b.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse",
            MESSAGES,
            "bedrock_converse",
            "amazon.nova-pro-v1:0",
        ),
        (
            "https://b.amazonaws.com/model/meta.llama4/invoke-with-response-stream",
            b'{"prompt": ""}',
            "bedrock_invoke",
            "meta.llama4",
        ),
        ("https://api.cohere.com/v2/chat", MESSAGES, "cohere_chat", ""),
        ("http://localhost:11434/api/chat", MESSAGES, "ollama_chat", ""),
        ("http://localhost:11434/api/generate", MESSAGES, "ollama_generate", ""),
        ("https://api.openai.com/v1/embeddings", MESSAGES, "openai_embeddings", ""),
        ("https://api.openai.com/v1/completions", MESSAGES, "openai_completions", ""),
    ],
)
def test_an_endpoint_is_known_by_its_path_and_fields(url, body, api, model):
    """A provider's calls would go by unseen, or as another API's."""
    found = Endpoints().match(url, body)
    assert (found.api, found.model) == (api, model)
    assert api in APIS


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", "https://api.openai.com/v1/chat/completions", MESSAGES),
        ("POST", "https://shop/api/chat", b'{"text": "hello"}'),
        ("POST", "https://shop/forms/7/responses", b'{"answers": []}'),
        ("POST", "https://shop/v1/chat/completions/archive", MESSAGES),
        ("POST", "https://collector:4318/v1/traces", MESSAGES),
    ],
)
def test_what_is_no_models_endpoint_is_left_alone(method, url, body):
    """Other traffic of an application would be recorded."""
    endpoints = Endpoints()
    matches = endpoints.may_match(method, url) and endpoints.match(url, body)
    assert not matches


def test_a_configured_base_url_is_captured_whatever_its_path():
    """Calls through a gateway with paths of its own could not be captured."""
    endpoints = Endpoints((BaseUrl("https://gw/llm", "openai_chat"),))
    assert not endpoints.may_match("POST", "https://gateway/llm/x")
    assert endpoints.may_match("POST", "https://gw/llm/x?key=secret")
    found = endpoints.match("https://gw/llm/x?key=secret", MESSAGES)
    assert (found.api, found.url) == ("openai_chat", "https://gw/llm/x")


def test_settings_come_from_the_environment():
    """A setting would have no effect, or a wrong one stop the application."""
    environment = {
        "SNAPTRACE_CAPTURE_BYTES": "9000000",
        "SNAPTRACE_CAPTURE_BASE_URLS": "https://gw/a=openai_chat, nonsense,http://b=x",
    }
    settings = from_environment(environment)
    assert settings.held_bytes == 9_000_000
    assert [u.api for u in settings.base_urls] == ["openai_chat", "x"]
    assert from_environment({"SNAPTRACE_CAPTURE_BYTES": "lots"}) == Settings()


@pytest.mark.parametrize(("value", "is_on"), [("1", True), ("on", True), ("0", False)])
def test_the_launcher_captures_only_where_it_is_asked(monkeypatch, value, is_on):
    """To have the package installed would be enough to record what people write."""
    monkeypatch.setenv("SNAPTRACE_CAPTURE", value)
    assert is_switched_on() is is_on
    Instrumentor().instrument()
    assert bool(snaptrace_capture.counts()) is is_on
    Instrumentor().uninstrument()
    assert snaptrace_capture.counts() == {}


class Blocked(SpanExporter):
    """An exporter whose backend does not answer until it is let."""

    def __init__(self):
        self.go, self.sizes = threading.Event(), []

    def export(self, spans):
        self.go.wait(30)
        self.sizes.append(
            sum(s.attributes["snaptrace.llm.request.bytes"] for s in spans)
        )


async def test_a_stuck_exporter_costs_bounded_memory_and_no_call(model):
    """Bodies would pile up while a backend is away, or a batch be too large to send."""
    exporter = Blocked()
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    body = json.dumps({"messages": ["x" * 40_000]}).encode()
    limit = 256 * 1024
    capture = snaptrace_capture.install(Settings(limit), tracer_provider=provider)
    try:
        for _ in range(20):
            status, _ = await over_urllib3(f"{model.url}/chat/completions", body)
            assert status == 200
        assert capture.held.held <= limit
        counts = snaptrace_capture.counts()
        assert counts["no_room"] > 0
        assert counts["captured"] + counts["no_room"] == 20
        exporter.go.set()
        provider.force_flush()
        gc.collect()
        assert max(exporter.sizes) <= limit
        assert capture.held.held == 0
    finally:
        exporter.go.set()
        snaptrace_capture.uninstall()
        provider.shutdown()


def test_bytes_come_back_with_what_held_them():
    """Room once taken would never be free again."""
    asked = []
    held = HeldBytes(100, lambda: asked.append(1))

    class Holder:
        pass

    holder = Holder()
    assert held.reserve(40)
    held.release_with(holder, 40)
    assert not asked
    assert held.reserve(30)
    assert asked
    assert not held.reserve(40)
    del holder
    assert held.held == 30
    assert held.reserve(40)


async def test_a_fault_of_the_capture_is_counted_and_nothing_else(model, monkeypatch):
    """An error in here would be an error of the application."""
    with capturing() as recorded:

        def fail(*_args, **_kwargs):
            raise RuntimeError("broken")

        monkeypatch.setattr("snaptrace_capture.exchange._begin", fail)
        status, _ = await over_urllib3(f"{model.url}/chat/completions", MESSAGES)
        assert status == 200
        assert snaptrace_capture.counts()["failed"] == 1
    assert recorded.spans == ()


def test_a_fork_leaves_no_lock_behind():
    """A worker forked while a call was counted would hang at its first call."""
    code = (
        "import os, threading, snaptrace_capture as c\n"
        "capture = c.install()\n"
        "for lock in (capture.held._lock, capture.counts._lock, c._lock):\n"
        "    lock.acquire()\n"
        "if (child := os.fork()) == 0:\n"
        "    assert capture.held.reserve(1)\n"
        "    capture.counts.add('captured')\n"
        "    c.uninstall()\n"
        "    os._exit(0)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE, timeout=50)


def test_without_an_sdk_nothing_is_done():
    """An application without OpenTelemetry would pay for spans that go nowhere."""
    code = (
        "import snaptrace_capture as c, urllib3\n"
        "capture = c.install()\n"
        "from snaptrace_capture.exchange import begin\n"
        f"url, body = 'http://h/v1/chat/completions', {MESSAGES!r}\n"
        "assert begin(capture, url, [], body) is None\n"
        "assert capture.held.held == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE, timeout=50)


@dataclasses.dataclass
class Text:
    content: str
    type: str = "text"


@dataclasses.dataclass
class Said:
    role: str
    parts: list


async def test_the_completion_hook_tells_what_no_transport_saw(model):
    """A call over gRPC would have no content, or one over HTTP have it twice."""
    asked = {
        "inputs": [Said("user", [Text("hi")])],
        "outputs": [Said("assistant", [Text("ho")])],
        "system_instruction": [Text("Be brief.")],
    }
    with capturing() as recorded:
        hook = completion_hook()
        assert isinstance(hook, CompletionHook)
        with recorded.tracer.start_as_current_span("over grpc") as span:
            hook.on_completion(span=span, **asked)
        with recorded.tracer.start_as_current_span("over http") as span:
            await over_urllib3(f"{model.url}/chat/completions", MESSAGES)
            hook.on_completion(span=span, **asked)
    by_name = {span.name: span.attributes for span in recorded.spans}
    assert json.loads(by_name["over grpc"]["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"content": "hi", "type": "text"}]}
    ]
    assert not by_name["over http"]


def test_the_distribution_is_found_by_opentelemetrys_launchers():
    """`opentelemetry-instrument` would not know of it, or a file be missing in it."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())
    entry_points = project["project"]["entry-points"]
    assert set(entry_points) == {
        "opentelemetry_instrumentor",
        "opentelemetry_genai_completion_hook",
    }
    for named in entry_points.values():
        for value in named.values():
            module, _, name = value.partition(":")
            assert callable(getattr(importlib.import_module(module), name))
    (requirement,) = project["project"]["dependencies"]
    assert requirement.startswith("opentelemetry-api")
    packed = project["tool"]["setuptools"]["package-data"]["*"]
    for path in (PACKAGE / "snaptrace_capture").rglob("*.*"):
        if path.suffix not in (".py", ".pyc"):
            assert any(path.match(pattern) for pattern in packed), path
