"""Layout of a record: the names of its attributes, without indices and values.

A version of a library that writes the names that recorded versions wrote puts its
content where they put it; a name that nobody recorded may hold what a reader misses.
"""

import functools
import re
from collections.abc import Iterable

from collector.recognise.record import Record

# Words of names that tell of answers, times and costs: they hold nothing of a request.
_OF_ANSWERS = re.compile(
    r"(?:^|[._])(?:completions?|cost|evaluation|exception|finish_reasons?"
    r"|output(?:_messages?)?|response|stop_reason|time_to_first\w*|usage)(?:[._]|$)"
)
_INDEX = re.compile(r"(?<=[._])\d{1,9}(?=[._]|$)")
_CACHED = 8192
_NAME_MAX = 128  # characters; a longer name is no convention's
_NAMES_MAX = 1024  # distinct ones of one record
_OTHER = "?"


def names_of(record: Record) -> tuple[str, ...]:
    """Return the names of a record's attributes, of its events and of its body."""
    if record.kind == "log":
        body = record.body if isinstance(record.body, dict) else {}
        keys = (f"{record.name}.{key}" for key in body)
        return (record.name, *record.attributes, *keys)
    if not record.events:
        return tuple(record.attributes)
    told = {f"{e.name}.{key}" for e in record.events for key in e.attributes}
    return (*record.attributes, *told)


def layout(names: Iterable[str]) -> frozenset[str]:
    """Return names of a record as `llm.input_messages.*.message.role`. Bounded.

    Names that tell of the answer are left out.
    """
    found: set[str] = set()
    for name in names:
        found.add(_plain(name) if len(name) <= _NAME_MAX else _OTHER)
        if len(found) > _NAMES_MAX:
            break
    return frozenset(found - {""})


@functools.lru_cache(maxsize=_CACHED)
def _plain(name: str) -> str:
    return "" if _OF_ANSWERS.search(name) else _INDEX.sub("*", name)
