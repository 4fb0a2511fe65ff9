"""Detectors of values in text, a row each. Order is precedence where two overlap."""

import re

from snaptrace.redact.text import check_digits
from snaptrace.redact.text.detector import REDACTED, Detector, row
from snaptrace.redact.text.secret_detectors import SECRETS

# Names of object keys that tell what a number below them is.
TELLING_KEY = re.compile(
    r"(?i)phone|mobile|mobil|handy|telefon|\btel|fax|whatsapp|ssn|social|\bsin\b"
    r"|insurance|aadhaar|pesel|steuer|tax|idnr|bsn|burgerservice|passport|card|phrase"
)

DETECTORS: tuple[Detector, ...] = (
    *SECRETS,
    row(
        "email",
        "email",
        r"(?<![\w.%+\-])[\w.%+\-']{1,64}@(?:[\w\-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w])",
        lambda text: not (text.endswith(".invalid") or text.startswith(REDACTED)),
        words=("@",),
    ),
    row(
        "iban",
        "iban",
        r"[A-Za-z](?<![A-Za-z0-9][A-Za-z])[A-Za-z][0-9]{2}"
        r"(?:[ \-]{0,2}[A-Za-z0-9]{4}){2,7}(?:[ \-]{0,2}[A-Za-z0-9]{1,3})?"
        r"(?![A-Za-z0-9])",
        check_digits.is_iban,
        gate="iban",
    ),
    row(
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
    row(
        "national_id",
        "ssn",
        r"[0-9](?<![0-9\-][0-9])[0-9]{2}-[0-9]{2}-[0-9]{4}(?![0-9\-])",
        check_digits.is_ssn,
        gate="six_digits",
    ),
    row(
        "national_id",
        "ssn",
        r"[0-9](?<![0-9\-][0-9])[0-9]{2} ?[0-9]{2} ?[0-9]{4}(?![0-9\-])",
        check_digits.is_ssn,
        gate="six_digits",
        near="ssn|social security",
    ),
    row(
        "national_id",
        "sin",
        r"[0-9](?<![0-9\-][0-9])[0-9]{2}-[0-9]{3}-[0-9]{3}(?![0-9\-])",
        check_digits.is_sin,
        gate="six_digits",
    ),
    row(
        "national_id",
        "sin",
        r"[0-9](?<![0-9\-][0-9])[0-9]{2} ?[0-9]{3} ?[0-9]{3}(?![0-9\-])",
        check_digits.is_sin,
        gate="six_digits",
        near="sin|nas|social insurance",
    ),
    row(
        "national_id",
        "nino",
        r"[A-CEGHJ-PR-TW-Z](?<![A-Za-z0-9].)[A-CEGHJ-NPR-TW-Z]"
        r"(?: ?[0-9]{2}){3} ?[A-D](?![A-Za-z0-9])",
        gate="nino",
    ),
    row(
        "national_id",
        "nir",
        r"[12](?<![0-9].) ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[ABab])"
        r" ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?![0-9])",
        check_digits.is_nir,
        gate="six_digits",
    ),
    row(
        "national_id",
        "dni",
        r"[0-9XYZxyz](?<![A-Za-z0-9.,].)-?[0-9]{7}-?[A-Za-z](?![A-Za-z0-9])",
        check_digits.is_dni,
        gate="dni",
    ),
    row(
        "national_id",
        "codice_fiscale",
        r"[A-Za-z](?<![A-Za-z0-9].)(?i:[A-Z]{5}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z])"
        r"(?![A-Za-z0-9])",
        check_digits.is_codice_fiscale,
        gate="codice_fiscale",
    ),
    row(
        "national_id",
        "cpf",
        r"[0-9](?<![0-9.].)[0-9]{2}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![0-9])",
        check_digits.is_cpf,
        gate="six_digits",
    ),
    row(
        "national_id",
        "aadhaar",
        r"[0-9](?<![0-9].)[0-9]{3}[ \-]?[0-9]{4}[ \-]?[0-9]{4}(?![0-9])",
        check_digits.is_aadhaar,
        gate="six_digits",
        near="aadhaar|uid|uidai",
    ),
    row(
        "national_id",
        "pan",
        r"[A-Z](?<![A-Za-z0-9].)[A-Z]{2}[PCHABGJLFT][A-Z][0-9]{4}[A-Z](?![A-Za-z0-9])",
        gate="pan",
    ),
    row(
        "national_id",
        "pesel",
        r"[0-9](?<![0-9].)[0-9]{10}(?![0-9])",
        check_digits.is_pesel,
        gate="six_digits",
        near="pesel",
    ),
    row(
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
    row(
        "national_id",
        "bsn",
        r"[0-9](?<![0-9].)[0-9]{8}(?![0-9])",
        check_digits.is_bsn,
        gate="six_digits",
        near="bsn|burgerservicenummer",
    ),
    row(
        "national_id",
        "passport",
        r"[A-Z0-9](?<![A-Za-z0-9].)[A-Z]?[0-9]{6,9}(?![A-Za-z0-9])",
        lambda text: not text.startswith("X0"),
        gate="six_digits",
        near="passport|reisepass",
    ),
    row(
        "ip",
        "ip",
        # Not in `Chrome/120.0.0.1` and `version 1.20.3.44`.
        r"[0-9](?<![\w.].)(?<![A-Za-z]/.)(?<!ersion .)(?<!elease .)"
        r"[0-9]{0,2}\.(?:[0-9]{1,3}\.){2}[0-9]{1,3}(?![\w]|\.[0-9])",
        check_digits.is_address,
        gate="four_digits",
    ),
    row(
        "ip",
        "ip",
        r"[0-9a-fA-F:](?<![\w:.].)(?:[0-9a-fA-F]{0,3}:|(?<=:):|[0-9a-fA-F]{0,3}:)"
        r"(?:[0-9a-fA-F]{0,4}:){1,6}[0-9a-fA-F]{1,4}(?![\w:])",
        check_digits.is_address,
        gate="colons",
    ),
    row(
        "phone",
        "phone",
        r"[+0](?<![\w+].)(?:(?<=\+)|(?<![0-9][ .,]0)0(?=[1-9]))[0-9]{1,3}"
        r"(?:[ .\-/]?\(?[0-9]\)?){6,13}(?![0-9]|[.,][0-9])",
        check_digits.is_international_phone,
        gate="six_digits",
    ),
    row(
        "phone",
        "phone",
        # North America: no area and no exchange begins with 0 or 1.
        r"[(12-9](?<![\w.\-+].)(?:(?<=1)[ .\-]\(?[2-9]|(?<=\()[2-9]|(?<=[2-9]))[0-9]{2}"
        r"(?:\) {0,2}[2-9][0-9]{2}[ .\-]|\.[2-9][0-9]{2}\.|-[2-9][0-9]{2}-)[0-9]{4}"
        r"(?![0-9\-]|[.,][0-9])",
        check_digits.is_phone,
        gate="six_digits",
    ),
    row(
        "phone",
        "phone",
        r"[(0](?<![\w.,'\-+].)(?<![0-9] .)(?:(?<=0)|(?<=\()0)[1-9][0-9]{0,3}\)?"
        r"[ /\-.]{1,3}[0-9]{2,8}(?:[ \-./][0-9]{2,5}){0,4}(?! ?[0-9\-]|[.,][0-9])",
        check_digits.is_national_phone,
        gate="six_digits",
    ),
    row(
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
