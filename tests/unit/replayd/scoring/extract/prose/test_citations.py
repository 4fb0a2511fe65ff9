"""Sources that an answer names: in the request or not, in support or not."""

import pytest

from replayd.scoring.extract.prose.citations import citation_faults, cites_sources

NUMBERED = "[1] The lake is deep. [2] Boats need a licence from the harbour office."
IDS = "[HR-12] Leave is requested online.\n[HR-31] Travel is booked by the office."
LINKS = (
    "https://docs.example/lake: The lake is deep.\n"
    "https://docs.example/boats: Boats need a licence."
)
SECTIONS = "§ 3 The lake belongs to the town. § 8 Boats need a licence."
TITLES = '"Lake Guide": The lake is deep.\n"Boat Rules": Boats need a licence.'


@pytest.mark.parametrize(
    ("context", "recorded", "answer", "fault"),
    [
        (NUMBERED, "Boats need a licence [2].", "The lake is deep [1].", ""),
        (NUMBERED, "Boats need a licence [2].", "A licence is needed.", "no source"),
        (NUMBERED, "It is deep [1].", "It is deep [1]; see also [7].", "[7]"),
        (NUMBERED, "Boats need a licence [2].", "Boats need a licence [1].", "cites 1"),
        (IDS, "Request leave online [HR-12].", "Leave: online [hr-12].", ""),
        (IDS, "Request leave online [HR-12].", "Leave: online [HR-19].", "no source"),
        (
            IDS,
            "Request leave online [HR-12].",
            "Request leave online [HR-31].",
            "hr-31",
        ),
        (
            LINKS,
            "The lake is deep (https://docs.example/lake).",
            "The lake is deep (https://docs.example/water).",
            "no source",
        ),
        (SECTIONS, "A licence is needed (§ 8).", "Under § 8, get a licence.", ""),
        (SECTIONS, "A licence is needed (§ 8).", "A licence (§ 8, § 14).", "§14"),
        (
            TITLES,
            'It is deep ("Lake Guide").',
            'It is deep ("Sea Atlas").',
            "no source",
        ),
    ],
)
def test_sources_exist_and_support(context, recorded, answer, fault):
    """An invented or exchanged source would pass, or a right one would not."""
    found = citation_faults(recorded, answer, context)
    assert (fault in found) if fault else not found


def test_a_quotation_has_to_stand_in_the_request():
    """Words that nobody wrote would pass as a quotation."""
    rules = 'Rules: "Boats must be moored before dark. Dogs stay on the lead."'
    recorded = 'It says "Boats must be moored before dark".'
    assert not citation_faults(recorded, 'It says "Dogs stay on the lead."', rules)
    assert citation_faults(recorded, 'It says "Boats may stay out after dark".', rules)


def test_sources_are_not_options():
    """A sentence that cites [2] would be read as the choice of option 2."""
    assert cites_sources("Boats need a licence first [2].", NUMBERED)
    assert not cites_sources("(2)", NUMBERED)
