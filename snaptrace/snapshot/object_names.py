"""All object names of a store: the only place that builds and parses them.

Objects are created and deleted, never overwritten. Numbers are padded so that the
order of names is the order of numbers. The first part is the format's version.
"""

import re
from datetime import UTC, datetime

from msgspec import Struct

ROOT = "v1"
SEGMENTS = f"{ROOT}/segments"
MEDIA = f"{ROOT}/media"
PINS = f"{ROOT}/pins"
EPOCHS = f"{ROOT}/epochs"
PLANS = f"{ROOT}/plans"
RESULTS = f"{ROOT}/results"
ANSWERS = f"{ROOT}/answers"
CHECKPOINTS = f"{ROOT}/checkpoints"
OPINIONS = f"{ROOT}/opinions"
ERASED = f"{ROOT}/erased"
CATALOGUE = f"{ROOT}/catalogue"
INDEX = f"{ROOT}/index"
LEASE = f"{ROOT}/lease"
SHOWN = f"{ROOT}/shown"
DRILLS = f"{ROOT}/drills"
WATCH = f"{ROOT}/watch"
KEYS = f"{ROOT}/keys"
PROBE = f"{ROOT}/probe"
# What one leadership leaves for the next; of use for days, then litter.
TERMS = f"{ROOT}/terms"
ENDED = f"{ROOT}/ended"
WAVES = f"{ROOT}/waves"
TRIES = f"{ROOT}/tries"
LOST = f"{ROOT}/lost"
EARLY = f"{ROOT}/early"
HANDED = f"{ROOT}/handed"
LEADERSHIP = (TERMS, ENDED, WAVES, TRIES, LOST, EARLY, HANDED)
# What a verdict rests on: tagged, so that a change of it is noticed.
TAGGED = (
    *(EPOCHS, PLANS, RESULTS, ANSWERS, CHECKPOINTS, OPINIONS, SHOWN, DRILLS, WATCH),
    *LEADERSHIP,
)

_DIGITS = 12
_TIME_DIGITS = 20
_NANOSECONDS = 10**9
_SEGMENT = re.compile(
    rf"{SEGMENTS}/(\d{{4}})/(\d\d)/(\d\d)/(\d\d)/([0-9A-Za-z_.-]+)/(\d{{{_DIGITS}}})"
)
_MEDIUM = re.compile(rf"{MEDIA}/(\d{{4}}-\d\d)/([0-9a-f]{{2}})/([0-9a-f]{{64}})")
_CATALOGUE = re.compile(rf"{CATALOGUE}/(\d{{4}})/(\d\d)/(\d\d)/(\d\d)/(\d+)")
_INDEX = re.compile(rf"{INDEX}/(\d{{4}})/(\d\d)/(\d\d)/(\d\d)/(\d+)")
_PIN = re.compile(rf"{PINS}/([^/]+)/cases/([0-9a-f]+)")
_TOMBSTONE = re.compile(rf"{ERASED}/([0-9a-f]{{32}})/(\d{{{_TIME_DIGITS}}})")
_TAGGED = tuple(f"{folder}/" for folder in TAGGED)
_NUMBERED = re.compile(rf"{ROOT}/[a-z]+/([^/]+)/(\d{{{_DIGITS}}})")
_OPINION = re.compile(rf"{OPINIONS}/([^/]+)/(\d{{{_DIGITS}}})\.([01])")
_PLAIN = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}")


class SegmentName(Struct, frozen=True, kw_only=True):
    """Parsed name of a segment."""

    hour_ns: int  # start of the hour of upload, Unix time
    collector: str
    sequence: int  # counts up per collector

    @property
    def media_folder(self) -> str:
        """Folder of its records' media."""
        return media_folder(self.hour_ns)


def plain(part: str) -> str:
    """Return `part` if it is safe in a name without encoding.

    Raises:
        ValueError: empty, too long, or with characters beyond letters, digits, `_.-`.
    """
    if _PLAIN.fullmatch(part) is None:
        raise ValueError(f"{part!r} cannot be a part of an object name")
    return part


def _hour(at_ns: int) -> datetime:
    hour_seconds = at_ns // _NANOSECONDS // 3600 * 3600
    return datetime.fromtimestamp(hour_seconds, UTC)


def hour_start_ns(at_ns: int) -> int:
    """Return the start of the UTC hour that holds `at_ns`."""
    return at_ns // _NANOSECONDS // 3600 * 3600 * _NANOSECONDS


def hour_folder(at_ns: int) -> str:
    """Return `v1/segments/<yyyy>/<mm>/<dd>/<hh>` of the hour that holds `at_ns`."""
    return f"{SEGMENTS}/{_hour(at_ns):%Y/%m/%d/%H}"


def segment(at_ns: int, collector: str, sequence: int) -> str:
    """Return the name of a segment uploaded at `at_ns`."""
    return f"{hour_folder(at_ns)}/{plain(collector)}/{sequence:0{_DIGITS}d}"


def parse_segment(name: str) -> SegmentName | None:
    """Parse a segment's name; None for any other name."""
    if (match := _SEGMENT.fullmatch(name)) is None:
        return None
    try:
        hour = datetime(*(int(match[i]) for i in range(1, 5)), tzinfo=UTC)  # type: ignore[misc,arg-type] # four ints
    except ValueError:
        return None
    return SegmentName(
        hour_ns=int(hour.timestamp()) * _NANOSECONDS,
        collector=match[5],
        sequence=int(match[6]),
    )


