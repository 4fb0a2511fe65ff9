"""Changes of a suite file that the page proposes and never makes."""

import re

import pytest
from fakes.judged_epoch import image_pair

from replayd.scoring.assertions import KINDS
from snaptrace.suite.document import parse

SUITE = """\
suite: release
# ours
pin:
  - id: abcdef123456
    why: once wrong
ignore: []
"""
PAIRS = [image_pair(0, "North: 42\nSouth: 3100\nEast: 875")]
PAIR = "/canary/pair/e1/0"


@pytest.fixture
def suite_file(tmp_path):
    """A suite file on disk."""
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE)
    return path


async def patch_of(client, path):
    """Return a proposed patch, and the text that it makes of the suite."""
    separator = "&" if "?" in path else "?"
    answer = await client.get(f"{PAIR}/{path}{separator}as=patch")
    assert answer.content_type == "text/x-diff"
    return await answer.text()


async def test_a_pin_is_a_difference_to_review(page, suite_file):
    """A click in the night would change what gates a release."""
    client = await page(PAIRS, suite_file=str(suite_file))
    snapshot = PAIRS[0][0].snapshot_id
    patch = await patch_of(client, "pin?why=misread%20chart")
    assert patch.startswith("--- a/suite.yaml\n+++ b/suite.yaml\n")
    added = [line[1:] for line in patch.splitlines() if re.match(r"\+[^+]", line)]
    assert added[0] == f'  - id: "{snapshot}"'
    assert '    why: "misread chart"' in added
    assert suite_file.read_text() == SUITE
    text = await (await client.get(f"{PAIR}/pin")).text()
    assert "Nothing was changed" in text
    assert f"<ins>+  - id: &#34;{snapshot}&#34;</ins>" in text


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("kind=wording&scope=all", ["+  - wording"]),
        (
            "kind=order&scope=service",
            ["+  - order: true", '+    for: {service: "shop"}'],
        ),
        (
            "kind=json&value=meta.id&scope=route",
            ['+  - json: "meta.id"', '+    for: {route: "r1"}'],
        ),
    ],
)
async def test_noise_is_a_rule_to_review(page, suite_file, query, lines):
    """What differs by nature would have to be written by hand from a screenshot."""
    client = await page(PAIRS, suite_file=str(suite_file))
    patch = await patch_of(client, f"ignore?{query}")
    for line in lines:
        assert line in patch.splitlines()
    assert suite_file.read_text() == SUITE


async def test_what_is_proposed_is_a_suite(page):
    """The patch would break the file that it is applied to."""
    client = await page(PAIRS)
    for path in ("pin", "ignore?kind=wording&scope=case", "ignore?kind=ids&scope=all"):
        patch = await patch_of(client, path)
        assert patch.startswith("--- /dev/null")
        text = "\n".join(
            line[1:] for line in patch.splitlines()[3:] if line.startswith("+")
        )
        suite = parse(text.encode(), dict.fromkeys(KINDS, lambda _value: ""))
        assert len(suite.pins) + len(suite.ignores) == 2


@pytest.mark.parametrize(
    "query",
    [
        "kind=smell",
        "kind=order&scope=world",
        "kind=json",
        "kind=pattern&value=(",
        "kind=pattern",
    ],
)
async def test_a_rule_that_makes_no_sense_is_said(page, query):
    """A broken rule would be merged and ignore nothing, or all."""
    client = await page(PAIRS)
    answer = await client.get(f"{PAIR}/ignore?{query}")
    assert answer.status == 400
    assert 'role="alert"' in await answer.text()


async def test_a_suite_that_cannot_be_read_is_said(page, tmp_path):
    """A patch against nothing would replace the suite."""
    client = await page(PAIRS, suite_file=str(tmp_path / "missing.yaml"))
    assert (await client.get(f"{PAIR}/pin")).status == 409
    (tmp_path / "missing.yaml").write_text("pin: [1, 2]\n")
    assert (await client.get(f"{PAIR}/pin")).status == 409
