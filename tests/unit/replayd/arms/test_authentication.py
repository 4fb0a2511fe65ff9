"""Arms prove themselves as their platform wants it, and nothing is sent without."""

import asyncio
import hashlib
import hmac
import json
import os
import random
import sys
from urllib.parse import quote

import pytest
from aiohttp import web
from fakes.leaping_loop import LoopClock
from fakes.stored_calls import text_call

from replayd.arms.arm import Arm, endpoint_settings
from replayd.arms.authentication import NoCredentialsError, TokenFile, region_of
from replayd.arms.endpoint import Endpoint
from replayd.config import ArmConfig
from replayd.providers import PROVIDERS
from replayd.providers.contract import ProviderRequest
from snaptrace.runtime.config import ConfigError

NOW = 1_800_000_000_000_000_000
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
CLAUDE = "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.anthropic.c-v1:0"
REQUEST = ProviderRequest(method="POST", path="/x", body=b"{}")


def config(url="http://127.0.0.1:9", **more):
    fields = {"role": "canary", "url": url, "model": "assistant-8", **more}
    return ArmConfig(**fields)


def arm(settings, environ):
    found = endpoint_settings("canary", settings, environ)
    provider = PROVIDERS[settings.api]
    endpoint = Endpoint(found, provider, LoopClock(NOW), random.Random(1))
    return Arm("canary", settings, endpoint)


async def heard(environ, **more):
    """Ask a server once; return the path, headers and body that it was sent."""
    seen = []

    async def handle(request):
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen.append((request.raw_path, headers, body))
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    asked = arm(config(f"http://127.0.0.1:{port}", **more), environ)
    try:
        async with asked.endpoint as endpoint:
            await endpoint.take_slot()
            deadline = asyncio.get_running_loop().time() + 10
            request = asked.request(text_call(1, at_ns=NOW), {})
            attempt = await endpoint.attempt(request, deadline)
    finally:
        await runner.cleanup()
    return seen[0] if seen else attempt.reading


