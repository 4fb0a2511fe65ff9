"""The rubric of a case, by its request and recording and never by an answer."""

import re

from replayd.judge_model.rubrics import Task
from replayd.scoring.contract import ScoringCase
from replayd.scoring.extract.request_facts import asks_for_words

_CHART = re.compile(
    r"\b(?:chart|graph|plot|diagram|histogram|bars?|axis|axes|diagramm|graphique"
    r"|gráfic[oa])\b",
    re.IGNORECASE,
)
_TABLE = re.compile(
    r"\b(?:table|rows?|columns?|cells?|spreadsheet|tabelle|tableau|tabla)\b",
    re.IGNORECASE,
)
_SCREEN = re.compile(
    r"\b(?:screen(?:shot)?|button|menu|dialog|window|app|page|click|tap"
    r"|bildschirm|écran|pantalla)\b",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\b(?:invoice|receipt|form|contract|letter|document|scan|statement|rechnung"
    r"|facture|factura)\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"```|\b(?:function|python|javascript|typescript|java|rust|sql|regex|script"
    r"|code|compile|stack ?trace|unit test)\b",
    re.IGNORECASE,
)
_PICTURES: tuple[tuple[re.Pattern[str], Task], ...] = (
    (_CHART, "chart"),
    (_TABLE, "table"),
    (_FORM, "document"),
    (_SCREEN, "screenshot"),
)


def task_of(case: ScoringCase) -> Task:
    """Return the task whose rubric fits the case best."""
    snapshot = case.snapshot
    if case.recorded.refuses:
        return "refusal"
    offered = case.conversation is not None and bool(case.conversation.tools)
    if case.reference.tool_calls or (offered and not case.reference.text.strip()):
        return "tool_use"
    if snapshot.operation == "transcription":
        return "transcript"
    if snapshot.modality == "audio":
        asked = asks_for_words(case.conversation)
        return "transcript" if asked else "spoken_answer"
    if snapshot.modality == "document":
        return "document"
    if snapshot.modality in {"image", "mixed", "video"}:
        fits = (task for pattern, task in _PICTURES if pattern.search(case.question))
        return next(fits, "photo")
    if "```" in case.reference.text or _CODE.search(case.question):
        return "code"
    return "prose"
