"""Reports for pipelines: JUnit XML and Markdown hold any answer, and say the same."""

from xml.etree import ElementTree as ET

import pytest

from replayd.offline.suite.junit import junit
from replayd.offline.suite.markdown import markdown
from replayd.offline.suite.outcome import SuiteCase, outcome_of

NASTY = "```\n</details> @everyone <script>\x00\x0b ]]> & | \ud7ff `a``b```"


def outcome(*states, **more):
    """Return the outcome of pins in these states."""
    cases = [
        SuiteCase(
            snapshot_id=f"{place:032x}",
            modality="text",
            state=state,
            why=(f"claims: {NASTY}",) if state != "passed" else (),
            recorded=NASTY,
            answer=NASTY,
            note=NASTY,
            **more,
        )
        for place, state in enumerate(states)
    ]
    return outcome_of("release", cases, "abc" * 10)


def test_junit_counts_and_names_the_version():
    """If it failed, a pipeline would show another number of failures, or no version."""
    found = outcome("passed", "failed", "not_judged", "quarantined")
    suite = ET.fromstring(junit(found)).find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("4", "1")
    assert (suite.get("errors"), suite.get("skipped")) == ("1", "1")
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert properties["suite_hash"] == "abc" * 10
    assert properties["verdict"] == "failed"
    kinds = [[child.tag for child in case] for case in suite.iter("testcase")]
    assert kinds[1][0] == "failure"
    assert kinds[2][0] == "error"


@pytest.mark.parametrize(
    ("states", "blind_to"),
    [((), ()), (("quarantined",), ()), (("weak",), ()), (("passed",), ("always yes",))],
)
def test_a_suite_that_is_not_green_has_an_error_of_its_own(states, blind_to):
    """If it failed, a viewer would show a suite that judged nothing as green."""
    found = outcome_of("release", outcome(*states).cases, "abc", blind_to)
    suite = ET.fromstring(junit(found)).find("testsuite")
    assert suite.get("errors") == "1"
    assert suite.findall("testcase")[-1].find("error") is not None


def test_a_green_suite_has_no_error():
    """If it failed, every pipeline would be red."""
    suite = ET.fromstring(junit(outcome("passed", "passed"))).find("testsuite")
    assert (suite.get("errors"), suite.get("failures")) == ("0", "0")


def test_markdown_holds_any_answer():
    """If it failed, an answer could mention people or break out of its block."""
    found = markdown(outcome("passed", "failed"))
    assert "failed" in found.splitlines()[0]
    assert f"`{'abc' * 4}`" in found
    outside = found.split("````text")[0]
    assert "everyone" in outside
    assert "@" not in outside
    assert "<script>" not in outside
    assert "`a`" not in outside
    assert found.count("````text") == 2
    assert found.count("</details>\n") >= 1


def test_markdown_is_bounded():
    """If it failed, a comment would be refused for its length, and say nothing."""
    found = markdown(outcome(*["failed"] * 400))
    assert len(found) < 60_000
    assert " more." in found
