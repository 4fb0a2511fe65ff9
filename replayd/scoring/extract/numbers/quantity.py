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


def agree(one: Quantity, other: Quantity) -> bool:
    """Whether both can be read as the same value."""
    return not (
        one.readings.isdisjoint(other.readings | other.shortened)
        and one.shortened.isdisjoint(other.readings)
    )
