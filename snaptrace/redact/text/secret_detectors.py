"""Detectors of secrets: keys with a known prefix, credentials, named assignments."""

import re

from snaptrace.redact.text.detector import REDACTED, Detector, row

_NO_SECRET = re.compile(
    # What stands there in code and documents: templates, types, calls, words for none.
    r"(?:\$\{|\{\{|<|\$\(|%\(|\*{3}|\.{3}|[A-Za-z_][\w.]*(?:\(|\[|\.[A-Za-z_]\w*$))"
    r"|(?i:str|string|bytes|boolean|integer|number|object|optional|required|undefined"
    r"|default|secret|password|passwd|passphrase|private|public|credentials?)\W*$"
)


def _is_secret_value(text: str) -> bool:
    return not text.startswith(REDACTED) and _NO_SECRET.match(text) is None


def _is_random_value(text: str) -> bool:
    """Return whether a value after `token=` or `key:` is more than a word."""
    return (
        _is_secret_value(text)
        and any(sign.isdigit() for sign in text)
        and any(sign.isalpha() for sign in text)
    )


_NAMES_OF_WORDS = (
    r"(?:pass(?:word|wd|phrase)|pwd|passcode|client[_\-]?secret|secret[_\-]?key|secret"
    r"|private[_\-]?key|credentials?)"
)
_NAMES_OF_KEYS = (
    r"(?:api[_\-]?key|apikey|access[_\-]?key(?:[_\-]?id)?|account[_\-]?key|auth[_\-]?token"
    r"|access[_\-]?token|refresh[_\-]?token|session[_\-]?token|bearer[_\-]?token|token"
    r"|x-api-key|sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)"
    r"|set-cookie|cookie|authorization)"
)
# A value is looked for behind its colon, and only then what stands before that.
_ASSIGNED = r"""[:=]\s{0,3}[\\"']{0,3}"""
_NAMED_BY = r"""[\\"']{0,3}\s{0,3}"""

# Names of object keys whose value is a secret whatever it looks like.
SECRET_KEY = re.compile(rf"(?i)(?:.*[_\-.])?(?:{_NAMES_OF_WORDS}|{_NAMES_OF_KEYS})")

_PREFIXED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "aws_key",
        ("akia", "asia", "abia", "acca", "agpa", "aida", "aroa"),
        r"\b(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA)[0-9A-Z]{16}\b",
    ),
    (
        "github_token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255})",
    ),
    (
        "gitlab_token",
        ("glpat-", "gldt-", "glrt-", "glptt-", "glagent-", "glsoat-"),
        r"\bgl(?:pat|dt|rt|ptt|agent|soat)-[\w\-]{20,}",
    ),
    ("slack_token", ("xox",), r"\bxox[abeoprs]-[0-9A-Za-z\-]{10,}"),
    (
        "slack_hook",
        ("hooks.slack.com",),
        r"hooks\.slack\.com/(?:services|workflows)/[\w/+\-]{20,}",
    ),
    ("stripe_key", ("k_live_", "k_test_"), r"\b[srp]k_(?:live|test)_[0-9A-Za-z]{16,}"),
    ("anthropic_key", ("sk-ant-",), r"\bsk-ant-[\w\-]{20,}"),
    ("openai_key", ("sk-",), r"\bsk-[A-Za-z0-9][\w\-]{18,}"),
    ("google_key", ("aiza",), r"\bAIza[\w\-]{35}"),
    ("google_token", ("ya29.",), r"\bya29\.[\w\-]{20,}"),
    ("google_secret", ("gocspx-",), r"\bGOCSPX-[\w\-]{20,}"),
    ("huggingface_token", ("hf_",), r"\bhf_[A-Za-z0-9]{30,}"),
    ("groq_key", ("gsk_",), r"\bgsk_[A-Za-z0-9]{40,}"),
    ("xai_key", ("xai-",), r"\bxai-[A-Za-z0-9]{60,}"),
    ("replicate_token", ("r8_",), r"\br8_[A-Za-z0-9]{35,}"),
    ("npm_token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}"),
    ("pypi_token", ("pypi-",), r"\bpypi-AgE[\w\-]{50,}"),
    ("sendgrid_key", ("sg.",), r"\bSG\.[\w\-]{16,}\.[\w\-]{16,}"),
    ("twilio_key", ("sk", "ac"), r"[0-9a-f]{32}(?<=\b(?:SK|AC)[0-9a-f]{32})\b"),
    ("telegram_token", (":aa",), r"\b\d{8,10}:AA[\w\-]{33}"),
    ("databricks_token", ("dapi",), r"\bdapi[0-9a-f]{32}"),
    ("digitalocean_token", ("_v1_",), r"\bdo[oprt]_v1_[0-9a-f]{64}"),
    ("vault_token", ("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[\w\-]{20,}"),
    ("age_key", ("age-secret-key-",), r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}"),
    ("jwt", ("eyj",), r"\beyJ[\w\-]{8,}\.eyJ[\w\-]{8,}\.[\w\-]*"),
)

SECRETS: tuple[Detector, ...] = (
    row(
        "secret",
        "private_key",
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:(?!-----)[\s\S]){0,20000}-----END [A-Z0-9 ]{0,30}PRIVATE KEY"
        r"(?: BLOCK)?-----"
        # One that was cut off: its lines, and what there is of the last one.
        r"|(?:[\s\\nr]{0,6}[A-Za-z0-9+/=]{16,}){0,400}[\s\\nr]{0,6}[A-Za-z0-9+/=]*)",
        words=("private key",),
    ),
    *(
        row("secret", kind, pattern, gate="long_word", words=words)
        for kind, words, pattern in _PREFIXED
    ),
    row(
        "secret",
        "credentials",
        r"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://([^\s/@:]{0,128}:[^\s/@]{1,256})@",
        _is_secret_value,
        words=("://",),
    ),
    row(
        "secret",
        "authorization",
        r"(?i)\b(?:bearer|basic)\s{1,3}([A-Za-z0-9._~+/\-]{16,4096}={0,2})",
        _is_secret_value,
        words=("bearer", "basic"),
    ),
    row(
        "secret",
        "password",
        rf"{_ASSIGNED}([^\s\"'\\,;{{}}]{{6,512}})",
        _is_secret_value,
        before=rf"(?i)(?<![a-z]){_NAMES_OF_WORDS}{_NAMED_BY}",
        near=_NAMES_OF_WORDS,
        words=("pass", "pwd", "secret", "private", "credential"),
    ),
    row(
        "secret",
        "password",
        r"(?i)(?<![a-z])pass(?:word|phrase|code)\s+(?:is|was|ist|lautet)\s*:?\s*"
        r"[\"']?([^\s\"',;]{6,512}[^\s\"',;.!?])",
        _is_random_value,
        words=("pass",),
    ),
    row(
        "secret",
        "token",
        rf"{_ASSIGNED}([^\s\"'\\,;{{}}&]{{12,4096}})",
        _is_random_value,
        before=rf"(?i)(?<![a-z]){_NAMES_OF_KEYS}{_NAMED_BY}",
        near=_NAMES_OF_KEYS,
        words=("key", "token", "sig", "cookie", "authoriz", "credential"),
    ),
)
