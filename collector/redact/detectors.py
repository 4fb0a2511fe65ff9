"""What is recognised in a text, one row each. Order is precedence where two overlap."""

import re
from collections.abc import Callable

from msgspec import Struct

from collector.redact import checks
from collector.sampling_config import DetectorName

# A value that one of our own pseudonyms already replaced.
REDACTED = "redacted_"


# Cheap looks at a whole text; most texts pass none of them and are done.
GATES: dict[str, re.Pattern[str]] = {
    "six_digits": re.compile(r"\d(?:[ .\-/()A-Za-z]{0,3}\d){5}"),
    "four_digits": re.compile(r"\d(?:\D?\d){3}"),
    "long_word": re.compile(r"\w[\w\-+/.=]{14}"),
}


class Detector(Struct, frozen=True):
    """Finds values of one kind. The pattern's first group, if any, is the value."""

    name: DetectorName  # switched on and off by it
    kind: str  # of its pseudonyms, and label of the counter
    pattern: re.Pattern[str]
    is_one: Callable[[str], bool] = lambda _text: True
    gate: str = ""  # key of GATES; a text that it does not pass cannot match
    words: tuple[str, ...] = ()  # lower case; a text with none of them cannot match


def _row(
    name: DetectorName,
    kind: str,
    pattern: str,
    is_one: Callable[[str], bool] = lambda _text: True,
    *,
    gate: str = "",
    words: tuple[str, ...] = (),
) -> Detector:
    return Detector(name, kind, re.compile(pattern), is_one, gate, words)


def _is_secret_value(text: str) -> bool:
    return not text.startswith((REDACTED, "${", "{{", "<", "$(", "***"))


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
_ASSIGNED = r"""[\\"']{0,3}\s{0,3}[:=]\s{0,3}[\\"']{0,3}"""

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
    ("twilio_key", ("sk", "ac"), r"\b(?:SK|AC)[0-9a-f]{32}\b"),
    ("telegram_token", (":aa",), r"\b\d{8,10}:AA[\w\-]{33}"),
    ("databricks_token", ("dapi",), r"\bdapi[0-9a-f]{32}"),
    ("digitalocean_token", ("_v1_",), r"\bdo[oprt]_v1_[0-9a-f]{64}"),
    ("vault_token", ("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[\w\-]{20,}"),
    ("age_key", ("age-secret-key-",), r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}"),
    ("jwt", ("eyj",), r"\beyJ[\w\-]{8,}\.eyJ[\w\-]{8,}\.[\w\-]*"),
)

