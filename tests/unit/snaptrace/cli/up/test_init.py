"""`snaptrace init`: a file that validates, calls that tell, settings for the app."""

import asyncio
import json
import threading
from pathlib import Path

import pytest
import yaml
from fakes.provider import FakeProvider, completion

from collector.config.relay import CollectorConfig
from replayd.config import ReplaydConfig
from replayd.reload import check
from snaptrace.cli import main
from snaptrace.cli.up.first_config import Answers, ArmAnswers, api_of, key_of, written
from snaptrace.cli.up.instrumentations import TABLE, found_in
from snaptrace.runtime.config import load


@pytest.fixture
def model():
    """Serve a model from another thread, since a command runs its own loop."""
    ready, over = threading.Event(), threading.Event()
    provider = FakeProvider()

    async def serve():
        async with provider:
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait(10)
    yield provider
    over.set()
    thread.join()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Work in an empty folder, without keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path


def init(model, *more):
    return main(
        [
            "init",
            *("--production-url", model.url, "--production-model", "m1"),
            *("--canary-model", "m2", *more),
        ]
    )


def test_the_file_validates_and_both_models_are_asked_once(model, here, capsys):
    """A new user would start on a file that no program accepts."""
    assert init(model) == 0
    said = capsys.readouterr().out
    assert "ok    production: m1 answered in" in said
    assert "ok    canary: m2 answered in" in said
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318" in said
    assert "Then: snaptrace up" in said
    assert sorted(body["model"] for _, body in model.requests) == ["m1", "m2"]
    assert main(["validate", "snaptrace.yaml"]) == 0
    tree = yaml.safe_load((here / "snaptrace.yaml").read_text())
    assert tree["replayd"]["arms"]["canary"]["model"] == "m2"


@pytest.mark.parametrize(
    ("answer", "words"),
    [(401, "the key is refused"), (404, "no such path or model"), (500, "status_500")],
)
def test_a_model_that_says_no_is_named_with_its_cause(
    model, here, capsys, answer, words
):
    """A wrong key would show as a verdict, or as none, hours later."""
    model.answer = lambda body: completion("OK") if body["model"] == "m1" else answer
    assert init(model) == 1
    said = capsys.readouterr().out
    assert "ok    production" in said
    assert "FAILS canary: m2" in said
    assert words in said
    assert (here / "snaptrace.yaml").exists()


def test_a_key_that_is_not_set_names_the_variable(model, capsys):
    """A person would look for the mistake in the endpoint."""
    assert init(model, "--key-env", "MY_KEY") == 1
    assert "MY_KEY" in capsys.readouterr().out
    assert model.requests == []


def test_the_key_is_never_written(model, here, monkeypatch):
    """A secret would lie in a file that is committed."""
    monkeypatch.setenv("MY_KEY", "sk-secret-value")
    assert init(model, "--key-env", "MY_KEY") == 0
    assert "sk-secret-value" not in (here / "snaptrace.yaml").read_text()
    headers = {headers.get("Authorization") for headers, _ in model.requests}
    assert headers == {"Bearer sk-secret-value"}


def test_a_file_that_is_there_stays(model, here, capsys):
    """A second `init` would wipe what a team has tuned."""
    (here / "snaptrace.yaml").write_text("# ours\n")
    assert init(model) == 2
    assert "--force overwrites it" in capsys.readouterr().err
    assert (here / "snaptrace.yaml").read_text() == "# ours\n"
    assert init(model, "--force", "--no-calls") == 0


def test_without_a_terminal_a_missing_name_is_an_error_not_a_question(capsys):
    """A pipeline would hang on a question that nobody sees."""
    assert main(["init"]) == 2
    assert "--production-model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "api", "key"),
    [
        ("https://api.openai.com/v1", "openai_chat", "OPENAI_API_KEY"),
        ("https://api.anthropic.com/v1", "anthropic_messages", "ANTHROPIC_API_KEY"),
        (
            "https://generativelanguage.googleapis.com/v1beta",
            "gemini_generate_content",
            "GEMINI_API_KEY",
        ),
        ("http://localhost:11434", "ollama_chat", ""),
        ("http://vllm:8000/v1", "openai_chat", ""),
    ],
)
def test_an_address_tells_its_api_and_its_key(url, api, key, tmp_path):
    """A user of another provider would be asked in OpenAI's words."""
    assert (api_of(url), key_of(url)) == (api, key)
    arm = ArmAnswers(url=url, model='odd "name": [x]', api=api, key_env=key)
    path = tmp_path / "made.yaml"
    path.write_text(written(Answers(production=arm, canary=arm)))
    document = load(str(path), {})
    document.section("collector", CollectorConfig)
    replayd = document.section("replayd", ReplaydConfig)
    assert replayd.arms["canary"].model == arm.model
    check(replayd)


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        (
            "requirements.txt",
            "openai\nopeninference-instrumentation-openai==0.1\n",
            ["OpenInference"],
        ),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["opentelemetry-instrumentation-openai-v2>=2"]',
            ["OpenTelemetry openai-v2"],
        ),
        ("requirements-dev.txt", "traceloop.sdk\n", ["Traceloop (OpenLLMetry)"]),
        (
            "package.json",
            json.dumps({"dependencies": {"ai": "6", "@vercel/otel": "1"}}),
            ["Vercel AI SDK"],
        ),
        ("package.json", "[not json", []),
        ("requirements.txt", "aiohttp\nlangfuse-extras-of-mine\n", []),
    ],
)
def test_instrumentations_are_found_by_package_name(tmp_path, file, text, names):
    """The hint would name settings of an SDK that the app does not use."""
    (tmp_path / file).write_text(text)
    assert [row.name for row in found_in(tmp_path)] == names


def test_every_setting_is_one_that_the_guide_explains():
    """The command and docs/capture-settings.md would contradict each other."""
    guide = Path(__file__).parents[5] / "docs" / "capture-settings.md"
    text = guide.read_text("utf-8")
    for row in TABLE:
        for setting in row.settings:
            assert setting.partition("=")[0] in text, row.name
