"""Instrumentations named by a project's own files, and what to set in each.

Read are names of packages, never code. The settings are those of
docs/capture-settings.md.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

_MOST_BYTES = 2**20  # of one file
_FILES = ("pyproject.toml", "requirements*.txt", "package.json", "Pipfile", "setup.cfg")
_NAME = re.compile(r"^\s*[\"']?([A-Za-z0-9][A-Za-z0-9._-]*)")


class Instrumentation(Struct, frozen=True, kw_only=True):
    """One instrumentation, the packages that bring it, and its capture settings."""

    name: str
    packages: tuple[str, ...]  # beginnings of package names
    settings: tuple[str, ...] = ()  # environment, as NAME=value
    advice: str = ""  # what no variable does


TABLE = (
    Instrumentation(
        name="OpenInference",
        packages=("openinference-instrumentation",),
        settings=("OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH=100000000",),
        advice="set no OPENINFERENCE_HIDE_*",
    ),
    Instrumentation(
        name="OpenTelemetry openai-v2",
        packages=("opentelemetry-instrumentation-openai-v2",),
        settings=("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true",),
        advice=(
            "export logs as well; tools are lost all the same: put snaptrace-capture "
            "beside it where the app uses tools"
        ),
    ),
    Instrumentation(
        name="Traceloop (OpenLLMetry)",
        packages=("traceloop-sdk", "opentelemetry-instrumentation-openai"),
        settings=("TRACELOOP_TRACE_CONTENT=true",),
        advice="give the instrumentor upload_base64_image=None where images are sent",
    ),
    Instrumentation(
        name="Logfire",
        packages=("logfire",),
        advice="keep format version 1 of instrument_openai: `latest` loses parameters",
    ),
    Instrumentation(
        name="Langfuse",
        packages=("langfuse",),
        advice="send through an exporter that stands before Langfuse's processor",
    ),
    Instrumentation(
        name="Pydantic AI",
        packages=("pydantic-ai",),
        advice="leave include_content and include_binary_content on",
    ),
    Instrumentation(
        name="LiteLLM",
        packages=("litellm",),
        settings=("USE_OTEL_LITELLM_REQUEST_SPAN=true",),
        advice="leave turn_off_message_logging off",
    ),
    Instrumentation(name="MLflow tracing", packages=("mlflow",)),
    Instrumentation(
        name="Haystack",
        packages=("haystack-ai",),
        settings=("HAYSTACK_CONTENT_TRACING_ENABLED=true",),
    ),
    Instrumentation(
        name="Vercel AI SDK",
        packages=("ai", "@vercel/otel"),
        advice=(
            "pass experimental_telemetry: {isEnabled: true, recordInputs: true, "
            "recordOutputs: true}"
        ),
    ),
)
EVERYWHERE = ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=10000",)
_WHOLE = frozenset({"ai", "logfire", "langfuse", "litellm", "mlflow"})


def found_in(folder: Path) -> tuple[Instrumentation, ...]:
    """Return the instrumentations that the folder's files of dependencies name."""
    names = set(_names(folder))
    found = [row for row in TABLE if any(_named(each, names) for each in row.packages)]
    if any(row.name == "OpenTelemetry openai-v2" for row in found):
        own = "opentelemetry-instrumentation-openai-v2"
        others = names - {own}
        found = [
            row
            for row in found
            if not row.name.startswith("Traceloop")
            or any(_named(each, others) for each in row.packages)
        ]
    return tuple(found)


def _named(package: str, names: set[str]) -> bool:
    if package in _WHOLE:
        return package in names
    return any(name.startswith(package) for name in names)


def _names(folder: Path) -> Iterator[str]:
    for pattern in _FILES:
        for path in sorted(folder.glob(pattern)):
            with suppress(OSError, ValueError):
                if path.stat().st_size <= _MOST_BYTES:
                    yield from _packages(path.name, path.read_text("utf-8"))


def _packages(name: str, text: str) -> Iterator[str]:
    """Yield package names; ValueError where the file is not what its name says."""
    if name == "package.json":
        document = json.loads(text)
        for key in ("dependencies", "devDependencies"):
            yield from document.get(key) or {}
        return
    if name == "pyproject.toml":
        lines = list(_strings(tomllib.loads(text)))
    else:
        lines = text.splitlines()
    for line in lines:
        if match := _NAME.match(line):
            yield match[1].lower().replace("_", "-").replace(".", "-")


def _strings(value: object) -> Iterator[str]:
    """Yield every key and string of a document: a name is looked for, not a schema."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, str):
        yield value
