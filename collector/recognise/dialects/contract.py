"""Contract of a dialect: reads one record into what it carries of one call.

To add one: a file beside this one, a row in `DIALECTS` (`__init__.py`), and recorded
cases for the measure. The contract tests find it by its row.
"""

from typing import Literal, Protocol

from msgspec import Struct

from collector.recognise.record import Record
from snaptrace.snapshot.conversation import Conversation, Message
from snaptrace.snapshot.model import Answer, Json, Operation

Role = Literal[
    "call",  # one request to a model
    "wrapper",  # stands around calls: agent, chain, outer span. Never a call itself
    "companion",  # a second record of a call, as a stream's closing record
    "transport",  # a model SDK's own span: real, but without content
    "content",  # a log record with messages of the span that it names
]

# Whether the telemetry says which API it was, or the provider's name leaves it open.
ApiSource = Literal["carried", "guessed"]


class Candidate(Struct, kw_only=True):
    """Knowledge of one call in one span or log record.

    The request is `body` where the record carries the provider's own JSON, in the shape
    of `api` and with media still inline; else `conversation`, to be rendered in that
    shape. Everything may be empty: another record of the same call may know it.
    """

    dialect: str
    role: Role
    operation: Operation
    trace_id: bytes
    span_id: bytes
    parent_id: bytes = b""
    outer_id: bytes = b""  # the parent's parent, where the record names it
    start_ns: int
    end_ns: int
    scope: str = ""
    scope_version: str = ""
    emitter: str = ""  # the integration, of a scope that stands for many
    service: str = ""
    provider: str = ""
    api: str = ""  # a row of APIS; "" unknown
    api_source: ApiSource = "carried"
    model: str = ""  # the model asked for; "" if only the answering one is known
    body: Json = None  # the provider's own JSON
    verbatim: bool = False  # the body's bytes as sent: no other record knows better
    joined: bool = False  # a verbatim call whose other record was found
    conversation: Conversation | None = None  # put together from parts
    around: tuple[str, ...] = ()  # scopes of other records that stood around this one
    of_langchain: bool = False  # read from that framework's messages and arguments
    lost: tuple[str, ...] = ()  # leaf paths or groups this dialect never carries
    missing: tuple[str, ...] = ()  # leaf paths known to be lost in this call
    reasons: tuple[str, ...] = ()  # why; words of `fidelity.REASONS`
    answer: Answer | None = None
    messages: tuple[Message, ...] = ()  # of a content record, in order
    supplement: dict[str, Json] = {}  # Conversation fields only a wrapper knows
    request_digest: bytes = b""  # of a closed call whose answer was not seen
    process: bytes = b""  # digest of the resource: who sent it
    session_id: str = ""
    user_id: str = ""
    trace_state: str = ""
    attributes: dict[str, str] = {}  # those the operator asked to keep
    dropped_attributes: int = 0
    references: dict[str, str] = {}  # attribute -> where an upload hook put its value
    referenced: Record | None = None  # the record that names them, to be read anew
    unread: Record | None = None  # a failed call's, whose content its run may know
    size_bytes: int = 0  # of the encoded record: what holding it costs


class Dialect(Protocol):
    """One convention. Pure and total: bounded work, no exception, on any record."""

    name: str  # metric label and `Snapshot.dialect`

    def claims(self, record: Record) -> bool:
        """Tell, by key lookups alone, whether the record speaks this convention."""
        ...

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows, or None: no call and no part of one."""
        ...
