"""What commands print with `--format json` is what docs/specs/commands.json says."""

import asyncio
import json
from pathlib import Path

import jsonschema_rs
import pytest
from fakes.gate_verdicts import verdicts_of
from fakes.judged_epoch import KEY, image_pair, store_epoch, text_pair
from msgspec.structs import replace

from replayd.config import ReplaydConfig
from replayd.http.gate_api import BudgetShown, PlansShown
from replayd.planning.cost import Traffic, costed_plans
from snaptrace.cli import main
from snaptrace.runtime.config import load

SCHEMA = json.loads(
    (Path(__file__).parents[5] / "docs/specs/commands.json").read_text("utf-8")
)


def check(command, printed):
    """Validate what one command printed."""
    document = {**SCHEMA, "required": [command], "additionalProperties": False}
    jsonschema_rs.validate(document, {command: json.loads(printed)})


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """Store an epoch with a worse chart and a worse answer."""
    monkeypatch.chdir(tmp_path)
    url = f"file://{tmp_path}/store"
    pairs = [image_pair(1, "North: 1"), text_pair(2, "no idea")]
    asyncio.run(store_epoch(pairs, url=url))
    monkeypatch.setattr("snaptrace.crypto.fleet_key.FleetKey.of_store", lambda *_: KEY)
    return ["--set", f"store.url={url}", "--format", "json"]


@pytest.mark.parametrize("command", ["epochs", "worst"])
def test_what_is_read_from_the_store(judged, capsys, command):
    """A script would be written against fields that are not there."""
    assert main([command, *judged]) == 0
    check(command, capsys.readouterr().out)


def test_what_the_store_holds(judged, capsys):
    """Scripts over `ls`, `show` and `results` would break without a word."""
    assert main(["ls", *judged]) == 0
    printed = capsys.readouterr().out
    check("ls", printed)
    rows = json.loads(printed)
    assert {row["modality"] for row in rows} == {"image", "text"}
    for row in rows:
        assert main(["show", row["snapshot_id"], *judged]) == 0
        check("show", capsys.readouterr().out)
    assert main(["results", *judged[:2]]) == 0
    lines = capsys.readouterr().out.splitlines()
    check("results", f"[{','.join(lines)}]")
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("ls", '[{"snapshot_id": "a"}]'),
        ("results", '[{"number": 1, "arm": "canary"}]'),
        ("show", '{"snapshot": {}}'),
    ],
)
def test_each_schema_asks_for_its_fields(command, printed):
    """A record without its fields would pass."""
    with pytest.raises(jsonschema_rs.ValidationError):
        check(command, printed)


def test_a_gate_without_a_replayd(tmp_path, monkeypatch, capsys):
    """A pipeline's script would fall over the case that it is written for."""
    monkeypatch.chdir(tmp_path)
    argv = ["gate", "--canary", "c", "--url", "http://127.0.0.1:9", "--format", "json"]
    assert main(argv) == 3
    check("gate", capsys.readouterr().out)


def test_what_is_read_from_replayd(monkeypatch, tmp_path, capsys):
    """`plan` and `budget` would change their shape without a word."""
    monkeypatch.chdir(tmp_path)
    view = replace(verdicts_of().canaries["canary"], control="")
    document = load(None, {})
    arm = {"role": "canary", "url": "http://c/v1", "model": "m"}
    document.tree["replayd"] = {"arms": {"canary": arm}}
    rows = costed_plans(
        document.section("replayd", ReplaydConfig),
        "canary",
        view,
        {"text": Traffic(cases=1, fresh_units_per_hour=10.0)},
        production_calls_per_hour=100.0,
    )
    answers = {
        "plan": PlansShown(canaries={"canary": list(rows)}),
        "budget": BudgetShown(budgets=[]),
    }

    async def fetched(_base, _token, what, _kind):
        return answers[what]

    monkeypatch.setattr("snaptrace.cli.costs._fetch", fetched)
    for command in answers:
        assert main([command, "--format", "json"]) == 0
        check(command, capsys.readouterr().out)


def test_the_check_can_fail():
    """A schema that accepts everything would prove nothing."""
    with pytest.raises(jsonschema_rs.ValidationError):
        check("epochs", '[{"epoch": 7}]')