def media_folder(at_ns: int) -> str:
    """Return `v1/media/<yyyy-mm>` of the month that holds `at_ns`."""
    return f"{MEDIA}/{_hour(at_ns):%Y-%m}"


def medium(folder: str, digest: str) -> str:
    """Return the name of a medium in a month's folder, or in a pin's."""
    return f"{folder}/{digest[:2]}/{digest}"


def parse_medium(name: str) -> tuple[str, str] | None:
    """Return (month as `yyyy-mm`, digest) of a medium; None for any other name."""
    match = _MEDIUM.fullmatch(name)
    return (match[1], match[3]) if match else None


def suite_folder(suite: str) -> str:
    """Return the folder of a suite of pins."""
    return f"{PINS}/{plain(suite)}"


def suite_media_folder(suite: str) -> str:
    """Return the folder of a suite's own copies of media."""
    return f"{suite_folder(suite)}/media"


def pin(suite: str, snapshot: str) -> str:
    """Return the name of one pinned snapshot."""
    return f"{suite_folder(suite)}/cases/{plain(snapshot)}"


def parse_pin(name: str) -> tuple[str, str] | None:
    """Return (suite, snapshot id) of a pin, else None."""
    match = _PIN.fullmatch(name)
    return (match[1], match[2]) if match else None


def numbered(folder: str, epoch: str, number: int) -> str:
    """Return `<folder>/<epoch>/<number>`: plans, results, answers, checkpoints."""
    return f"{folder}/{plain(epoch)}/{number:0{_DIGITS}d}"


def parse_numbered(name: str) -> tuple[str, int] | None:
    """Return (epoch, number) of a plan, result, answer or checkpoint, else None."""
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2])) if match else None


def plan(epoch: str, number: int) -> str:
    """Return the name of a dispatch plan."""
    return numbered(PLANS, epoch, number)


def result(epoch: str, number: int) -> str:
    """Return the name of a result: numbers and ids only."""
    return numbered(RESULTS, epoch, number)


def answer(epoch: str, number: int) -> str:
    """Return the name of an answer: content, may be erased."""
    return numbered(ANSWERS, epoch, number)


def checkpoint(epoch: str, number: int) -> str:
    """Return the name of a checkpoint of the fold up to `number`."""
    return numbered(CHECKPOINTS, epoch, number)


def opinion(epoch: str, number: int, turn: int) -> str:
    """Return the name of a person's decision: the first about a pair, or the second."""
    return f"{numbered(OPINIONS, epoch, number)}.{turn}"


def parse_opinion(name: str) -> tuple[str, int, int] | None:
    """Return (epoch, number, turn) of a person's decision, else None."""
    match = _OPINION.fullmatch(name)
    return (match[1], int(match[2]), int(match[3])) if match else None


def lease(number: int) -> str:
    """Return the name of the lease's holder number `number`."""
    return f"{LEASE}/{number:0{_DIGITS}d}"


def shown(number: int) -> str:
    """Return the name of the verdicts published by a leader, by number."""
    return f"{SHOWN}/{number:0{_DIGITS}d}"


def tombstone(subject: str, erased_at_ns: int) -> str:
    """Return the name of a tombstone: this keyed subject, erased up to then."""
    return f"{ERASED}/{plain(subject)}/{erased_at_ns:0{_TIME_DIGITS}d}"


def parse_tombstone(name: str) -> tuple[str, int] | None:
    """Return (keyed subject, erased at as Unix ns) of a tombstone, else None."""
    match = _TOMBSTONE.fullmatch(name)
    return (match[1], int(match[2])) if match else None


def catalogue(hour_ns: int, part: int = 0) -> str:
    """Return the name of the catalogue of a closed hour's segments."""
    return f"{CATALOGUE}/{_hour(hour_ns):%Y/%m/%d/%H}/{part}"


def parse_catalogue(name: str) -> tuple[int, int] | None:
    """Return (hour as Unix ns, part) of a catalogue, else None."""
    return _hour_and_part(_CATALOGUE.fullmatch(name))


def index(hour_ns: int, part: int = 0) -> str:
    """Return the name of the index of a closed hour, of its catalogue's part."""
    return f"{INDEX}/{_hour(hour_ns):%Y/%m/%d/%H}/{part}"


def parse_index(name: str) -> tuple[int, int] | None:
    """Return (hour as Unix ns, part) of an index, else None."""
    return _hour_and_part(_INDEX.fullmatch(name))


def _hour_and_part(match: re.Match[str] | None) -> tuple[int, int] | None:
    if match is None:
        return None
    try:
        hour = datetime(*(int(match[i]) for i in range(1, 5)), tzinfo=UTC)  # type: ignore[misc,arg-type] # four ints
    except ValueError:
        return None
    return int(hour.timestamp()) * _NANOSECONDS, int(match[5])


def wrapped_key(number: int) -> str:
    """Return the name of wrapped data key number `number`."""
    return f"{KEYS}/{number:0{_DIGITS}d}"


def is_tagged(name: str) -> bool:
    """Return whether objects of this name are tagged."""
    return name.startswith(_TAGGED)
