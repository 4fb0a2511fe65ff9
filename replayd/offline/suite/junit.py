"""A suite's outcome as JUnit XML, as pipelines of GitLab, Jenkins and others read it.

What was not judged is an error and not a skip: viewers count skipped tests as green.
"""

import re
from typing import Final
from xml.etree import ElementTree as ET

from replayd.offline.suite.outcome import Outcome, SuiteCase

# Characters that XML 1.0 cannot hold, not even escaped.
_UNHOLDABLE: Final = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
LONGEST_SHOWN: Final = 4_000  # characters of an answer


def junit(outcome: Outcome) -> bytes:
    """Return the report."""
    counts = outcome.counts
    suite = ET.Element(
        "testsuite",
        name=held(f"snaptrace {outcome.suite}"),
        tests=str(len(outcome.cases) + _has_verdict(outcome)),
        failures=str(counts["failed"]),
        errors=str(counts["not_judged"] + _has_verdict(outcome)),
        skipped=str(counts["quarantined"] + counts["weak"]),
        time=f"{sum(case.latency_ms for case in outcome.cases) / 1000:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("suite", outcome.suite),
        ("suite_hash", outcome.suite_hash),
        ("verdict", outcome.verdict),
        ("statement", " ".join(outcome.statement)),
    ):
        ET.SubElement(properties, "property", name=name, value=held(value))
    for case in outcome.cases:
        _add(suite, outcome.suite, case)
    if _has_verdict(outcome):
        whole = ET.SubElement(
            suite,
            "testcase",
            classname=held(outcome.suite),
            name="the suite",
            time="0",
        )
        said = held(" ".join(outcome.statement))
        ET.SubElement(whole, "error", type=outcome.verdict, message=said)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _has_verdict(outcome: Outcome) -> bool:
    """Whether the suite is not green although no single case says so."""
    counts = outcome.counts
    return outcome.exit_code != 0 and not counts["failed"] + counts["not_judged"]


def _add(suite: ET.Element, name: str, case: SuiteCase) -> None:
    element = ET.SubElement(
        suite,
        "testcase",
        classname=held(f"{name}.{case.modality or 'unknown'}"),
        name=case.snapshot_id,
        time=f"{case.latency_ms / 1000:.3f}",
    )
    kinds = {
        "failed": "failure",
        "not_judged": "error",
        "quarantined": "skipped",
        "weak": "skipped",
    }
    if kind := kinds.get(case.state):
        said = ET.SubElement(element, kind, message=held("; ".join(case.why)))
        if kind != "skipped":
            said.set("type", case.judged_by or case.state)
            said.text = held(
                f"recorded: {case.recorded[:LONGEST_SHOWN]}\n"
                f"answered: {case.answer[:LONGEST_SHOWN] or case.outcome}"
            )
    if told := [*case.warnings, case.note]:
        text = "\n".join(filter(None, told))
        if text:
            ET.SubElement(element, "system-out").text = held(text)


def held(text: str) -> str:
    """Return text as XML 1.0 can hold it."""
    return _UNHOLDABLE.sub("\ufffd", text)
