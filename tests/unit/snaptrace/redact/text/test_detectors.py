"""What is recognised as personal or secret, and what is left alone."""

import datetime as dt
import itertools
import random
import re

import pytest
from fakes.growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.redact.config import RedactConfig
from snaptrace.redact.text import check_digits
from snaptrace.redact.text.pseudonyms import Pseudonyms
from snaptrace.redact.text.redactor import TextRedactor

PSEUDONYMS = Pseudonyms(FleetKey(b"the secret of a fleet of test sidecars"))
REDACTOR = TextRedactor(RedactConfig(), PSEUDONYMS)

# kind, a sentence, the value in it that must go. All values are published examples
# or made up with valid check digits.
PLANTED = [
    ("email", "write to Alice.Smith+x@mail.example.co.uk today", "Alice.Smith+x@mail"),
    ("email", "<josé@exämple.de>", "josé@exämple.de"),
    ("email", '{"to":"a.b@example.com"}', "a.b@example.com"),
    ("phone", "call +49 (0)30 1234567 now", "+49 (0)30 1234567"),
    ("phone", "call +14155552671.", "+14155552671"),
    ("phone", "or (415) 555-2671 x", "(415) 555-2671"),
    ("phone", "or 415-555-2671", "415-555-2671"),
    ("phone", "Handy 0171 2345678", "0171 2345678"),
    ("phone", "tél: 01 23 45 67 89", "01 23 45 67 89"),
    ("phone", "phone: 4155552671", "4155552671"),
    ("phone", "dial 0049 30 1234567", "0049 30 1234567"),
    ("card", "pay with 4111 1111 1111 1111", "4111 1111 1111 1111"),
    ("card", "amex 378282246310005!", "378282246310005"),
    ("card", "5555-5555-5555-4444", "5555-5555-5555-4444"),
    ("iban", "to DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00"),
    ("iban", "GB82WEST12345698765432", "GB82WEST12345698765432"),
    ("iban", "mt84malt011000012345mtlcast001s", "mt84malt011000012345mtlcast001s"),
    ("ip", "from 10.20.30.40:8080", "10.20.30.40"),
    ("ip", "host 2a00:1450:4001:82a::200e", "2a00:1450:4001:82a::200e"),
    ("ssn", "SSN 536-90-4399", "536-90-4399"),
    ("ssn", "my social security number is 536904399", "536904399"),
    ("sin", "SIN 130-692-544", "130-692-544"),
    ("nino", "NI AB 12 34 56 C", "AB 12 34 56 C"),
    ("nir", "NIR 1 84 12 76 451 089 46", "1 84 12 76 451 089 46"),
    ("dni", "DNI 12345678Z", "12345678Z"),
    ("dni", "NIE X1234567L", "X1234567L"),
    ("codice_fiscale", "CF RSSMRA85T10A562S", "RSSMRA85T10A562S"),
    ("cpf", "CPF 529.982.247-25", "529.982.247-25"),
    ("aadhaar", "UID 2345 6789 0124", "2345 6789 0124"),
    ("pan", "PAN ABCPE1234F", "ABCPE1234F"),
    ("pesel", "PESEL: 44051401359", "44051401359"),
    ("steuer_id", "Steuer-ID 86095742719", "86095742719"),
    ("bsn", "BSN 111222333", "111222333"),
    (
        "passport",
        "Passport No. C01X00T47"[:0] + "passport number: AB1234567",
        "AB1234567",
    ),
    ("aws_key", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("github_token", "ghp_" + "a1B2" * 9, "ghp_" + "a1B2" * 9),
    ("gitlab_token", "glpat-abcdefghij0123456789", "glpat-abcdefghij0123456789"),
    ("slack_token", "xoxb-123456789012-abcdefABCDEF", "xoxb-123456789012"),
    ("stripe_key", "sk_" + "live_abcdefghij0123456789", "live_abcdefghij0123456789"),
    ("anthropic_key", "sk-ant-api03-" + "x1Y2" * 10, "sk-ant-api03-"),
    ("openai_key", "key sk-proj-" + "x1Y2" * 10 + " end", "sk-proj-"),
    ("google_key", "AIza" + "x1Y2z" * 7, "AIza" + "x1Y2z" * 7),
    ("huggingface_token", "hf_" + "x1Y2" * 9, "hf_" + "x1Y2" * 9),
    ("npm_token", "npm_" + "x1Y2" * 9, "npm_" + "x1Y2" * 9),
    ("sendgrid_key", "SG." + "x1Y2" * 5 + "." + "z3W4" * 9, "x1Y2x1Y2"),
    ("telegram_token", "123456789:AA" + "x1y2z3" * 5 + "abc", "123456789:AA"),
    ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln", "eyJzdWIiOiIxMjM0In0"),
    ("authorization", "Authorization: Bearer abcdef0123456789abcdef", "abcdef0123"),
    ("authorization", "basic dXNlcjpwYXNzd29yZDEyMw==", "dXNlcjpwYXNzd29yZDEyMw=="),
    ("credentials", "postgres://admin:s3cr3tpw@db.internal/x", "s3cr3tpw"),
    ("password", "password: hunter22!", "hunter22!"),
    ("password", '{"password": "hunter2222"}', "hunter2222"),
    ("password", '{\\"db_password\\":\\"hunter2222\\"}', "hunter2222"),
    ("password", "the password is Tr0ub4dor&3.", "Tr0ub4dor&3"),
    ("password", "DB_PASSWORD=correcthorse", "correcthorse"),
    ("token", "api_key = 'abc123def456ghi'", "abc123def456ghi"),
    ("token", "x-api-key: abc123def456ghi", "abc123def456ghi"),
    (
        "token",
        "https://s.example/x?X-Amz-Signature=0123456789abcdef0",
        "0123456789abcdef0",
    ),
    (
        "private_key",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
        "MIIEow",
    ),
    ("private_key", "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3Blbn", "b3Blbn"),
]

LEFT_ALONE = [
    "Revenue in the north region was 4,210 in 2024, up 12.5 % from 3,742.",
    "2024-01-02T12:30:45.123456789Z to 2024-01-03 at 10:15:00",
    "On 01.02.2024 10:30 and 01/02/2024, and 2024/01/02 08:00",
    "version 1.2.3, 10.4, 3.14159265358979323846",
    "std::vector<int> a::b; x ? y : z; 12:30",
    "isbn 978-3-16-148410-0, order 20240102-1234, 1234567890 items",
    "max_tokens: 1000, top_p: 0.95, token count 128000",
    "uuid 123e4567-e89b-12d3-a456-426614174000",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "127.0.0.1 and ::1 and 0.0.0.0",
    "4111 1111 1111 1112 fails its check digit",
    "GB83 WEST 1234 5698 7654 32 fails its check digits",
    "the secret of a good soup is patience; the key to success, too",
    "password must have at least twelve characters",
    "What is the password policy? Tokens are counted per minute.",
    "call me maybe, basic income, bearer of bad news",
    "temperature -12.5, 1e-10, 0x7fffffffffffffff, 6.02214076e23",
    "a@b and user@localhost and @mention",
    "42 = 6 x 7; (555) is an area code; 100-200-300",
    "你好世界。Привет, мир! 🙂",
    "function_call_1234567890abcdef tool_call_id call_abc123DEF456",
]


@pytest.mark.parametrize(("kind", "text", "value"), PLANTED)
def test_planted_values_go(kind, text, value):
    """This value would reach the disk."""
    made, replaced = REDACTOR.redact(text)
    assert value not in made
    assert kind in {one.kind for one in replaced}


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_ordinary_text_stays_as_it_is(text):
    """Redaction would change what the model is asked, and no one would know why."""
    assert REDACTOR.redact(text) == (text, ())


@pytest.mark.parametrize(("kind", "text", "value"), PLANTED)
def test_what_was_redacted_once_stays_as_it_is(kind, text, value):
    """A second collector on the way would give the same person another name."""
    made, _ = REDACTOR.redact(text)
    assert REDACTOR.redact(made) == (made, ())


@pytest.mark.parametrize(("kind", "text", "value"), PLANTED)
def test_the_places_are_where_the_pseudonyms_stand(kind, text, value):
    """Scoring would mask the wrong words."""
    made, replaced = REDACTOR.redact(f"{text} and then {text} 🙂")
    for one in replaced:
        assert made[one.start : one.end] == one.pseudonym
    assert len(replaced) >= 2 or kind == "private_key"


SAME = [
    ("email", "Ann@Example.org", "ann@example.org"),
    ("card", "4111 1111 1111 1111", "4111-1111-1111-1111"),
    ("iban", "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    ("phone", "+49 30 1234567", "+49-30-1234567"),
    ("ip", "2001:4860:4860:0:0:0:0:8888", "2001:4860:4860::8888"),
    ("ssn", "536-90-4399", "536 90 4399"),
]


@pytest.mark.parametrize(("kind", "one", "other"), SAME)
def test_spellings_of_one_value_get_one_pseudonym(kind, one, other):
    """A tool result would no longer be about the person who was asked for."""
    plain = [re.sub(r"\W", "", PSEUDONYMS.of(kind, value)) for value in (one, other)]
    assert plain[0] == plain[1]
    assert PSEUDONYMS.of(kind, one) != PSEUDONYMS.of(kind, one[::-1])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("card", "4111 1111 1111 1111"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("ssn", "536-90-4399"),
        ("cpf", "529.982.247-25"),
        ("aadhaar", "2345 6789 0124"),
        ("codice_fiscale", "RSSMRA85T10A562S"),
        ("phone", "+49 (0)30 1234567"),
        ("nir", "1 84 12 76 451 089 46"),
    ],
)
def test_pseudonyms_keep_the_shape(kind, value):
    """A schema that asks for sixteen digits would refuse the replayed request."""

    def shape(text):
        return re.sub("[A-Za-z]", "a", re.sub(r"\d", "0", text))

    assert shape(PSEUDONYMS.of(kind, value)) == shape(value)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (
            "123e4567-e89b-42d3-a456-426614174000",
            r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a",
        ),
        (
            "123E4567-E89B-42D3-A456-42661417400F",
            r"[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-A",
        ),
        ("ann@example.org", r"user_[0-9a-f]{10}@redacted\.invalid"),
        ("1987-06-05", r"19\d\d-(0\d|1[0-2])-(0\d|1[0-2])"),
        ("05.06.1987", r"(0\d|1[0-2])\.(0\d|1[0-2])\.19\d\d"),
        ("6/5/1987", r"\d{1,2}/\d{1,2}/19\d\d"),
        ("https://people.example/ann?id=7", r"https://redacted\.invalid/[0-9a-f]{10}"),
        ("4711", r"[1-9]\d{3}"),
        ("Ann Example", r"redacted_person_[0-9a-f]{10}"),
    ],
)
def test_what_a_rule_takes_keeps_a_shape_that_a_schema_may_ask_for(value, shape):
    """A field of format `uuid` or `date` would refuse the replayed request."""
    made = PSEUDONYMS.of("person", value)
    assert re.match(shape, made)
    assert made != value
    assert made == PSEUDONYMS.of("person", value)
    assert made != PSEUDONYMS.of("person", value, 1)
    if "-" in value and "@" not in value and len(value) == 10:
        dt.date.fromisoformat(made)


