"""What is recognised in a text, one row each. Order is precedence where two overlap."""

import re
from collections.abc import Callable

from msgspec import Struct

from collector.config.sampling import DetectorName
from collector.redact.text import check_digits

# A value that one of our own pseudonyms already replaced.
REDACTED = "redacted_"


class Detector(Struct, frozen=True):
    """Finds values of one kind. The pattern's first group, if any, is the value.

    A pattern begins with a sign or a set of signs where it can: looking behind comes
    after it, since a search for a set of signs is several times as fast.
    """

    name: DetectorName  # switched on and off by it
    kind: str  # of its pseudonyms, and label of the counter
    pattern: re.Pattern[str]
    is_one: Callable[[str], bool] = lambda _text: True
    gate: str = ""  # key of `gates.GATES`; a text that it does not pass cannot match
    words: tuple[str, ...] = ()  # lower case; a text with none of them cannot match
    # What has to stand before the match, for values that nothing else tells, and the
    # words without which that cannot be: they say where to look at all.
    before: "re.Pattern[str] | None" = None
    near: "re.Pattern[str] | None" = None


def _row(
    name: DetectorName,
    kind: str,
    pattern: str,
    is_one: Callable[[str], bool] = lambda _text: True,
    *,
    gate: str = "",
    words: tuple[str, ...] = (),
    before: str = "",
    near: str = "",
) -> Detector:
    if near and not before:
        before = _named(near)
    told = re.compile(before + r"\Z") if before else None
    names = re.compile(f"(?i:{near})") if near else None
    return Detector(name, kind, re.compile(pattern), is_one, gate, words, told, names)


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

# Names of object keys that tell what a number below them is.
TELLING_KEY = re.compile(
    r"(?i)phone|mobile|mobil|handy|telefon|\btel|fax|whatsapp|ssn|social|\bsin\b"
    r"|insurance|aadhaar|pesel|steuer|tax|idnr|bsn|burgerservice|passport|card|phrase"
)

# Names of object keys whose value is a secret whatever it looks like.
SECRET_KEY = re.compile(rf"(?i)(?:.*[_\-.])?(?:{_NAMES_OF_WORDS}|{_NAMES_OF_KEYS})")


