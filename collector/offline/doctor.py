"""Diagnosis of recorded spans: what is replayable, and which setting adds to it. Pure.

Per instrumentation scope and version: how many calls were seen, had content, could be
replayed, and if not why, with what to change.
"""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from collector.recognise.evidence.table import packaged
from snaptrace.snapshot.model import Snapshot

_SCOPES_MAX = 256
_EXAMPLES_MAX = 3
_PATHS_MAX = 12


class Finding(Struct, frozen=True, kw_only=True):
    """Why some calls of a scope cannot be replayed, or not as they were."""

    reason: str
    calls: int
    advice: str  # what a person can change, in one sentence
    examples: tuple[str, ...]  # snapshot ids


class ScopeReport(Struct, frozen=True, kw_only=True):
    """One instrumentation scope and version."""

    scope: str
    version: str
    dialects: tuple[str, ...]
    services: tuple[str, ...]
    recognised: int
    with_content: int
    replayable: int
    levels: dict[str, int]  # fidelity level -> calls
    modalities: dict[str, int]
    unobserved: tuple[str, ...]  # the fields most often beyond this instrumentation
    unverified: (
        int  # calls that are kept and in no verdict until evidence bears them out
    )
    unproven: tuple[str, ...]  # what of them no recording showed to be read right
    recorded_versions: tuple[str, ...]  # of this scope, by which claims are borne out
    findings: tuple[Finding, ...]


_GENERAL: dict[str, str] = {
    "no_content": (
        "Switch content capture on in this instrumentation, or put snaptrace-capture"
        " beside it."
    ),
    "content_dropped": (
        "This instrumentation drops content made of parts; upgrade it, or use one that"
        " records the provider's own request."
    ),
    "truncated": (
        "Raise or unset OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT and"
        " OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT in the application."
    ),
    "attributes_dropped": (
        "Raise OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT (10000) and OTEL_SPAN_EVENT_COUNT_LIMIT"
        " in the application."
    ),
    "redacted": "Text was replaced before export; check the masking of this library.",
    "media_redacted": "Media were taken out before export; raise the media size limit.",
    "media_placeholder": (
        "Media were moved to another store; export the bytes, or let the collector"
        " resolve references to that host."
    ),
    "media_truncated": (
        "Unset the attribute length limit in the application: media were cut."
    ),
    "media_unknown": "Media may have been sent that this library never records.",
    "content_ambiguous": (
        "Message events carry no trace id; let them be emitted inside the span."
    ),
    "provider_file": "Files of an account cannot be sent to another; send bytes.",
    "provider_state": "The history is kept at the provider; send it with the request.",
    "server_tool": "Tools run at the provider; allow them by name to replay the call.",
    "api_unknown": "The provider's API is not known; set the provider's name.",
    "operation_unsupported": "This kind of call is counted, but not replayed.",
    "unreadable": "The record is damaged.",
    "model_unknown": "Only the answering model is recorded; replay uses the arm's own.",
    "invented_defaults": "The library notes defaults that may not have been sent.",
    "external_media": (
        "Media are URLs that may expire; let the collector resolve their hosts."
    ),
    "content_missing": "A part of the content is known to be missing.",
    "references_expanded": "Ids of stored items were replaced by what they stand for.",
    "content_by_reference": (
        "Content was stored by an upload hook; let the collector resolve references to"
        " that place (collector.recognise.resolve)."
    ),
    "lost_content_suspected": (
        "More input tokens were counted than the rebuilt request can have: a system"
        " prompt, tools, turns or media are not in the telemetry. Use another"
        " instrumentation, or put snaptrace-capture beside this one."
    ),
    "invented_content_suspected": (
        "Far fewer input tokens were counted than the rebuilt request has. Many"
        " libraries leave cached tokens out; if none were cached, content was invented."
    ),
    "scope_unrecorded": (
        "No recording shows that this library is read right; record it (make record),"
        " let equal token counts of replays vouch for it, or put snaptrace-capture"
        " beside it."
    ),
    "version_unrecorded": (
        "This version is newer or older than those recorded; record it (make record),"
        " or update snaptrace."
    ),
    "operation_unrecorded": (
        "No recording of this library shows such a call read right; record one."
    ),
    "api_guessed": (
        "The telemetry does not say which API was called; set the provider's name, or"
        " use an instrumentation that records the route, or put snaptrace-capture"
        " beside it."
    ),
    "features_unrecorded": (
        "No recording shows these fields read right; record a call that has them."
    ),
    "differences_recorded": (
        "Recordings of this library differ from the true requests; use another"
        " instrumentation for this client, or put snaptrace-capture beside this one."
    ),
}
# (beginning of a scope or dialect, reason) -> the switch of that library.
_SWITCHES: tuple[tuple[str, str, str], ...] = (
    (
        "opentelemetry.util.genai",
        "no_content",
        "Set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY.",
    ),
    (
        "opentelemetry.instrumentation.openai_v2",
        "no_content",
        "Set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true and export logs.",
    ),
    (
        "opentelemetry.instrumentation.google_genai",
        "no_content",
        (
            "Set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY with"
            " OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental."
        ),
    ),
    (
        "opentelemetry.util.genai",
        "content_dropped",
        "Leave OTEL_SEMCONV_STABILITY_OPT_IN unset: events keep lists of parts.",
    ),
    (
        "openinference",
        "no_content",
        "Unset OPENINFERENCE_HIDE_INPUTS and OPENINFERENCE_HIDE_INPUT_MESSAGES.",
    ),
    (
        "openinference",
        "media_redacted",
        "Raise OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH (32000 characters by default).",
    ),
    (
        "traceloop",
        "no_content",
        "Set TRACELOOP_TRACE_CONTENT=true; with images also upload_base64_image=None.",
    ),
    (
        "traceloop",
        "content_dropped",
        "Initialise with upload_base64_image=None: the default hook loses the prompt.",
    ),
    (
        "traceloop",
        "media_placeholder",
        "Initialise with upload_base64_image=None to keep media in the span.",
    ),
    ("ai", "no_content", "Set experimental_telemetry.recordInputs to true."),
    ("pydantic", "no_content", "Set InstrumentationSettings(include_content=True)."),
    (
        "pydantic",
        "media_redacted",
        "Set InstrumentationSettings(include_binary_content=True).",
    ),
    (
        "langfuse",
        "media_placeholder",
        "Register this exporter before Langfuse's own, or let it not mask media.",
    ),
    ("litellm", "no_content", "Unset turn_off_message_logging in LiteLLM."),
    (
        "google_adk",
        "no_content",
        "Set ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS=true.",
    ),
    ("haystack", "no_content", "Set HAYSTACK_CONTENT_TRACING_ENABLED=true."),
    (
        "az.ai",
        "no_content",
        "Set AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED=true.",
    ),
    (
        "com.anthropic.sdk",
        "no_content",
        "Anthropic's SDK records no content; add an instrumentation that does.",
    ),
)