@pytest.mark.parametrize("seed", range(50))
def test_a_card_stays_one_by_its_check_digit_and_is_nobodys(seed):
    """A form that checks the digit would refuse it; or somebody would be charged."""
    rng = random.Random(seed)
    start = rng.choice(["4", "51", "2221", "37", "6011"])
    length = 15 if start == "37" else 16
    while len(start) < length - 1:
        start += rng.choice("123456789")
    value = next(f"{start}{d}" for d in range(10) if check_digits.luhn(f"{start}{d}"))
    made = PSEUDONYMS.of("card", value)
    assert len(made) == len(value)
    assert check_digits.luhn(made)
    assert made[1:6] == "00000"  # no issuer has that
    assert REDACTOR.redact(f"pay with {made}") == (f"pay with {made}", ())


def test_another_fleet_gets_other_pseudonyms():
    """Two customers' data could be joined, and a pseudonym looked up in a table."""
    other = Pseudonyms(FleetKey(b"another fleet's secret of enough signs"))
    for kind, value in (("email", "ann@example.org"), ("card", "4111111111111111")):
        assert other.of(kind, value) != PSEUDONYMS.of(kind, value)


@given(st.text(max_size=300))
def test_any_text_is_survived_and_stays_stable(text):
    """One odd prompt would be lost, or change again on every hop."""
    made, replaced = REDACTOR.redact(text)
    for one in replaced:
        assert made[one.start : one.end] == one.pseudonym
    assert REDACTOR.redact(text) == (made, replaced)


