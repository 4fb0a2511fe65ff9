"""A text as the rules see it: each thing that is read in it is read once."""

from collections.abc import Sequence
from functools import cached_property

from replayd.scoring.extract.language.language import language_of
from replayd.scoring.extract.language.words import spoken_words, words_of
from replayd.scoring.extract.numbers.notation import plain_numbers
from replayd.scoring.extract.numbers.quantities import LONGEST_READ, quantities
from replayd.scoring.extract.numbers.quantity import Quantity
from replayd.scoring.extract.structure.labels import Reading, read_pairs


class Text:
    """One text, read no further than `LONGEST_READ` and only as far as is asked for.

    Lives as long as the pair that it belongs to; several rules ask it the same.
    """

    def __init__(self, text: str) -> None:
        self.plain = plain_numbers(text[:LONGEST_READ])

    @cached_property
    def language(self) -> str | None:
        """ISO 639-1 code, None where the text does not say clearly."""
        return language_of(self.plain)

    @cached_property
    def words(self) -> Sequence[str]:
        """Its words in order, case-folded."""
        return words_of(self.plain)

    @cached_property
    def spoken(self) -> Sequence[str]:
        """Its words as they sound: quantities in one spelling."""
        return spoken_words(self.plain, self.quantities)

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """Its numbers, dates and times, in order."""
        return quantities(self.plain, language=lambda: self.language)

    @cached_property
    def readings(self) -> frozenset[str]:
        """All values that its quantities can be read as."""
        return frozenset[str]().union(*[each.readings for each in self.quantities])

    @cached_property
    def pairs(self) -> Reading:
        """Its quantities, each with the words that it belongs to."""
        return read_pairs(self.plain, self.quantities)

    @cached_property
    def folded(self) -> str:
        """The text without letter case and line breaks, to look for names in."""
        return " ".join(self.plain.casefold().split())
