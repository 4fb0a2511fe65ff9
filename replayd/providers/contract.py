"""Contract of a provider: one API over HTTP, in both directions."""

from typing import Protocol

from msgspec import Struct

from replayd.model import Outcome
from replayd.providers.platforms import Platform
from snaptrace.snapshot.model import Answer, Json, Snapshot

REPLAY_HEADER = "x-snaptrace-replay"  # marks every replay, for the server's own books


class Overrides(Struct, frozen=True, kw_only=True):
    """Overrides of an arm, so that prompts can be candidates too."""

    system: str | None = None  # replaces the system prompt
    params: dict[str, Json] = {}  # body fields in the API's own names
    allowed_tools: tuple[str, ...] = ()  # server-executed tools that may run
    stream: bool = False  # ask for a stream of events, where the API has one
    # Parameters that the model of the other arm of a pair refuses, by shared names.
    leave_out: tuple[str, ...] = ()
    platform: Platform = Platform()
    profile: str = ""  # the family of the model, where its name does not tell


class ProviderRequest(Struct, frozen=True, kw_only=True):
    """One request, ready but for base URL and credentials."""

    method: str
    path: str  # below the base URL
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = {}
    left_out: tuple[str, ...] = ()  # parameters that either arm's model refuses


class Refusal(Struct, frozen=True, kw_only=True):
    """The case cannot be sent through this API; nothing was spent."""

    # One of: no_body, media_not_kept, media_missing, provider_state, server_tool,
    # field_not_allowed, unmappable, unknown_api, too_large, model_refuses.
    reason: str
    paths: tuple[str, ...] = ()  # what stood in the way


class Reading(Struct, frozen=True, kw_only=True):
    """Parsed response."""

    outcome: Outcome
    answer: Answer = Answer()
    served_model: str = ""
    fingerprint: str = ""
    detail: str = ""
    blobs: dict[int, bytes] = {}  # bytes of `answer.media[i]`


class Provider(Protocol):
    """Speaks one model API. Pure: `replayd.endpoint` owns connections and limits.

    To add one: a file beside this one, a row in `PROVIDERS` (`__init__.py`), golden
    exchanges in `tests/golden/providers/`. The contract tests find it by its row.
    """

    name: str  # as in a snapshot's `request.api`

    def request(
        self,
        snapshot: Snapshot,
        media: dict[int, bytes],
        model: str,
        overrides: Overrides,
    ) -> ProviderRequest | Refusal:
        """Return the body to send: only allowed fields, media in place.

        `media` maps `MediaRef.index` to bytes. A case recorded from another API is
        mapped part by part or refused by name.
        """
        ...

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the credential."""
        ...

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a complete response; never raises on hostile bytes."""
        ...