@pytest.mark.parametrize("between", [" ", "\n", " | ", '", "'])
def test_any_two_values_are_found_side_by_side(between):
    """A card would hide behind the end of a phone number."""
    for (_, one, first), (_, other, second) in itertools.product(PLANTED, repeat=2):
        made, _ = REDACTOR.redact(f"{one}{between}{other}")
        assert first not in made, (one, other)
        assert second not in made, (one, other)


@given(
    st.lists(st.sampled_from([text for _, text, _ in PLANTED]), min_size=1, max_size=4),
    st.sampled_from([" ", "\n", " | ", '", "']),
)
def test_values_are_found_among_others(texts, between):
    """A secret would hide behind a phone number."""
    made, _ = REDACTOR.redact(between.join(texts))
    for _, text, value in PLANTED:
        if text in texts:
            assert value not in made


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "1", "a.", "a@", "0 ", "1.", ":", "password"),
        "-----BEGIN PRIVATE KEY-----",
        *("https://a:", "eyJ", "key="),
    ],
)
@pytest.mark.timeout(60)
def test_hostile_text_takes_no_more_than_linear_time(unit):
    """One crafted prompt would stop the sampling of a whole node."""
    assert_linear(REDACTOR.redact, lambda size: unit * (size // len(unit)), 50_000)


def test_luhn_by_its_definition():
    """A wrong check would miss one card in two."""
    assert [check_digits.luhn(f"7992739871{d}") for d in range(10)].index(True) == 3


def test_json_numbers_that_are_cards_are_replaced_by_numbers():
    """A number field would become a text, or lose its leading digit, and be refused."""
    made = PSEUDONYMS.of("card", "4111111111111111")
    assert made.isdigit()
    assert str(int(made)) == made
