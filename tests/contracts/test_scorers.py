"""What every row of SCORERS promises, and its golden cases."""

import asyncio
import tomllib
from functools import cache
from pathlib import Path

import pytest
from fakes.growth import assert_linear
from fakes.pictures import named_media
from fakes.scoring_cases import answer_of, case_of
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from replayd.scoring import INVARIANTS, QUALITY, SCORERS
from replayd.scoring.contract import Said
from replayd.scoring.pair import checked
from snaptrace.snapshot.model import Answer, Request

GOLDEN = Path(__file__).parents[1] / "golden" / "scoring"


def _golden():
    for path in sorted(GOLDEN.glob("*.toml")):
        table = tomllib.loads(path.read_text("utf-8"))
        for number, case in enumerate(table["case"]):
            row = {**table, **case}
            row.pop("case")
            yield pytest.param(row, id=f"{path.stem}-{number}-{row['scorer']}")


def _case(row):
    recorded = answer_of(row.get("recorded", ""), row.get("recorded_calls", ()))
    more = {}
    if "body" in row:
        more["request"] = Request(api="", model="m", body=row["body"])
    case = case_of(
        recorded,
        question=row.get("question", ""),
        system=row.get("system", ""),
        tools=row.get("tools", ()),
        schema=row.get("schema"),
        assertions=row.get("assertions", ()),
        modality=row.get("modality", "text"),
        operation=row.get("operation", "chat"),
        **more,
    )
    return replace(case, reference_blobs=_blobs(row.get("recorded_media")))


@cache
def _media():
    return named_media()


def _blobs(name):
    return {0: _media()[name]} if name else {}


def _said(row):
    return Said(_answer(row), _blobs(row.get("answer_media")))


def _answer(row):
    return answer_of(
        row.get("answer", ""),
        row.get("answer_calls", ()),
        finish_reason=row.get("answer_finish_reason", ""),
    )


@pytest.mark.parametrize("row", list(_golden()))
async def test_golden(row):
    """A rule changed what it means without anybody having decided so."""
    scorer = SCORERS[row["scorer"]]
    case = _case(row)
    assert scorer.applies(case)
    value = (await scorer.score(case, _said(row))).value
    if "score" in row:
        assert value == pytest.approx(row["score"], abs=1e-4), row["why"]
    else:
        assert row.get("at_least", 0) <= value <= row.get("at_most", 1), row["why"]


def _applying(name):
    """Return a golden case that the scorer applies to."""
    for param in _golden():
        row = param.values[0]
        if row["scorer"] == name:
            return _case(row), row
    raise AssertionError(f"{name} has no golden case")


@pytest.fixture(params=SCORERS, ids=str)
def scorer(request):
    """Every row of the table."""
    return SCORERS[request.param]


def test_row_and_name_agree(scorer):
    """A metric label would point at another rule."""
    assert SCORERS[scorer.name] is scorer


async def test_useless_answers_are_valued(scorer):
    """An empty, refused or cut answer would drop out of the average unseen."""
    case, _ = _applying(scorer.name)
    for useless in (
        Answer(),
        Answer(text=" \n"),
        Answer(outcome="refused", refusal="No."),
        Answer(outcome="error", error="x"),
    ):
        score = checked(scorer.name, await scorer.score(case, Said(useless)))
        assert score.value is not None
        wanted = scorer.name == "refusal_agreed" and useless.outcome == "refused"
        if not wanted and (useless.outcome == "answered" or scorer in QUALITY):
            assert score.value == 0.0


async def test_the_recording_itself_is_right(scorer):
    """An answer equal to the reference would lose points."""
    if scorer.name == "assertions":
        pytest.skip("a pinned assertion stands above the recording")
    case, _ = _applying(scorer.name)
    score = await scorer.score(case, case.recorded)
    assert score.value == 1.0


async def test_same_inputs_same_score(scorer):
    """A replayed fold would differ from the first one."""
    case, row = _applying(scorer.name)
    first = await scorer.score(case, _said(row))
    assert await scorer.score(case, _said(row)) == first


def test_applies_does_not_move(scorer):
    """A case would come and go with the answers given to it."""
    case, row = _applying(scorer.name)
    before = scorer.applies(case)
    asyncio.run(scorer.score(case, _said(row)))
    assert scorer.applies(case) is before


TEXTS = st.text(max_size=300) | st.from_regex(
    r"([A-Z][a-z]{1,8}[: |\t]+[-$]?[0-9][0-9.,]{0,9}[%kM]?[\n;, ]+){1,12}",
    fullmatch=True,
)


@settings(max_examples=60, deadline=None)
@given(recorded=TEXTS, answer=TEXTS, question=TEXTS)
def test_any_text_gives_a_number_in_range(recorded, answer, question):
    """Hostile or odd text would stop the fold or leave the scale."""
    for modality in ("text", "image", "audio"):
        case = case_of(answer_of(recorded), question=question, modality=modality)
        for scorer in SCORERS.values():
            if scorer.applies(case):
                score = asyncio.run(scorer.score(case, Said(answer_of(answer))))
                assert checked(scorer.name, score).value is not None


def test_every_rule_is_invariant_quality_or_diagnostic():
    """A rule in two roles would count twice, one in none never."""
    names = [scorer.name for scorer in (*INVARIANTS, *QUALITY)]
    assert len(set(names)) == len(names)


# Each made a rule quadratic once, or could: patterns that start over at every letter.
UNITS = {
    "numbers": "17 4 230 ",
    "codes": "a1-",
    "dates": "3 March 2024 ",
    "bars": "|1|2|3|4|\n",
    "cells": "1\t",
    "points": "5. ",
    "quotes": '"ab ',
    "names": "Anna Berta Carl ",
    "brackets": "[",
    "digits": "9",
    "separators": "1,",
    "apologies": "i'm sorry but ",
}
SPAM_CHARACTERS = 2_500  # and four times as many


def _scored_by_all(text):
    for modality in ("text", "image", "audio"):
        case = case_of(answer_of(text), question="Is it so? " * 300, modality=modality)
        said = Said(answer_of(text + " x 5"))
        for scorer in SCORERS.values():
            if scorer.applies(case):
                score = asyncio.run(scorer.score(case, said))
                assert checked(scorer.name, score).value is not None


@pytest.mark.timeout(120)
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_an_endless_answer_is_valued_in_linear_time(unit):
    """One answer would hold up every other pair of the daemon."""
    assert_linear(
        _scored_by_all, lambda size: unit * (size // len(unit)), SPAM_CHARACTERS
    )
