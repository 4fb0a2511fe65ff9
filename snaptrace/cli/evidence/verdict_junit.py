"""A verdict as JUnit XML: one case per modality, one for what the gate says besides.

`undecided` and `changed` are errors and no skips: viewers count skipped as green.
"""

from xml.etree import ElementTree as ET

from msgspec import Struct

from replayd.offline.suite.junit import held
from replayd.verdicts.gate import GateAnswer, explain
from replayd.verdicts.views import CanaryView

_GREEN = frozenset({"pass", "pass_with_drop"})


class _Case(Struct, frozen=True):
    name: str
    kind: str = ""  # failure or error; "": green
    verdict: str = ""
    message: str = ""


def junit(
    canary: str, view: CanaryView | None, answer: GateAnswer | None = None
) -> str:
    """Return the document; a gate's answer that no modality explains is a case, too."""
    cases = _cases(view, answer)
    suite = ET.Element(
        "testsuite",
        name=held(f"snaptrace gate {canary}"),
        tests=str(len(cases)),
        failures=str(sum(case.kind == "failure" for case in cases)),
        errors=str(sum(case.kind == "error" for case in cases)),
        skipped="0",
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("canary", canary),
        ("revision", view.revision if view else answer.revision if answer else ""),
        ("epoch", view.epoch if view else ""),
        ("gate", answer.state if answer else view.gate if view else "unknown"),
    ):
        ET.SubElement(properties, "property", name=name, value=held(value))
    for case in cases:
        shown = ET.SubElement(
            suite, "testcase", classname=held(canary), name=held(case.name)
        )
        if case.kind:
            message = held(case.message)
            ET.SubElement(shown, case.kind, type=case.verdict, message=message)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _cases(view: CanaryView | None, answer: GateAnswer | None) -> list[_Case]:
    """Return the cases; never only green ones where the gate is shut."""
    if view is None or (answer and answer.state == "unknown"):
        why = "; ".join(answer.why) if answer else "nothing was judged"
        return [_Case("gate", "error", "unknown", why)]
    found = []
    for modality, shown in view.modalities.items():
        if shown.verdict in _GREEN:
            found.append(_Case(modality))
            continue
        kind = "failure" if shown.verdict == "regressed" else "error"
        said = explain(modality, shown)
        found.append(_Case(modality, kind, shown.verdict, said))
    if not found:
        found.append(_Case("any modality", "error", "undecided", "nothing was judged"))
    state = answer.state if answer else view.gate
    if state != "pass" and not any(case.kind for case in found):
        why = "; ".join(answer.why) if answer else "the gate is shut"
        found.append(_Case("gate", "error", state, why))
    return found