def signature(path, headers, body, secret, region):
    """Compute Signature Version 4 from its specification, for what was received."""
    sent = headers["authorization"]
    names = sent.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    canonical = "\n".join(
        [
            *("POST", quote(path, safe="/~"), "", lines, ";".join(names)),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    at = headers["x-amz-date"]
    scope = f"{at[:8]}/{region}/bedrock/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    told = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), told):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


@pytest.fixture
def aws(monkeypatch, tmp_path):
    """An environment in which only these keys can be found."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


async def test_a_request_to_bedrock_carries_the_signature_of_what_arrived(aws):
    """If it failed, Amazon would refuse every call, or those to an ARN."""
    path, headers, body = await heard(
        {},
        platform="aws",
        api="bedrock_converse",
        model=CLAUDE,
        region="eu-west-1",
    )
    assert path == f"/model/{quote(CLAUDE, safe='')}/converse"
    made = signature(path, headers, body, KEYS["AWS_SECRET_ACCESS_KEY"], "eu-west-1")
    assert headers["authorization"].endswith(f"Signature={made}")
    assert "AKIDEXAMPLE" in headers["authorization"]


async def test_without_credentials_nothing_is_sent(aws):
    """If it failed, an unsigned request would be refused as if it were the model."""
    for name in KEYS:
        aws.delenv(name)
    reading = await heard(
        {}, platform="aws", api="bedrock_converse", region="eu-west-1"
    )
    assert (reading.outcome, reading.detail) == ("connection", "NoCredentialsError")


async def test_no_command_of_a_shared_file_is_run(aws, tmp_path):
    """If it failed, whoever writes the file could run programs in the daemon."""
    for name in KEYS:
        aws.delenv(name)
    mark = tmp_path / "mark"
    (tmp_path / "config").write_text(
        f"[default]\ncredential_process = /bin/touch {mark}\n"
    )
    reading = await heard(
        {}, platform="aws", api="bedrock_converse", region="eu-west-1"
    )
    assert reading.detail == "NoCredentialsError"
    assert not mark.exists()


async def test_a_key_of_bedrocks_own_is_a_bearer_token():
    """If it failed, the simpler way to authenticate would be refused."""
    _, headers, _ = await heard(
        {"KEY": "k"}, platform="aws", api="bedrock_converse", api_key_env="KEY"
    )
    assert headers["authorization"] == "Bearer k"


async def test_azure_has_deployments_versions_and_a_header_of_its_own():
    """If it failed, no model on Azure could be a canary."""
    path, headers, body = await heard(
        {"KEY": "k"}, platform="azure", api_version="2024-10-21", api_key_env="KEY"
    )
    assert path == (
        "/openai/deployments/assistant-8/chat/completions?api-version=2024-10-21"
    )
    assert headers["api-key"] == "k"
    assert "authorization" not in headers
    assert json.loads(body)["model"] == "assistant-8"


@pytest.mark.parametrize(
    ("api", "version", "expected"),
    [
        ("openai_chat", "", "/openai/v1/chat/completions"),
        ("openai_responses", "", "/openai/v1/responses"),
        ("openai_responses", "v", "/openai/responses?api-version=v"),
        ("openai_embeddings", "v", "/openai/deployments/m/embeddings?api-version=v"),
    ],
)
def test_paths_on_azure(api, version, expected):
    """If it failed, an API would be looked for where Azure does not have it."""
    settings = config(platform="azure", api_version=version, api=api, model="m")
    overrides = arm(settings, {}).overrides
    assert PROVIDERS[api].platform_path("m", overrides) == expected


async def test_vertex_is_asked_with_the_token_of_a_file(tmp_path):
    """If it failed, a token would go stale after its hour."""
    file = tmp_path / "token"
    file.write_text("t1\n")
    path, headers, _ = await heard(
        {},
        platform="vertex",
        api="gemini_generate_content",
        model="gemini-x",
        api_key_file=str(file),
    )
    assert path == "/publishers/google/models/gemini-x:generateContent"
    assert headers["authorization"] == "Bearer t1"


async def test_claude_on_vertex_is_named_in_the_path_and_versioned_in_the_body(
    tmp_path,
):
    """If it failed, Claude could not be asked there at all."""
    file = tmp_path / "token"
    file.write_text("t1")
    path, _, body = await heard(
        {},
        platform="vertex",
        api="anthropic_messages",
        model="claude-sonnet-4-5@20250929",
        stream=True,
        api_key_file=str(file),
    )
    assert path.endswith(
        "/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict"
    )
    sent = json.loads(body)
    assert sent["anthropic_version"] == "vertex-2023-10-16"
    assert "model" not in sent


async def test_a_token_is_read_again_when_its_file_has_changed(tmp_path):
    """If it failed, replays would end when the first token does."""
    file = tmp_path / "token"
    tokens = TokenFile(str(file))
    with pytest.raises(NoCredentialsError):
        await tokens.headers("u", REQUEST)
    for number, token in enumerate(("one", "two"), 1):
        file.write_text(token)
        os.utime(file, ns=(number, number))
        assert await tokens.headers("u", REQUEST) == {
            "authorization": f"Bearer {token}"
        }
    file.write_text(" ")
    os.utime(file, ns=(9, 9))
    with pytest.raises(NoCredentialsError):
        await tokens.headers("u", REQUEST)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"platform": "aws"}, "platform"),
        ({"platform": "azure", "api": "anthropic_messages"}, "platform"),
        ({"platform": "aws", "api": "bedrock_converse"}, "region"),
        ({"profile": "claud"}, "profile"),
        ({"platform": "vertex", "api_key_file": "/no/such"}, "api_key_file"),
    ],
)
def test_impossible_settings_are_refused_by_their_key(more, key):
    """If it failed, the daemon would start and every call would fail."""
    with pytest.raises(ConfigError) as error:
        endpoint_settings("canary", config(**more), {})
    assert error.value.key == f"replayd.arms.canary.{key}"


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    """If it failed, a missing package would read as a defect."""
    monkeypatch.setitem(sys.modules, "botocore", None)
    settings = config(platform="aws", api="bedrock_converse", region="eu-west-1")
    with pytest.raises(ConfigError, match=r"snaptrace\[bedrock\]"):
        endpoint_settings("canary", settings, {})


@pytest.mark.parametrize(
    ("url", "environ", "region"),
    [
        ("https://bedrock-runtime.us-west-2.amazonaws.com", {}, "us-west-2"),
        ("https://bedrock-runtime-fips.us-east-1.amazonaws.com", {}, "us-east-1"),
        ("https://vpce-1.example", {"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        ("https://vpce-1.example", {}, ""),
    ],
)
def test_the_region_is_that_of_the_endpoint(url, environ, region):
    """If it failed, the signature would be one for another region."""
    assert region_of(url, environ) == region
