"""Steps in another order."""

import pytest

from replayd.scoring.extract.prose.steps import reordered

CAR = (
    "First loosen the screws. Then lift the car with the jack."
    " Finally take off the wheel."
)


@pytest.mark.parametrize(
    ("reference", "answer", "language"),
    [
        (
            CAR,
            (
                "First lift the car with the jack. Then take off the wheel."
                " Finally loosen the screws."
            ),
            "en",
        ),
        (
            "1. Farbe mischen\n2. Wand abkleben\n3. Decke streichen",
            "1. Decke streichen\n2. Farbe mischen\n3. Wand abkleben",
            "de",
        ),
        (
            "Najpierw zagotuj wodę. Potem wsyp ryż. Na koniec dodaj sól.",
            "Najpierw dodaj sól. Potem zagotuj wodę. Na koniec wsyp ryż.",
            "pl",
        ),
    ],
)
def test_another_order(reference: str, answer: str, language: str) -> None:
    """If it failed, an instruction that cannot be followed would count as right."""
    assert reordered(reference, answer, language)


@pytest.mark.parametrize(
    "answer",
    [
        CAR,
        CAR.replace("First", "To begin, first").replace("car", "whole car"),
        "Before you take off the wheel, lift the car with the jack; first loosen it.",
        "Lift the car with the jack. Take off the wheel. Loosen the screws.",
    ],
)
def test_no_other_order(answer: str) -> None:
    """If it failed, a step told later, or steps without an order, would be a fault."""
    assert not reordered(CAR, answer, "en")