DETECTORS: tuple[Detector, ...] = (
    _row(
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
        _row("secret", kind, pattern, gate="long_word", words=words)
        for kind, words, pattern in _PREFIXED
    ),
    _row(
        "secret",
        "credentials",
        r"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://([^\s/@:]{0,128}:[^\s/@]{1,256})@",
        _is_secret_value,
        words=("://",),
    ),
    _row(
        "secret",
        "authorization",
        r"(?i)\b(?:bearer|basic)\s{1,3}([A-Za-z0-9._~+/\-]{16,4096}={0,2})",
        _is_secret_value,
        words=("bearer", "basic"),
    ),
    _row(
        "secret",
        "password",
        rf"(?i)(?<![a-z]){_NAMES_OF_WORDS}{_ASSIGNED}([^\s\"'\\,;{{}}]{{6,512}})",
        _is_secret_value,
        words=("pass", "pwd", "secret", "private", "credential"),
    ),
    _row(
        "secret",
        "password",
        r"(?i)(?<![a-z])pass(?:word|phrase|code)\s+(?:is|was|ist|lautet)\s*:?\s*"
        r"[\"']?([^\s\"',;]{6,512}[^\s\"',;.!?])",
        _is_random_value,
        words=("pass",),
    ),
    _row(
        "secret",
        "token",
        rf"(?i)(?<![a-z]){_NAMES_OF_KEYS}{_ASSIGNED}([^\s\"'\\,;{{}}&]{{12,4096}})",
        _is_random_value,
        words=("key", "token", "sig", "cookie", "authoriz", "credential"),
    ),
    _row(
        "email",
        "email",
        r"(?<![\w.%+\-])[\w.%+\-']{1,64}@(?:[\w\-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w])",
        lambda text: not (text.endswith(".invalid") or text.startswith(REDACTED)),
        words=("@",),
    ),
    _row(
        "iban",
        "iban",
        r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z0-9]{4}){2,7}"
        r"(?:[ \-]?[A-Za-z0-9]{1,3})?(?![A-Za-z0-9])",
        checks.is_iban,
        gate="six_digits",
    ),
    _row(
        "card",
        "card",
        r"(?<![\d.])\d(?:[ \-]?\d){12,18}(?!\d)",
        checks.is_card,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "ssn",
        r"(?<![\d\-])\d{3}([\- ])\d{2}\1\d{4}(?![\d\-])",
        checks.is_ssn,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "sin",
        r"(?<![\d\-])\d{3}([\- ])\d{3}\1\d{3}(?![\d\-])",
        checks.is_sin,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "nino",
        r"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
        r"(?: ?\d{2}){3} ?[A-D](?![A-Za-z0-9])",
        gate="six_digits",
    ),
    _row(
        "national_id",
        "nir",
        r"(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[ABab])"
        r" ?\d{3} ?\d{3} ?\d{2}(?!\d)",
        checks.is_nir,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "dni",
        r"(?<![A-Za-z0-9])(?:\d{8}|[XYZxyz]-?\d{7})-?[A-Za-z](?![A-Za-z0-9])",
        checks.is_dni,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "codice_fiscale",
        r"(?<![A-Za-z0-9])(?i:[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z])(?![A-Za-z0-9])",
        checks.is_codice_fiscale,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "cpf",
        r"(?<![\d.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)",
        checks.is_cpf,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "aadhaar",
        r"(?<![\d\-])(?<!\d )\d{4}([ \-])\d{4}\1\d{4}(?! ?\d|-)",
        checks.is_aadhaar,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "pan",
        r"(?<![A-Za-z0-9])[A-Z]{3}[PCHABGJLFT][A-Z]\d{4}[A-Z](?![A-Za-z0-9])",
        gate="four_digits",
    ),
    # These have no shape of their own, so the word before them has to say it.
    _row(
        "national_id",
        "pesel",
        r"(?i)\bpesel\b\D{0,15}(\d{11})(?!\d)",
        checks.is_pesel,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "steuer_id",
        r"(?i)\b(?:steuer-?id\w*|identifikationsnummer|idnr|tax id)\b\D{0,20}"
        r"(\d{2} ?\d{3} ?\d{3} ?\d{3})(?!\d)",
        checks.is_steuer_id,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "bsn",
        r"(?i)\b(?:bsn|burgerservicenummer)\b\D{0,15}(\d{9})(?!\d)",
        checks.is_bsn,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "ssn",
        r"(?i)\b(?:ssn|social security(?: number)?)\b\D{0,15}(\d{9})(?!\d)",
        checks.is_ssn,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "passport",
        r"(?i)\bpassport\b(?:\s+(?:no\.?|number|nr\.?))?[\s:#is]{1,8}([A-Z]{0,2}\d{6,9})(?!\w)",
        lambda text: not text.startswith("X0"),
        gate="six_digits",
    ),
    _row(
        "ip",
        "ip",
        r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)",
        checks.is_address,
        gate="four_digits",
    ),
    _row(
        "ip",
        "ip",
        r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:])",
        checks.is_address,
        words=(":",),
    ),
    _row(
        "phone",
        "phone",
        r"(?<![\w+])(?:\+|00(?=[1-9]))\d{1,3}(?:[ .\-/]{0,2}\(?\d\)?){6,13}(?!\d)",
        checks.is_phone,
        gate="six_digits",
    ),
    _row(
        "phone",
        "phone",
        r"(?<![\w.\-+])(?:1[ .\-])?(?:\(\d{3}\) ?|\d{3}[ .\-])\d{3}[ .\-]\d{4}"
        r"(?![\d\-])",
        checks.is_phone,
        gate="six_digits",
    ),
    _row(
        "phone",
        "phone",
        r"(?<![\w.,\-+])\(?0\d{1,4}\)?[ /\-.]{1,3}\d{2,8}(?:[ \-./]\d{2,5}){0,4}"
        r"(?![\d\-])",
        lambda text: len(checks.digits_of(text)) >= 9 and checks.is_phone(text),
        gate="six_digits",
    ),
    _row(
        "phone",
        "phone",
        r"(?i)\b(?:phone|tel(?:efon|ephone)?|mobile|mobil|handy|cell|fax|whatsapp|sms)\b"
        r"[^\d\n]{0,16}(\d[\d \-]{6,16}\d)(?!\d)",
        checks.is_phone,
        gate="six_digits",
    ),
)
