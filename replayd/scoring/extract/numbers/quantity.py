"""One value in a text, as it can be compared."""

from msgspec import Struct


class Quantity(Struct, frozen=True):
    """One value and where it stands."""

    start: int
    end: int
    readings: frozenset[str]  # canonical values; two quantities agree if they share one
    optional: bool = False  # "one" and its like: may be an article
    # Readings with a part left out, as a date without its year: they agree with a
    # quantity that leaves it out too, not with each other.
    shortened: frozenset[str] = frozenset()
    # Day and month as they stand where either may come first, as in `5/12/2024`.
    written: str = ""


def agree(one: Quantity, other: Quantity) -> bool:
    """Whether both can be read as the same value.

    Answers to one question write their dates in one order: the digits tell.
    """
    if one.written and other.written and _turned(one.written, other.written):
        return False
    return not (
        one.readings.isdisjoint(other.readings | other.shortened)
        and one.shortened.isdisjoint(other.readings)
    )


def _turned(one: str, other: str) -> bool:
    """Whether day and month stand in each other's place."""
    return [part.lstrip("0") for part in one.split("/")] != [
        part.lstrip("0") for part in other.split("/")
    ]
