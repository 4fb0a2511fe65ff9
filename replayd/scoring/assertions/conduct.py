"""Assertions about conduct: refusing, the language of the answer, its sources."""

import re

from replayd.scoring.assertions.contract import Kind, yes_or_no
from replayd.scoring.contract import Said, ScoringCase
from replayd.scoring.extract.language.language_id import likely_language, other_language
from replayd.scoring.extract.prose.citations import cited_in, sources_of
from snaptrace.snapshot.model import Json

_CODE = re.compile(r"[a-z]{2,3}")
_LINK = re.compile(r"https?://[^\s)\]>\"']+")


def _refuses(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    return bool(said.refuses == wanted)


def _in_language(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    """Whether nothing says that it is in another language; a short text may not."""
    return other_language(said.answer.text, str(wanted)) is None and (
        likely_language(said.answer.text) in (None, wanted)
    )


def _a_language(wanted: Json) -> str:
    held = isinstance(wanted, str) and _CODE.fullmatch(wanted) is not None
    return "" if held else "an ISO 639-1 code is wanted, as de"


def _cites_given(wanted: Json, said: Said, case: ScoringCase) -> bool:
    """Whether every source that is named, by number or address, is in the request."""
    given = sources_of(case.request.plain)
    ids = {each for cited in cited_in(said.answer.text) for each in cited.ids}
    links = {link.rstrip(".,;") for link in _LINK.findall(said.answer.text)}
    unknown = ids - given.keys() or {x for x in links if x not in case.request.plain}
    return bool((not unknown) == wanted)


def _no_sources(_wanted: Json, case: ScoringCase) -> str:
    plain = case.request.plain
    return (
        "" if sources_of(plain) or _LINK.search(plain) else "the request has no sources"
    )


REFUSES = Kind(met=_refuses, misfit=yes_or_no)
LANGUAGE = Kind(met=_in_language, misfit=_a_language)
CITES_ONLY_GIVEN = Kind(met=_cites_given, misfit=yes_or_no, inapplicable=_no_sources)
