"""A gate's answer as JUnit XML: one case per modality.

`undecided` and `changed` are errors and no skips: viewers count skipped as green.
"""

from xml.etree import ElementTree as ET

from replayd.model import Epoch
from replayd.offline.suite.junit import held
from replayd.verdicts.gate import explain
from replayd.verdicts.views import CanaryView

_GREEN = frozenset({"pass", "pass_with_drop"})


def junit(epoch: Epoch, view: CanaryView) -> str:
    """Return the document."""
    red = [v for v in view.modalities.values() if v.verdict == "regressed"]
    open_ = [
        v
        for v in view.modalities.values()
        if v.verdict not in _GREEN and v.verdict != "regressed"
    ]
    empty = not view.modalities
    suite = ET.Element(
        "testsuite",
        name=held(f"snaptrace gate {epoch.canary}"),
        tests=str(max(len(view.modalities), 1)),
        failures=str(len(red)),
        errors=str(len(open_) + empty),
        skipped="0",
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("canary", epoch.canary),
        ("revision", view.revision),
        ("epoch", view.epoch),
        ("gate", view.gate),
    ):
        ET.SubElement(properties, "property", name=name, value=held(value))
    for modality, shown in view.modalities.items():
        case = ET.SubElement(
            suite, "testcase", classname=held(epoch.canary), name=held(modality)
        )
        if shown.verdict in _GREEN:
            continue
        kind = "failure" if shown.verdict == "regressed" else "error"
        message = held(explain(modality, shown))
        ET.SubElement(case, kind, type=shown.verdict, message=message)
    if empty:
        case = ET.SubElement(
            suite, "testcase", classname=held(epoch.canary), name="any modality"
        )
        ET.SubElement(case, "error", type="undecided", message="nothing was judged")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