def _named(words: str) -> str:
    """Return a pattern of what stands before a number that has no shape of its own."""
    return (
        rf"(?i:(?<![A-Za-z])(?:{words})(?:[ _\-]?(?:number|nummer|num|nr|no|id|card))?"
        r"\.?(?![A-Za-z]))(?i:[\s:=#\"'(\\]|\b(?:is|ist|lautet|at|me)\b){0,8}"
    )


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
        rf"{_ASSIGNED}([^\s\"'\\,;{{}}]{{6,512}})",
        _is_secret_value,
        before=rf"(?i)(?<![a-z]){_NAMES_OF_WORDS}{_NAMED_BY}",
        near=_NAMES_OF_WORDS,
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
        rf"{_ASSIGNED}([^\s\"'\\,;{{}}&]{{12,4096}})",
        _is_random_value,
        before=rf"(?i)(?<![a-z]){_NAMES_OF_KEYS}{_NAMED_BY}",
        near=_NAMES_OF_KEYS,
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
        r"[A-Za-z](?<![A-Za-z0-9][A-Za-z])[A-Za-z][0-9]{2}"
        r"(?:[ \-]{0,2}[A-Za-z0-9]{4}){2,7}(?:[ \-]{0,2}[A-Za-z0-9]{1,3})?"
        r"(?![A-Za-z0-9])",
        check_digits.is_iban,
        gate="iban",
    ),
    _row(
        "card",
        "card",
        # Grouped as they are printed, or not at all: a row of numbers is no card.
        r"[0-9](?<![0-9.,][0-9])(?:[0-9]{13,18}"
        r"|[0-9]{3}-(?:[0-9]{4}-){2}[0-9]{4}(?:-[0-9]{3})?|[0-9]{3}-[0-9]{6}-[0-9]{4,5}"
        r"|(?<![\s|;,][0-9]{4} [0-9])(?<!^[0-9]{4} [0-9])[0-9]{3}(?P<sep> {1,2})"
        r"(?:(?:[0-9]{4}(?P=sep)){2}[0-9]{4}(?:(?P=sep)[0-9]{3})?"
        r"|[0-9]{6}(?P=sep)[0-9]{4,5})(?! [0-9]{4}(?![0-9\-])))"
        r"(?![0-9]|[.,][0-9])",
        check_digits.is_card,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "ssn",
        r"[0-9](?<![0-9\-][0-9])[0-9]{2}-[0-9]{2}-[0-9]{4}(?![0-9\-])",
        check_digits.is_ssn,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "ssn",
        r"[0-9](?<![0-9\-][0-9])[0-9]{2} ?[0-9]{2} ?[0-9]{4}(?![0-9\-])",
        check_digits.is_ssn,
        gate="six_digits",
        near="ssn|social security",
    ),
    _row(
        "national_id",
        "sin",
        r"[0-9](?<![0-9\-][0-9])[0-9]{2}-[0-9]{3}-[0-9]{3}(?![0-9\-])",
        check_digits.is_sin,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "sin",
        r"[0-9](?<![0-9\-][0-9])[0-9]{2} ?[0-9]{3} ?[0-9]{3}(?![0-9\-])",
        check_digits.is_sin,
        gate="six_digits",
        near="sin|nas|social insurance",
    ),
    _row(
        "national_id",
        "nino",
        r"[A-CEGHJ-PR-TW-Z](?<![A-Za-z0-9].)[A-CEGHJ-NPR-TW-Z]"
        r"(?: ?[0-9]{2}){3} ?[A-D](?![A-Za-z0-9])",
        gate="nino",
    ),
    _row(
        "national_id",
        "nir",
        r"[12](?<![0-9].) ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[ABab])"
        r" ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?![0-9])",
        check_digits.is_nir,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "dni",
        r"[0-9XYZxyz](?<![A-Za-z0-9.,].)-?[0-9]{7}-?[A-Za-z](?![A-Za-z0-9])",
        check_digits.is_dni,
        gate="dni",
    ),
    _row(
        "national_id",
        "codice_fiscale",
        r"[A-Za-z](?<![A-Za-z0-9].)(?i:[A-Z]{5}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z])"
        r"(?![A-Za-z0-9])",
        check_digits.is_codice_fiscale,
        gate="codice_fiscale",
    ),
    _row(
        "national_id",
        "cpf",
        r"[0-9](?<![0-9.].)[0-9]{2}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![0-9])",
        check_digits.is_cpf,
        gate="six_digits",
    ),
    _row(
        "national_id",
        "aadhaar",
        r"[0-9](?<![0-9].)[0-9]{3}[ \-]?[0-9]{4}[ \-]?[0-9]{4}(?![0-9])",
        check_digits.is_aadhaar,
        gate="six_digits",
        near="aadhaar|uid|uidai",
    ),
    _row(
        "national_id",
        "pan",
        r"[A-Z](?<![A-Za-z0-9].)[A-Z]{2}[PCHABGJLFT][A-Z][0-9]{4}[A-Z](?![A-Za-z0-9])",
        gate="pan",
    ),
    _row(
        "national_id",
        "pesel",
        r"[0-9](?<![0-9].)[0-9]{10}(?![0-9])",
        check_digits.is_pesel,
        gate="six_digits",
        near="pesel",
    ),
    _row(
        "national_id",
        "steuer_id",
        r"[0-9](?<![0-9].)[0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}(?![0-9])",
        check_digits.is_steuer_id,
        gate="six_digits",
        near=(
            "steuer-?id[a-z]*|steueridentifikationsnummer|identifikationsnummer|idnr"
            "|tax id"
        ),
    ),
    _row(
        "national_id",
        "bsn",
        r"[0-9](?<![0-9].)[0-9]{8}(?![0-9])",
        check_digits.is_bsn,
        gate="six_digits",
        near="bsn|burgerservicenummer",
    ),
    _row(
        "national_id",
        "passport",
        r"[A-Z0-9](?<![A-Za-z0-9].)[A-Z]?[0-9]{6,9}(?![A-Za-z0-9])",
        lambda text: not text.startswith("X0"),
        gate="six_digits",
        near="passport|reisepass",
    ),
    _row(
        "ip",
        "ip",
        # Not in `Chrome/120.0.0.1` and `version 1.20.3.44`.
        r"[0-9](?<![\w.].)(?<![A-Za-z]/.)(?<!ersion .)(?<!elease .)"
        r"[0-9]{0,2}\.(?:[0-9]{1,3}\.){2}[0-9]{1,3}(?![\w]|\.[0-9])",
        check_digits.is_address,
        gate="four_digits",
    ),
    _row(
        "ip",
        "ip",
        r"[0-9a-fA-F:](?<![\w:.].)(?:[0-9a-fA-F]{0,3}:|(?<=:):|[0-9a-fA-F]{0,3}:)"
        r"(?:[0-9a-fA-F]{0,4}:){1,6}[0-9a-fA-F]{1,4}(?![\w:])",
        check_digits.is_address,
        gate="colons",
    ),
    _row(
        "phone",
        "phone",
        r"[+0](?<![\w+].)(?:(?<=\+)|(?<![0-9][ .,]0)0(?=[1-9]))[0-9]{1,3}"
        r"(?:[ .\-/]?\(?[0-9]\)?){6,13}(?![0-9]|[.,][0-9])",
        check_digits.is_international_phone,
        gate="six_digits",
    ),
    _row(
        "phone",
        "phone",
        # North America: no area and no exchange begins with 0 or 1.
        r"[(12-9](?<![\w.\-+].)(?:(?<=1)[ .\-]\(?[2-9]|(?<=\()[2-9]|(?<=[2-9]))[0-9]{2}"
        r"(?:\) {0,2}[2-9][0-9]{2}[ .\-]|\.[2-9][0-9]{2}\.|-[2-9][0-9]{2}-)[0-9]{4}"
        r"(?![0-9\-]|[.,][0-9])",
        check_digits.is_phone,
        gate="six_digits",
    ),
    _row(
        "phone",
        "phone",
        r"[(0](?<![\w.,'\-+].)(?<![0-9] .)(?:(?<=0)|(?<=\()0)[1-9][0-9]{0,3}\)?"
        r"[ /\-.]{1,3}[0-9]{2,8}(?:[ \-./][0-9]{2,5}){0,4}(?! ?[0-9\-]|[.,][0-9])",
        check_digits.is_national_phone,
        gate="six_digits",
    ),
    _row(
        "phone",
        "phone",
        r"[(0-9](?<![0-9].)[0-9 \-()./]{6,18}[0-9](?![0-9])",
        check_digits.is_phone,
        gate="six_digits",
        near=(
            "phone|t[eé]l|telefon|t[eé]l[eé]phone|mobile|mobil|handy|cell|fax|whatsapp"
            "|call|dial"
        ),
    ),
)
