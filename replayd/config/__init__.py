"""Every setting of replayd; one section of the configuration file."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from replayd.config.scorers import ScorerConfig
from replayd.config.workers import WorkersConfig
from snaptrace.redact.config import RedactConfig
from snaptrace.runtime.config import Address, Duration

Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
Money = Annotated[float, Meta(ge=0)]


class ListenConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to serve on."""

    # Address to serve on.
    listen: Address


class AppliesTo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose traffic an arm stands for; empty lists mean everybody's."""

    # Values of `service.name`; empty: all.
    service: list[str] = []
    # Models that production asked; empty: all.
    recorded_model: list[str] = []
    # Routes of `collector.reservoir.routes`; empty: all.
    route: list[str] = []


class OverridesConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Overrides that the arm applies to every request."""

    # System prompt in place of the recorded one.
    system: str | None = None
    params: dict[str, Any] = {}  # body fields in the API's own names


class ArmConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One endpoint with a model behind it."""

    # `canary` is judged; `control` is the production model it is compared with.
    role: Literal["canary", "control"]
    url: str  # base URL, as http://prod/v1
    # Model name sent in requests.
    model: str
    # API the endpoint speaks, as `openai_responses`, `anthropic_messages` or
    # `gemini_generate_content`.
    api: str = "openai_chat"
    revision: str = ""  # declared by the operator; a new one opens a new epoch
    # `equivalent`: should answer as the control; `upgrade`: may answer differently.
    intent: Literal["equivalent", "upgrade"] = "equivalent"
    # File or http(s) address of people's decisions; see docs/judge.md.
    decisions: str = ""
    # Cloud that serves the model: `azure` (key in `api-key`), `vertex` (bearer token,
    # read again when its file changes), `aws` (Bedrock; signed by botocore's signer
    # with the credentials of its chain, or a Bedrock key). Empty: the provider itself.
    platform: Literal["", "aws", "azure", "vertex"] = ""
    region: str = ""  # of `aws`; empty: from the URL, else AWS_REGION
    api_version: str = ""  # of `azure`, as 2024-10-21; empty: its API without versions
    # Environment variable that holds the API key.
    api_key_env: str = ""
    # File that holds the API key; `vertex` reads it again when it changes.
    api_key_file: str = ""
    # Added to every request; never logged.
    headers: dict[str, str] = {}
    applies_to: AppliesTo = AppliesTo()
    overrides: OverridesConfig = OverridesConfig()
    stream: bool = False  # ask for answers as a stream of events, read to its end
    # Of one call, its retries included.
    timeout: Duration = Duration(120)
    # Requests in flight at most; fewer while the endpoint pushes back.
    concurrency: Annotated[int, Meta(ge=1, le=10_000)] = 32
    # Bytes of an answer at most; a longer one is `malformed`. Default 64 MiB.
    max_response_bytes: Annotated[int, Meta(ge=1024)] = 64 * 2**20
    # Share of time in which the arm is to answer; below it an alert fires.
    availability: Annotated[float, Meta(ge=0, le=1)] = 0.9
    # PEM bundle of authorities; empty: the system's.
    ca_file: str = ""
    # HTTP proxy, as http://user:password@proxy:3128.
    proxy: str = ""
    allowed_tools: list[str] = []  # server-executed tools that may run, by name
    # Family of `replayd/providers/profiles.toml` whose rules the model's server has,
    # where the model's name does not tell, as in a deployment; `none`: no rules.
    profile: str = ""
    # Worker pool that reaches the endpoint, as `gpu-a`; empty: every pool does. Both
    # arms of a pair are asked by one worker.
    pool: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]*$", max_length=64)] = ""


class SliceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A protected slice: a gate passes only if it passes too."""

    # Modality the slice belongs to, as `audio`.
    modality: str
    attribute: str  # a kept span attribute, as `metadata.accent`
    values: list[str]  # the case belongs if the attribute is one of these
    margin: Annotated[float, Meta(gt=0, le=1)] | None = None  # unset: the modality's
    # Scored pairs before the slice can pass.
    minimum_pairs: Annotated[int, Meta(ge=1)] = 30
    share: Annotated[float, Meta(gt=0, le=0.5)] = 0.1  # of its modality's draws


class StatsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The promise: error rates, practical zero, margins."""

    # Error rate of all verdicts of one canary, at any time; see docs/statistics.md.
    alpha: Annotated[float, Meta(gt=0, lt=0.5)] = 0.05
    # Difference in mean score that counts as none.
    eps: Annotated[float, Meta(ge=0, lt=0.5)] = 0.005
    # Modality to the drop in mean score that a pass must rule out, as `{text: 0.03}`.
    margins: dict[str, Annotated[float, Meta(gt=0, le=1)]] = {}
    strict: bool = False  # `pass_with_drop` does not pass a gate


class BudgetConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hard limits of spending; None: no limit."""

    # Requests per minute; unset: no limit.
    requests_per_minute: Count | None = None
    # Requests per hour; unset: no limit.
    requests_per_hour: Count | None = None
    # Requests per day; unset: no limit.
    requests_per_day: Count | None = None
    # Input and output tokens per minute; unset: no limit.
    tokens_per_minute: Count | None = None
    # Input and output tokens per hour; unset: no limit.
    tokens_per_hour: Count | None = None
    # Input and output tokens per day; unset: no limit.
    tokens_per_day: Count | None = None
    # Money by `prices` per minute; unset: no limit.
    money_per_minute: Money | None = None
    # Money by `prices` per hour; unset: no limit.
    money_per_hour: Money | None = None
    # Money by `prices` per day; unset: no limit.
    money_per_day: Money | None = None


class PriceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money per million tokens of one model, in the operator's currency."""

    # Per million input tokens.
    input: Money
    # Per million output tokens.
    output: Money
    cached_input: Money | None = None  # None: as `input`


class ControlRateConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rate limit of the control."""

    # Above 1 only where nobody else needs the model, as in a demonstration.
    share_of_production: Annotated[float, Meta(ge=0, le=100)] = 0.02
    # Calls per hour that are allowed however small that share is, half of them at once
    # after a pause. A case is sent once, so it stays below production's own calls.
    floor_per_hour: Annotated[float, Meta(ge=0)] = 240.0
    # Calls to the control per minute at most, spread over it.
    per_minute: Annotated[float, Meta(gt=0)] = 60.0


class ScheduleConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Selection, freshness and pace of cases."""

    lookback: Duration = Duration(24 * 3600)  # the last H hours of the sample
    # Oldest recorded call that is still replayed.
    age_limit: Duration = Duration(14 * 86400)
    poll: Duration = Duration(10)  # how often new segments are looked for
    block: Annotated[int, Meta(ge=1, le=1000)] = 16  # numbers written at once
    shares: dict[str, Share] = {}  # modality -> share of the draws; default equal
    # Share of pairs whose control is asked twice, to measure its own noise.
    second_control_share: Share = 0.05
    pin_share: Annotated[float, Meta(ge=0, le=0.5)] = 0.1  # of a modality's draws
    quota_share: Annotated[float, Meta(ge=0, le=0.5)] = 0.1  # rare strata, likewise
    case_limit: Annotated[int, Meta(ge=1000)] = 200_000  # cases held; oldest leave
    # Age at which a pass without new pairs becomes undecided.
    pass_expires: Duration = Duration(6 * 3600)
    # Modalities that must pass for the gate, as `[text, image]`; empty: those with
    # traffic.
    required_modalities: list[str] = []
    coverage_limit: Share = 0.2  # of live calls replayable; below: `undecided: blind`
    # Share of replayed calls whose quality must be scored; below: `undecided:
    # unscored`. At 0.8 a pass speaks for four calls in five: what it leaves unseen
    # stays smaller than what it saw by a factor of four. 0: no limit.
    scored_limit: Share = 0.8


class JudgeConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A judge model for cases without a decisive rule; see docs/judge.md."""

    url: str = ""  # base URL of its API; empty: there is no judge model
    model: str = ""  # pin a dated version: an alias may change what it judges
    # API the endpoint speaks, as of an arm.
    api: str = "openai_chat"
    version: str = ""  # declared by the operator; a new one opens a judge epoch
    platform: Literal["", "aws", "azure", "vertex"] = ""  # as of an arm
    region: str = ""  # of `aws`, as of an arm
    api_version: str = ""  # of `azure`, as of an arm
    # Environment variable that holds the API key.
    api_key_env: str = ""
    # File that holds the API key; `vertex` reads it again when it changes.
    api_key_file: str = ""
    # Added to every request; never logged.
    headers: dict[str, str] = {}
    # PEM bundle of authorities; empty: the system's.
    ca_file: str = ""
    # HTTP proxy, as of an arm.
    proxy: str = ""
    params: dict[str, Any] = {}  # body fields in the API's own names; null removes one
    # Of one judgement.
    timeout: Duration = Duration(60)
    # Judgements in flight at most.
    concurrency: Annotated[int, Meta(ge=1, le=1_000)] = 8
    rubrics: str = ""  # folder of Markdown files that replace shipped rubrics
    allow_family: bool = False  # it may judge models of its own vendor's family
    labelled: str = ""  # JSON lines of pairs that people labelled: the anchor set
    # The judge gates once its accuracy on the labelled pairs is at least this, at the
    # lower end of a 95 % interval, and the pairs are at least so many.
    accuracy: Share = 0.85
    # Labelled pairs before the judge may gate.
    fewest_labelled: Annotated[int, Meta(ge=1)] = 50
    anchors_every: Duration = Duration(86_400)  # how often they are judged again
    anchors_tolerance: Share = 0.05  # of them may flip before it is another judge
    # Share of the judged pairs that people label too, by which the verdict is corrected
    # for the judge's errors. 0: none, and the judge never gates.
    label_share: Share = 0.2
    margin: Annotated[float, Meta(gt=0, le=1)] = 0.05  # net share of pairs lost
    budget: BudgetConfig = BudgetConfig()  # its own; prices stand with the others


class DrillConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Drills: known faults in answers, to see what a verdict catches."""

    # Stored answers from which a certificate is made by itself, without any call; 0:
    # only `snaptrace drill` makes one.
    from_pairs: Count = 100
    # Stored answers drilled at most.
    pairs: Annotated[int, Meta(ge=1, le=5_000)] = 200
    # How often it is made anew.
    every: Duration = Duration(86_400)
    # Limits of `snaptrace drill --ask`, which sends changed requests to the control.
    budget: BudgetConfig = BudgetConfig()
    # Share of recorded calls that the leader keeps putting to the control with a fault
    # in them: four calls each, within `control_rate` too. 0: none.
    share: Share = 0.0
    # Limits of that share.
    share_budget: BudgetConfig = BudgetConfig(requests_per_hour=60)
    # Share of a route's calls with a medium that drills must prove to be answered as
    # well without it before such calls are left out of gating samples. What is left out
    # is fixed when an epoch opens. 0: nothing is.
    leave_out: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    # Modality to faults that a pass must be able to show, as
    # `{image: [digit_changed, row_dropped@0.1]}`; else it is `undecided: blind`.
    required_sensitivity: dict[str, list[str]] = {}


class WatchConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Watch on the control: its answers today against its own earlier ones."""

    # Recorded calls per modality that are asked again; 0: the control is not watched.
    anchors: Annotated[int, Meta(ge=0, le=2_000)] = 0
    # Answers to each when it enters, each used for one later pair. So a call is asked
    # twice this often before another takes its place.
    baseline: Annotated[int, Meta(ge=1, le=100)] = 7
    # How often an anchor is asked again.
    every: Duration = Duration(86_400)
    # Pairs to a false alarm, on average, per modality.
    run_length: Annotated[float, Meta(ge=100)] = 20_000
    # How long a change is shown after it was detected.
    hold: Duration = Duration(7 * 86_400)
    # Limits of its own, within `control_rate` too.
    budget: BudgetConfig = BudgetConfig()


class SuiteConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Coverage of live traffic by the pins of the suites in the store."""

    # How often it is worked out, by the leader.
    every: Duration = Duration(3_600)
    # Which traffic suites are held against.
    lookback: Duration = Duration(7 * 86_400)
    # Share of calls whose kind has a pin; an alert fires below it. 0: none does.
    least_covered: Share = 0.5


class TelemetryConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Spans and events per judged pair for an OTLP collector; no content."""

    url: str = ""  # OTLP/HTTP, as http://otel-collector:4318; empty: nothing is told
    spans: bool = True  # one trace per pair, linked to the recorded call's
    evaluations: bool = True  # a gen_ai.evaluation.result event per scored stream
    share: Share = 1.0  # of the pairs
    headers: dict[str, str] = {}  # sent with it, as a credential


class WitnessConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When equal token counts verify a reading; see docs/token-witness.md."""

    # Share of a row's calls whose recorded and replayed input tokens are proven equal
    # before its unverified calls may gate, and share that is proven to differ by less
    # than `least_difference`: a few tokens are a blank or another way to write JSON.
    share: Annotated[float, Meta(gt=0.5, lt=1)] = 0.9
    # Second of the two shares described at `share`.
    whole: Annotated[float, Meta(gt=0.5, lt=1)] = 0.95
    # Share of calls that may differ before a row's calls are taken out of the verdicts.
    tolerated: Annotated[float, Meta(gt=0, lt=0.5)] = 0.005
    # The same where the snapshot named what it could not see, as tools or a schema: as
    # long as few calls have it, the others are worth replaying.
    tolerated_named: Annotated[float, Meta(gt=0, lt=0.5)] = 0.05
    alpha: Annotated[float, Meta(gt=0, lt=0.5)] = 0.005  # error of either decision
    # Tokens of difference from which content counts as lost or invented.
    least_difference: Annotated[int, Meta(ge=1)] = 16


class ReplaydConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `replayd`."""

    metrics: ListenConfig = ListenConfig(listen=Address("0.0.0.0:9465"))
    page: ListenConfig = ListenConfig(listen=Address("127.0.0.1:9466"))
    page_token_file: str = ""  # required for a page beyond the loopback
    # Base URL at which people reach the page, as https://snaptrace.example.org: for
    # links in alerts. Empty: the address it listens on.
    page_url: str = ""
    # Where people read the runbook, for links in alerts, without a `#`.
    runbook_url: str = "docs/runbook.md"
    # Header in which an authenticating proxy names the person: in the audit, and for
    # rights by name. Set it where nobody reaches the page around that proxy.
    page_user_header: str = ""
    # Who may read, decide and operate: lines `NAME RIGHT TOKEN`, `-` where only the
    # header names the person. Empty: whoever may read may do all.
    page_people_file: str = ""
    # Suite file that the page's proposed changes are against; it is never written.
    page_suite_file: str = ""
    # Share of people's decisions about which another person is asked, too.
    second_opinions: Share = 0.1
    arms: dict[str, ArmConfig] = {}
    slices: dict[str, SliceConfig] = {}
    schedule: ScheduleConfig = ScheduleConfig()
    # `unverified`: calls that no recording shows to be read right are replayed, too, in
    # the lane `quota:unverified`, for diagnosis. No verdict depends on them until equal
    # token counts verify them; then they count as verified under either setting.
    fidelity: Literal["verified", "unverified"] = "verified"
    witness: WitnessConfig = WitnessConfig()
    stats: StatsConfig = StatsConfig()
    budget: BudgetConfig = BudgetConfig()
    budgets: dict[str, BudgetConfig] = {}  # modality -> its own limits
    prices: dict[str, PriceConfig] = {}  # model -> price
    control_rate: ControlRateConfig = ControlRateConfig()
    concurrency: Annotated[int, Meta(ge=1, le=10_000)] = 64  # pairs in flight
    # Time after which a standby takes over from a leader that stopped renewing.
    lease: Duration = Duration(15)
    publish: Duration = Duration(10)  # how often the leader tells the standbys
    # Time for pairs in flight after SIGTERM.
    drain: Duration = Duration(10)
    # Store the arms' answers, for worksheets and the inspection page.
    keep_answers: bool = True
    # Rules by which answers are redacted before they are scored, shown and stored. Set
    # them as `collector.privacy`, so that both hold the same pseudonyms.
    privacy: RedactConfig = RedactConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    judge: JudgeConfig = JudgeConfig()
    drills: DrillConfig = DrillConfig()
    workers: WorkersConfig = WorkersConfig()
    watch: WatchConfig = WatchConfig()
    suites: SuiteConfig = SuiteConfig()
    # Model to the day on which it is shut down, as `{assistant-7: 2027-03-01}`, beside
    # the announced ones that snaptrace knows; an empty text removes one of those.
    retirements: dict[str, Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]] = {}
    # Time before that day at which the alert on live traffic fires.
    retirement_notice: Duration = Duration(60 * 86_400)
    # Whether answers are scored in a process of its own: for 70 MiB more, calls in
    # flight do not wait while one is read.
    judge_process: bool = True
    # Folder of a sentence embedding model, with `model.onnx` and `tokenizer.json`, by
    # which prose is judged that no rule decides; needs the extra `prose-model`.
    # `packaged`: the model inside the extra `prose-vectors`. Empty: prose is judged by
    # rules alone.
    prose_model: str = ""
    # Text that the model wants before each sentence, as `query: ` for E5.
    prose_model_prefix: str = ""
    scorers: dict[str, ScorerConfig] = {}
    # Measure traits of what is sent, as `image.kind=chart`: slices to watch, filter by
    # and protect; docs/traits.md. Media are decoded in a confined process.
    traits: bool = True
    # How often the leader closes hours, finishes erasures and applies store.retention.
    upkeep: Duration = Duration(600)
    # Least severe level that is logged.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
