"""Every part of every chat API through every other: mapped whole, or refused by name.

`wanted` in a case are the pieces of the request that must stand in what is sent, each
as its alternatives: one thing has other names in other APIs.
"""

import json
import os
import re
from pathlib import Path

import msgspec
import pytest
from test_apis import _bodies
from test_providers import recorded

from replayd.providers import PROVIDERS
from replayd.providers.contract import Overrides, ProviderRequest, Refusal
from snaptrace.snapshot.apis import APIS

GOLDEN = Path(__file__).parents[1] / "golden" / "crossing"
CHATS = [name for name in PROVIDERS if APIS[name].operation == "chat"]
MODELS = {"bedrock_invoke": "us.anthropic.claude-sonnet-4-20250514-v1:0"}
KINDS = {"application": "document"}
IDS = ("id", "type", "role", "model", "call_id", "tool_use_id", "tool_call_id")
IDS += ("toolUseId",)
SILENT = (*IDS, "status", "cache_control", "mimeType", "mime_type")


def _pairs():
    for source in CHATS:
        for line in (GOLDEN / f"{source}.jsonl").read_text().splitlines():
            case = json.loads(line)
            for target in CHATS:
                if target != source and case.get("only", target) == target:
                    name = f"{source}-{case['part']}-{target}"
                    yield pytest.param(source, case, target, id=name)


PAIRS = list(_pairs())


def sent(source, case, target):
    mime = case.get("mime", "")
    kind = mime.partition("/")[0]
    media = [{"kind": KINDS.get(kind, kind), "mime": mime}] if mime else []
    snapshot = recorded(source, case["body"], media)
    model = MODELS.get(target, "new")
    return PROVIDERS[target].request(snapshot, {0: b"\x89PNG"}, model, Overrides())


@pytest.mark.parametrize(("source", "case", "target"), PAIRS)
def test_a_part_is_mapped_whole_or_refused_by_name(source, case, target):
    """If it failed, a canary would be asked something else and nobody would know."""
    found = sent(source, case, target)
    if isinstance(found, Refusal):
        assert found.paths
        assert all(found.paths)
        return
    if target in case.get("unsaid_by", ()):  # what the API does unasked
        return
    arrived = found.body.decode() + "".join(found.headers.values())
    for choices in case["wanted"]:
        assert any(choice in arrived for choice in choices), arrived


def test_what_is_refused_is_what_the_table_says():
    """If it failed, more or less than before would be replayed across APIs."""
    lines = ["source\tpart\ttarget\tresult"]
    for source, case, target in (pair.values for pair in PAIRS):
        found = sent(source, case, target)
        refused = isinstance(found, Refusal)
        result = f"refused: {', '.join(found.paths)}" if refused else "mapped"
        lines.append(f"{source}\t{case['part']}\t{target}\t{result}")
    table, text = GOLDEN / "table.tsv", "\n".join(lines) + "\n"
    if os.environ.get("SNAPTRACE_REWRITE_GOLDEN"):
        table.write_text(text)
    assert text == table.read_text()


def _texts(value):
    """Yield every text of a request that a person or a program wrote."""
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except ValueError:
            inner = None
        if isinstance(inner, dict | list):
            yield from _texts(inner)
        else:
            yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in SILENT:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


@pytest.mark.parametrize("target", CHATS)
def test_recorded_requests_lose_no_text_on_the_way(target):
    """If it failed, real requests would cross with a sentence less than they had."""
    told = ("messages", "input", "contents", "system", "systemInstruction")
    crossed = 0
    for source, body in _bodies():
        if source not in CHATS or source == target:
            continue
        found = PROVIDERS[target].request(
            recorded(source, body), {}, MODELS.get(target, "new"), Overrides()
        )
        if not isinstance(found, ProviderRequest):
            continue
        crossed += 1
        arrived = set(_texts(msgspec.json.decode(found.body)))
        arrived |= set(
            re.findall(r"[-\d.]+", found.body.decode())
        )  # a result that is JSON
        for place in told:
            for text in _texts(body.get(place)):
                assert text in arrived or not text, text
    assert crossed >= 20
