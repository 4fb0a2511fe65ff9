"""Stored reference of a case: cheap to keep and to hand on."""

from msgspec import Struct

from replayd.scoring.contract import ScoringCase
from snaptrace.snapshot import codec
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.model import Json, Snapshot


class Recorded(Struct, frozen=True):
    """A stored snapshot, a pin's assertion, and traits measured from the content."""

    packed: codec.Packed
    assertion: Json = None
    traits: dict[str, str] = {}
    media: dict[int, bytes] = {}  # bytes of the recorded answer's media, where kept

    def scoring_case(self) -> ScoringCase:
        """Return the case, decoded.

        Raises:
            ValueError: the bytes are no snapshot.
        """
        snapshot = codec.unpack_snapshot(self.packed)
        return scoring_case(snapshot, self.assertion, self.media)


def scoring_case(
    snapshot: Snapshot, assertion: Json = None, media: dict[int, bytes] | None = None
) -> ScoringCase:
    """Return what an answer is judged against: a pin's assertion, the recording."""
    api = APIS.get(snapshot.request.api)
    known = api is not None and api.operation == "chat"
    asserted = assertion if isinstance(assertion, list | tuple) else [assertion]
    return ScoringCase(
        snapshot=snapshot,
        conversation=api.parse(snapshot.request.body) if api and known else None,
        reference=snapshot.answer,
        assertions=tuple(each for each in asserted if isinstance(each, dict)),
        reference_blobs=media or {},
    )
