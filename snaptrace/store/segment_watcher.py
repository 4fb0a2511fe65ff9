"""Detection of new segments, cheap enough to poll every second.

Segments of many collectors come in below one hour's folder in any order, so only the
folders that can still grow are listed again. A store lists a thousand names per request
at most: what takes many is listed the more seldom, so that the requests of an hour have
a bound whatever the number of collectors.
"""

from snaptrace.snapshot import object_names
from snaptrace.store.folder_backend import ObjectInfo
from snaptrace.store.store import Store

HOUR_NS = 3600 * 10**9
# A slow upload may land a little into the next hour under the last one's name.
OVERLAP_NS = 10 * 60 * 10**9
PAGE = 1000  # names in one answer of an object store
FREE_PAGES = 2  # that are listed as often as somebody looks
PACE_NS = 5 * 10**9  # for each page: 720 requests an hour


def pause_ns(names: int) -> int:
    """Return how long to wait after a listing of so many names before the next."""
    pages = names // PAGE + 1
    return pages * PACE_NS if pages > FREE_PAGES else 0


class SegmentWatch:
    """Yields each segment once, starting at a point in time."""

    def __init__(self, store: Store, since_ns: int) -> None:
        self._store = store
        self._hour_ns = object_names.hour_start_ns(since_ns)
        self._seen: dict[int, set[str]] = {}
        self._next_ns = 0  # no look before

    async def new(self, now_ns: int) -> list[ObjectInfo]:
        """Return the segments added since the last call, by name.

        One listing per hour that can still grow; a caller that waited long gets the
        hours between too. None where the last listing was long and not long ago.
        Memory: the names of at most two hours.

        Raises:
            StoreUnavailableError: nothing is lost; call again.
        """
        if now_ns < self._next_ns:
            return []
        fresh: list[tuple[int, ObjectInfo]] = []
        for hour in range(self._hour_ns, now_ns + 1, HOUR_NS):
            seen = self._seen.get(hour, set())
            fresh += [
                (hour, info)
                async for info in self._store.list(object_names.hour_folder(hour))
                if info.name not in seen and object_names.parse_segment(info.name)
            ]
        # Remembered only now: a listing that fails half way must not hide segments.
        for hour, info in fresh:
            self._seen.setdefault(hour, set()).add(info.name)
        known = sum(map(len, self._seen.values()))
        self._next_ns = now_ns + pause_ns(known)
        oldest = object_names.hour_start_ns(now_ns - OVERLAP_NS)
        self._hour_ns = max(self._hour_ns, oldest)
        for past in [hour for hour in self._seen if hour < self._hour_ns]:
            del self._seen[past]
        return [info for _, info in fresh]
