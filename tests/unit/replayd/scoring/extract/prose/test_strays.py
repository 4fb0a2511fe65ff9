"""Claims that neither the recording nor the other arm makes."""

import pytest

from replayd.scoring.extract.prose.strays import Known, strays

RECORDED = (
    "After a short debate the council withdrew the plan, as most residents live near"
    " the mill."
)
OTHER = (
    "The plan is off: the council took it back after the debate, because most"
    " residents are based near the mill."
)


def _strays(answer: str, other: str = OTHER) -> str:
    return strays(answer, other, Known(RECORDED, "", ""), "en")


@pytest.mark.parametrize(
    ("gone", "new"),
    [
        ("after the", "before the"),
        ("most residents", "few residents"),
        ("are", "are not"),
    ],
)
def test_a_word_that_only_the_other_arm_shares_with_the_recording(
    gone: str, new: str
) -> None:
    """If it failed, a wrong word in a reworded answer would pass unseen."""
    assert _strays(OTHER.replace(gone, new, 1))


@pytest.mark.parametrize("answer", [OTHER, RECORDED, OTHER.replace("based", "at home")])
def test_wording_of_its_own_is_no_claim_of_its_own(answer: str) -> None:
    """If it failed, an answer would be punished for words of the same meaning."""
    assert not _strays(answer)


def test_the_arm_that_keeps_to_the_recording_is_not_blamed() -> None:
    """If it failed, the right arm would lose what the wrong one does."""
    assert not _strays(OTHER, OTHER.replace("after the", "before the", 1))