def advise(scope: str, dialect: str, provider: str, reason: str) -> str:
    """Return what to change so that `reason` goes away; "" if nothing is known."""
    for beginning, about, advice in _SWITCHES:
        if about == reason and any(
            name.startswith(beginning) for name in (scope, dialect, provider)
        ):
            return advice
    return _GENERAL.get(reason, "")


class Doctor:
    """Collects snapshots and reports on them. Bounded in scopes, not in calls."""

    def __init__(self) -> None:
        self._scopes: dict[tuple[str, str], _Tally] = {}

    def add(self, snapshot: Snapshot) -> None:
        """Take in one call."""
        key = (snapshot.scope, snapshot.scope_version)
        tally = self._scopes.get(key)
        if tally is None:
            if len(self._scopes) >= _SCOPES_MAX:
                key = ("other", "")
            tally = self._scopes.setdefault(key, _Tally())
        tally.add(snapshot)

    def report(self) -> list[ScopeReport]:
        """Return one report per scope and version, the busiest first."""
        reports = [tally.report(*key) for key, tally in self._scopes.items()]
        return sorted(reports, key=lambda report: (-report.recognised, report.scope))


class _Tally:
    def __init__(self) -> None:
        self.calls = Counter[str]()
        self.levels = Counter[str]()
        self.modalities = Counter[str]()
        self.unobserved = Counter[str]()
        self.unproven = Counter[str]()
        self.dialects = Counter[str]()
        self.services = Counter[str]()
        self.reasons = Counter[tuple[str, str]]()  # (reason, advice)
        self.examples: dict[str, list[str]] = {}

    def add(self, snapshot: Snapshot) -> None:
        fidelity = snapshot.fidelity
        self.calls["recognised"] += 1
        self.calls["with_content"] += snapshot.request.body is not None
        self.calls["replayable"] += fidelity.level in ("exact", "as_observed", "lossy")
        self.levels[fidelity.level] += 1
        self.modalities[snapshot.modality] += 1
        self.dialects[snapshot.dialect] += 1
        if len(self.services) < _SCOPES_MAX:
            self.services[snapshot.service] += 1
        self.unobserved.update(fidelity.unobserved)
        self.unproven.update(fidelity.unproven)
        for reason in fidelity.reasons:
            advice = advise(snapshot.scope, snapshot.dialect, snapshot.provider, reason)
            self.reasons[(reason, advice)] += 1
            examples = self.examples.setdefault(reason, [])
            if len(examples) < _EXAMPLES_MAX:
                examples.append(snapshot.snapshot_id)

    def report(self, scope: str, version: str) -> ScopeReport:
        return ScopeReport(
            scope=scope,
            version=version,
            dialects=_keys(self.dialects.most_common()),
            services=_keys(self.services.most_common()),
            recognised=self.calls["recognised"],
            with_content=self.calls["with_content"],
            replayable=self.calls["replayable"],
            levels=dict(self.levels),
            modalities=dict(self.modalities),
            unobserved=_keys(self.unobserved.most_common(_PATHS_MAX)),
            unverified=self.levels["unverified"],
            unproven=_keys(self.unproven.most_common(_PATHS_MAX)),
            recorded_versions=_recorded(self.dialects, scope),
            findings=tuple(
                Finding(
                    reason=reason,
                    calls=count,
                    advice=advice,
                    examples=tuple(self.examples[reason]),
                )
                for (reason, advice), count in self.reasons.most_common()
            ),
        )


def _recorded(dialects: Iterable[str], scope: str) -> tuple[str, ...]:
    rows = [row for dialect in dialects for row in packaged().rows(dialect, scope)]
    return tuple(dict.fromkeys(row.version for row in rows))


def _keys(pairs: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(key for key, _ in pairs)
