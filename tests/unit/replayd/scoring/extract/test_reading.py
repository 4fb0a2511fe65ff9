"""What makes reading a text quick never makes it read otherwise."""

import re
from string import ascii_letters, digits

import pytest
from fakes.scoring_cases import answer_of
from hypothesis import given
from hypothesis import strategies as st

from replayd.scoring.extract.language.refusals import refuses
from replayd.scoring.extract.numbers import dates, number_words
from replayd.scoring.extract.structure.splitting import splitter
from replayd.scoring.extract.text import Text

# Letters that change their number or kind with their case, in no script's middle.
ODD = "İıſKßẞﬁ'’_ \n\t-.,:|é\u0301²½٣あ漢\ud800"  # noqa: RUF001
SPLITTING = {
    "letters": (r"[^\W\d_]+", {"plain": ascii_letters}),
    "wordlike": (r"\w+", {"plain": f"{ascii_letters}{digits}_"}),
    "joined": (
        r"[\u3040-\u30ff]|[^\W_]+(?:'[^\W_]+)*",
        {"plain": ascii_letters + digits, "joining": "'"},
    ),
}


@pytest.mark.parametrize("kind", SPLITTING)
@given(text=st.text() | st.text(alphabet=ODD + "aZ09"))
def test_splitting_is_what_the_pattern_finds(kind, text):
    """If it failed, a text would have other words, and other scores."""
    pattern, more = SPLITTING[kind]
    assert splitter(pattern, **more)(text) == re.findall(pattern, text)


PIECES = st.sampled_from(
    [
        *(
            "5",
            "12",
            "31",
            "2024",
            "123",
            "1st",
            "3rd",
            "2.",
            "May",
            "mar.",
            "of",
            "de",
        ),
        *("September", "x", "8:30", "pm", "a.m.", "-", "/", ".", ",", " ", " ", "\n"),
    ]
)


@given(text=st.lists(PIECES, max_size=14).map("".join))
def test_a_quick_look_passes_over_no_date(text):
    """If it failed, a date would be read as two numbers, or not at all."""
    patterns = (*dates._DATES, dates._MONTH_FIRST)
    matches = [m for pattern in patterns for m in pattern.finditer(text)]
    wanted = [date for match in matches for date in dates._date(match)]
    starts, _ = dates.beginnings(text)
    assert list(dates.dates(text, starts)) == wanted


WORDS = st.sampled_from(
    ["twenty", "Two", "one", "fIVE", "f\u0130ve", "zwölf", "x", "-", " ", "_"]
)


@given(text=st.lists(WORDS, max_size=9).map("".join))
def test_number_words_stand_as_wholes(text):
    """If it failed, `none` would hold a one, or `twenty two` be two values."""
    found = Text(text).quantities
    letters = [m.span() for m in re.finditer(r"[^\W\d_]+", text)]
    for quantity in found:
        assert quantity.start in {start for start, _ in letters}
        assert quantity.end in {end for _, end in letters}
        whole = text[quantity.start : quantity.end].lower()
        parts = re.split("[ -]+", whole)
        assert set(parts) <= number_words.SMALL.keys()
        assert len(parts) == 1 or parts[0] == "twenty"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but no.",
        "I’m really sorry, I can do nothing.",  # noqa: RUF001
        "I am unable to do that.",
        "i'm not allowed to.",
        "I'm not permitted to say.",
        "I cannot help.",
        "I can't assist.",
        "I can’t provide it.",  # noqa: RUF001
        "I can not answer.",
        "I won't discuss it.",
        "I won’t share it.",  # noqa: RUF001
        "I will not create one.",
        "I must decline to engage.",
        "Unable to comply.",
        "not able to assist",
        "As an AI language model, I am not.",
        "AS AN A\u0130, I CANNOT",
        "I'm \u017forry, but no",
        "Ich kann dabei leider nicht helfen.",
        "Das darf ich leider nicht? Ich darf das nicht nennen.",
        "Tut mir leid, aber nein.",
        "Je ne peux pas.",
        "Je suis désolée, mais non.",
        "Je ne suis pas en mesure.",
        "No puedo ayudar.",
        "Lo siento, pero no.",
        "Mi dispiace, ma no.",
        "Non posso rispondere.",
        "Não posso ajudar.",
        "Ik kan je daar niet helpen.",
        "申し訳ありません",
    ],
)
def test_every_kind_of_refusal_is_looked_for(text):
    """If it failed, an answer that helps nobody would pass for one."""
    assert refuses(answer_of(text))


def test_rules_share_what_is_read():
    """If it failed, a pair would cost as often as there are rules."""
    text = Text("The total is 4,210.")
    assert text.quantities is text.quantities
    assert text.pairs is text.pairs
    assert text.words is text.words
