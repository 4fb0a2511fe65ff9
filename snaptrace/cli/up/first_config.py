"""The commented `snaptrace.yaml` of `snaptrace init`."""

from msgspec import Struct

_APIS = (
    ("anthropic.com", "anthropic_messages"),
    ("googleapis.com", "gemini_generate_content"),
    ("cohere.com", "cohere_chat"),
    ("cohere.ai", "cohere_chat"),
    ("mistral.ai", "mistral_chat"),
    (":11434", "ollama_chat"),
)
_KEYS = (
    ("openai.com", "OPENAI_API_KEY"),
    ("anthropic.com", "ANTHROPIC_API_KEY"),
    ("googleapis.com", "GEMINI_API_KEY"),
    ("mistral.ai", "MISTRAL_API_KEY"),
    ("cohere", "COHERE_API_KEY"),
    ("openrouter.ai", "OPENROUTER_API_KEY"),
)


class ArmAnswers(Struct, frozen=True, kw_only=True):
    """One model, as a person named it."""

    url: str
    model: str
    api: str
    key_env: str = ""


class Answers(Struct, frozen=True, kw_only=True):
    """Everything that `init` asked."""

    production: ArmAnswers
    canary: ArmAnswers
    upstream: str = "none"


def api_of(url: str) -> str:
    """Return the API that an address is known for; OpenAI's chat elsewhere."""
    return next((api for part, api in _APIS if part in url), "openai_chat")


def key_of(url: str) -> str:
    """Return the environment variable that keys of this address usually live in."""
    return next((name for part, name in _KEYS if part in url), "")


def written(answers: Answers) -> str:
    """Return the file's text."""
    return f"""\
# Written by `snaptrace init`. Every key and its default: docs/config.md
# Check it with `snaptrace validate snaptrace.yaml`; start with `snaptrace up`.

collector:
  grpc: {{listen: "127.0.0.1:4317"}}   # the app's OTLP exporter sends here
  http: {{listen: "127.0.0.1:4318"}}   # or here, over HTTP
  upstream:
    # The backend that gets all telemetry, unchanged: grpc://, grpcs://, http:// or
    # https:// host:port. `none` keeps the sample only.
    url: {_quoted(answers.upstream)}
  # metrics: {{listen: "127.0.0.1:9464"}}
  # privacy: what is taken out before anything is stored, see docs/security.md

replayd:
  arms:
    # What production asks today; the canary is compared with it.
    production:
      role: control
{_arm(answers.production)}
    # The candidate. Change `revision` whenever it changes: that begins a new verdict.
    canary:
      role: canary
      revision: "1"
{_arm(answers.canary)}
  # How often the production model is asked again: the larger of 2 % of your traffic and
  # 240 calls an hour, spread evenly. Raise the floor for a quicker verdict.
  # control_rate: {{floor_per_hour: 240, share_of_production: 0.02, per_minute: 60}}

  # Hard limits of spending. Without them only the rates above hold.
  # budget: {{requests_per_day: 20000}}
  # prices: {{{answers.canary.model}: {{input: 2.5, output: 10}}}}   # a million
  # budget: {{money_per_day: 20}}

  # The drop in mean score that a pass must rule out.
  # stats: {{margins: {{text: 0.05}}}}

# store: {{url: s3://bucket/prefix}}   # default: the folder .snaptrace beside this file
"""


def _arm(arm: ArmAnswers) -> str:
    lines = [
        f"api: {arm.api}",
        f"url: {_quoted(arm.url)}",
        f"model: {_quoted(arm.model)}",
    ]
    if arm.key_env:
        comment = "# the variable's name, never the key itself"
        lines.append(f"api_key_env: {arm.key_env}   {comment}")
    else:
        lines.append("# api_key_env: OPENAI_API_KEY   # where the endpoint wants a key")
    return "\n".join(f"      {line}" for line in lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
