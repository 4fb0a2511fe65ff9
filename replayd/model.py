"""Data that replayd stores and that its packages exchange. No behaviour.

`schedule` makes a `Block`, `replay` answers each `Planned` with `PairAnswers`,
`scoring` turns those into a `PairResult`, `ledger` commits both in dispatch order.
A verdict is a fold over `PairResult`s; it never reads `PairAnswers`.

`gc=False`: hundreds of thousands of these are held, none can be part of a cycle, and
looking for one would keep all connections waiting.
"""

from typing import Literal

from msgspec import Struct

from snaptrace.snapshot.model import Answer, Modality, Usage

Outcome = Literal[
    "answered",
    "refused",
    "truncated",
    "rate_limited",
    "unsupported_modality",
    "context_too_long",
    "bad_request",
    "server_error",
    "timeout",
    "malformed",
    "connection",
]
Stream = Literal["answered", "invariants", "quality"]
STREAMS: tuple[Stream, ...] = ("answered", "invariants", "quality")


class Case(Struct, frozen=True, kw_only=True, gc=False):
    """One snapshot as the scheduler sees it: facts to draw by, no content."""

    snapshot_id: str
    segment: str  # object name
    index: int  # record in the segment
    unit: str  # keyed session, else trace id: judged at most once per epoch
    trace_id: str
    service: str
    modality: Modality
    api: str
    model: str
    route: str
    rank: int
    recorded_at_ns: int
    uniform: bool  # in the equal-probability sample of what was listed
    replayable: bool
    reason: str = ""  # why not, from a bounded set
    strata: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    turn: int = 0
    notes: tuple[str, ...] = ()
    tokens: int = 0  # estimate of one arm's call, input and output together
    input_tokens: int = 0  # the estimate's input part
    pin: str = ""  # suite, where the case is a pin; `segment` is then the pin's name
    asserted: bool = False  # somebody wrote down what its answer must meet
    verified: bool = True  # False: for diagnosis only, in no gating stream
    row: tuple[str, ...] = ()  # of the token witness: how the call was read and asked

    @property
    def stands_for_traffic(self) -> bool:
        """Whether it is of the equal-probability sample and may be sent for a verdict.

        A pin was chosen by somebody, and stands for nothing but itself.
        """
        return self.uniform and self.replayable and self.verified and not self.pin


class Planned(Struct, frozen=True, kw_only=True, gc=False):
    """One number of the dispatch plan: a case, the arms' order and what it may cost."""

    number: int  # from 0, without gaps, per epoch
    case: Case
    lane: str  # traffic, pin:<suite>, slice:<name> or quota:<stratum>
    slices: tuple[str, ...] = ()  # protected slices that the case belongs to
    canary_first: bool = True
    second_control: bool = False  # this pair also feeds the noise floor
    seed: int = 0
    reserved_tokens: int = 0
    reserved_money: float = 0.0
    reserved_requests: int = 0


class Block(Struct, frozen=True, kw_only=True):
    """A block of the plan, written create-only before anything of it is sent."""

    epoch: str
    first: int  # number of `planned[0]`
    planned: tuple[Planned, ...]
    leader: str
    created_at_ns: int


class Epoch(Struct, frozen=True, kw_only=True):
    """Settings fixed while a canary is judged; any change opens a new epoch."""

    epoch: str  # digest of canary, control, revision, key and `sequence`
    canary: str  # arm name
    control: str  # arm name, "" if there is none
    revision: str
    key: dict[str, str]  # model ids, overrides, scorer versions, margins
    modalities: tuple[str, ...]  # whose gating streams share alpha from the start
    slices: dict[str, tuple[str, ...]] = {}  # modality -> protected slice names
    sequence: int = 0  # how many epochs this canary name had before
    started_at_ns: int = 0
    carried: tuple[str, ...] = ()  # modalities that regressed before and are open
    pinned: tuple[str, ...] = ()  # modalities with pinned assertions at the start
    # Of the epoch before, by modality: what the plan expects at the start.
    expected_discordance: dict[str, float] = {}
    # Modality, service and route of calls that are answered as well without their
    # medium: known before the epoch opened, so no answer of its own decided it.
    left_out: tuple[tuple[str, str, str], ...] = ()
    sides: str = ""  # salt of which side a judge sees the canary on; empty: none


class ArmAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """Outcome of one arm for one case."""

    outcome: Outcome
    answer: Answer = Answer()
    served_model: str = ""
    fingerprint: str = ""
    latency_ms: float = 0.0
    attempts: int = 1
    usage: Usage = Usage()
    money: float = 0.0
    detail: str = ""  # error class or status, never content
    blobs: dict[int, bytes] = {}  # bytes of `answer.media[i]`
    quota: dict[str, str] = {}  # the server's rate-limit headers, as sent
    # What budgets count over all tries, estimated where no usage was reported.
    charged_tokens: int | None = None
    # Why the request differs from the recorded one by intention: `other_api`,
    # `overridden` or `left_out`; "" if it does not.
    altered: str = ""


class PairAnswers(Struct, frozen=True, kw_only=True, gc=False):
    """Content of one pair: `answers/`, may be deleted, never read by a verdict."""

    number: int
    snapshot_id: str
    subjects: tuple[str, ...] = ()  # keyed, of the snapshot: erasure finds it by them
    canary: ArmAnswer
    control: ArmAnswer | None = None
    second_control: ArmAnswer | None = None


class ArmOutcome(Struct, frozen=True, kw_only=True, gc=False):
    """One arm's share of a result: numbers and ids only."""

    outcome: Outcome
    served_model: str = ""
    fingerprint: str = ""
    latency_ms: float = 0.0
    attempts: int = 1
    input_tokens: int = 0
    output_tokens: int = 0
    money: float = 0.0


class StreamScore(Struct, frozen=True, kw_only=True, gc=False):
    """One stream's scores of a pair, each in [0, 1]; None only if a judge was away."""

    scorer: str
    canary: float | None
    control: float | None
    second_control: float | None = None
    reason: str = ""  # bounded word, never content


class Charged(Struct, frozen=True, kw_only=True, gc=False):
    """Spending of a pair: all arms and tries, estimates included."""

    requests: int = 0
    tokens: int = 0
    money: float = 0.0
    control_calls: int = 0


class Lost(Struct, frozen=True, kw_only=True):
    """Possible spending of a leadership on numbers without a result."""

    at_ns: int  # when its successor noticed
    spent: tuple[tuple[str, Charged], ...]  # by modality


class TokenWitness(Struct, frozen=True, kw_only=True, gc=False):
    """Recorded input tokens of a pair's case, to be held against the control's."""

    row: tuple[str, ...]  # scope, version, operation, API, medium, doubt
    recorded: int = 0
    again: int = 0  # of the second control; 0 if it was not asked
    tools: bool = False  # whether the request has any: providers write a prompt then
    none: str = ""  # why the counts do not compare, from a bounded set
    # Whether the snapshot names fields that cost tokens as beyond its instrumentation.
    named: bool = False


class PairResult(Struct, frozen=True, kw_only=True, gc=False):
    """Record of `results/`, which the fold reads; no content."""

    number: int
    snapshot_id: str
    modality: Modality
    lane: str
    slices: tuple[str, ...]
    recorded_at_ns: int
    committed_at_ns: int
    canary: ArmOutcome | None = None
    control: ArmOutcome | None = None
    streams: dict[str, StreamScore] = {}  # gating streams that apply
    diagnostics: dict[str, StreamScore] = {}  # other scorers, by name
    excluded: str = ""  # why the pair feeds nothing; a rule blind to the arms
    service: str = ""
    route: str = ""
    attributes: dict[str, str] = {}
    judge: ArmOutcome | None = None  # what asking a judge model came to, if one was
    charged: Charged | None = None  # None: by an earlier release, or nothing was sent
    witness: TokenWitness | None = None  # None: by an earlier release, or not scored
    task: str = ""  # of the call, as `table`; "": by an earlier release, or unknown


class JudgedPair(Struct, frozen=True):
    """A number with a known result; `answers` are redacted, None: not to be stored."""

    result: PairResult
    answers: PairAnswers | None = None


class ResultRun(Struct, frozen=True, kw_only=True):
    """Consecutive results in one object, named by the first one's number."""

    epoch: str
    first: int
    results: tuple[PairResult, ...]
    leader: str
