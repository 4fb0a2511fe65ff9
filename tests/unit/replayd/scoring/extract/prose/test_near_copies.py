# ruff: noqa: E501, RUF001 - letters of other scripts are what is read here
"""Words replaced or left out in an answer that is else the recording's own words."""

import pytest

from replayd.scoring.extract.prose.near_copies import replaced_part

RECORDED = {
    "en": "You can cancel the order until it ships, and we refund you to the payment"
    " method you used.",
    "it": "Il ferro reagisce con l'ossigeno e con l'umidità dell'aria e forma ossidi di"
    " ferro. Il sale accelera il processo.",
    "ru": "На столе лежит открытая книга и стоит чашка чая. За окном видна церковь с"
    " золотым куполом.",
    "zh": "一只黑猫坐在窗台上，旁边有一盆红色的花。窗外正在下雪。",
}


@pytest.mark.parametrize(
    ("language", "answer"),
    [
        (
            "en",
            (
                "You can cancel the order until it ships, and we refund you with a gift"
                " voucher."
            ),
        ),
        (
            "it",
            (
                "Il ferro reagisce con l'ossigeno e con l'umidità dell'aria e forma carbonati"
                " gialli di rame. Il sale accelera il processo."
            ),
        ),
        (
            "ru",
            (
                "На столе лежит открытая книга и стоит бокал вина. За окном видна церковь с"
                " золотым куполом."
            ),
        ),
        ("zh", "一只黑猫坐在窗台上，旁边有一盆红色的花。窗外阳光明媚。"),
    ],
)
def test_a_stretch_with_another_in_its_stead_is_named(language, answer):
    """If it failed, a wrong half of a sentence would be taken for wording."""
    assert replaced_part(RECORDED[language], answer, "", language)


@pytest.mark.parametrize(
    ("language", "answer"),
    [
        (
            "en",
            (
                "Until the parcel has left us, you may cancel; the money goes back to the"
                " payment method you used."
            ),
        ),
        (
            "it",
            (
                "A contatto con ossigeno e umidità il ferro si ossida; la presenza di sale"
                " rende la reazione più veloce."
            ),
        ),
        (
            "ru",
            "За окном церковь с золотым куполом, на столе чашка чая и открытая книга.",
        ),
        ("zh", "窗台上坐着一只黑猫，旁边放着一盆红花，外面下着雪。"),
    ],
)
def test_an_answer_that_is_reworded_throughout_is_no_copy(language, answer):
    """If it failed, free rewording would be read as other facts."""
    assert not replaced_part(RECORDED[language], answer, "", language)


def test_what_a_copy_leaves_out_is_named():
    """If it failed, an answer without its second half would be as good."""
    short = "You can cancel the order until it ships."
    assert "left out" in replaced_part(RECORDED["en"], short, "", "en").what


def test_words_of_the_question_are_nothing_new():
    """If it failed, an answer that says what was asked about would be punished."""
    answer = RECORDED["en"].replace("the order", "the blue sofa")
    assert replaced_part(RECORDED["en"], answer, "", "en")
    assert not replaced_part(
        RECORDED["en"], answer, "Can I cancel the blue sofa?", "en"
    )
