"""Contract of a kind of assertion: what it takes, where it applies, if it is met."""

from collections.abc import Callable

from msgspec import Struct

from replayd.scoring.contract import Said, ScoringCase
from snaptrace.snapshot.model import Json


def always(_wanted: Json, _case: ScoringCase) -> str:
    """Return that a kind applies to every case."""
    return ""


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of assertion.

    To add one: a function in a file beside this one, a row in `KINDS` (`__init__.py`),
    a row in `docs/suite.md` and cases in `tests/unit/replayd/scoring/assertions/`.
    """

    met: Callable[[Json, Said, ScoringCase], bool]
    misfit: Callable[
        [Json], str
    ]  # why a value cannot be what it asks for; "" if it can
    # Why it cannot be met or broken by any answer to a case; "" if it can.
    inapplicable: Callable[[Json, ScoringCase], str] = always


def a_text(wanted: Json) -> str:
    """Return why a value is no text that can be looked for."""
    held = isinstance(wanted, str) and bool(wanted.strip())
    return "" if held else "a text is wanted"


def texts_of(wanted: Json) -> list[str]:
    """Return one text or several as a list."""
    return [wanted] if isinstance(wanted, str) else list(wanted)


def some_texts(wanted: Json) -> str:
    """Return why a value is neither a text nor a list of texts."""
    if isinstance(wanted, list) and wanted:
        return next(filter(None, map(a_text, wanted)), "")
    return "" if not a_text(wanted) else "a text or a list of texts is wanted"


def yes_or_no(wanted: Json) -> str:
    """Return why a value is neither true nor false."""
    return "" if isinstance(wanted, bool) else "true or false is wanted"
