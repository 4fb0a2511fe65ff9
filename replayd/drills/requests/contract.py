"""Contract of a fault on the way in: a known change of what the model is asked."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TypeAlias

from msgspec import Struct

from snaptrace.snapshot.model import MediaKind, Snapshot


class Asked(Struct, frozen=True):
    """One request: a recorded call and its media by `MediaRef.index`."""

    snapshot: Snapshot
    media: Mapping[int, bytes]


class OtherMedia(Struct, frozen=True):
    """A medium of another case of the same modality; empty: there is none."""

    data: bytes = b""
    mime: str = ""


# None: the fault has nothing to change in this request.
Apply: TypeAlias = Callable[[Asked, OtherMedia], Asked | None]


class RequestFault(Struct, frozen=True):
    """One fault; to add one: a function in this folder and a row in `__init__.py`."""

    name: str  # label of metrics and certificates; never reused for another change
    apply: Apply
    kind: MediaKind | None = None  # of the medium it changes; None: any request
    harmless: bool = False
    needs: str = ""  # module that has to be installed; see the extra `drills`

    @property
    def is_installed(self) -> bool:
        """Whether the module that it needs is there."""
        return not self.needs or find_spec(self.needs) is not None

    def applied(self, asked: Asked, other: OtherMedia) -> Asked | None:
        """Return the request with the fault; None if it has nothing to change."""
        kinds = {medium.kind for medium in asked.snapshot.media}
        if self.kind is not None and self.kind not in kinds:
            return None
        return self.apply(asked, other)
