"""Suite files: what they hold, and every mistake with its place."""

import json
from importlib import resources

import jsonschema_rs
import pytest
import yaml

from replayd.offline.suite.file_kinds import FILE_KINDS
from snaptrace.suite import document
from snaptrace.suite.errors import SuiteFileError
from snaptrace.suite.model import Scope

WHOLE = """\
suite: release
owner: search
runs: 3
pin:
  - id: "4be1c0"
    owner: ana
    why: wrong total in March
    since: 2026-11-20
    hard: true
  - rule: 10 newest refusals of service shop
  - rule: every route at least 5
  - rule: the 50 cases that represent last week where modality=image
assert:
  - number: 42.7 ± 1 %
    for: {id: "4be1c0"}
  - tool_call: {name: book, arguments: {day: {matches: "^2026-"}}}
    at_least: 3 of 5
  - max_words: 120
    language: de
    for: {modality: [text, image], route: checkout}
  - max_latency_ms: 2000
    warning: true
  - rubric: answers the question in one sentence
ignore:
  - timestamps
  - json: [meta.request_id, "items[].id"]
  - pattern: 'order-[0-9]+'
    for: {service: shop}
"""


def problems(text):
    """Return the mistakes of a file as texts."""
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(SuiteFileError) as caught:
        document.parse(data, FILE_KINDS)
    return [str(problem) for problem in caught.value.problems]


def test_a_whole_file_is_read():
    """If it failed, a line of a suite would mean something else, or nothing."""
    suite = document.parse(WHOLE.encode(), FILE_KINDS)
    assert (suite.name, suite.owner, suite.runs) == ("release", "search", 3)
    assert suite.pins[0].hard
    assert suite.pins[0].since == "2026-11-20"
    assert [bool(pin.rule) for pin in suite.pins] == [False, True, True, True]
    assert suite.assertions[1].at_least == 3
    assert suite.assertions[1].runs == 5
    kinds = [entry.kind for entry in suite.assertions]
    assert kinds[2:4] == ["max_words", "language"]
    assert suite.assertions[2].scope == Scope(
        modality=("text", "image"), route=("checkout",)
    )
    assert [entry.kind for entry in suite.ignores] == ["timestamps", "json", "pattern"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("suite: [", "line 1, column 9: expected"),
        ("pin: []", "suite: the suite's name is missing"),
        ("suite: a b", "line 1, column 8: suite: letters"),
        ("suite: a\nbogus: 1", "line 2, column 8: bogus: no such key"),
        ("suite: a\npin:\n  - {}", "line 3, column 5: pin[0]: give id or rule"),
        ("suite: a\npin:\n  - id: 123456", "line 3, column 9: pin[0].id: a text"),
        ("suite: a\npin:\n  - id: xyz", "pin[0].id: no snapshot id"),
        ("suite: a\npin:\n  - rule: best ones", "pin[0].rule: write `10 newest"),
        ("suite: a\npin:\n  - rule: 5 newest calls where srvice=x", "mean service"),
        ("suite: a\npin:\n  - {id: abcdef, since: May}", "pin[0].since: a date"),
        ("suite: a\nassert:\n  - nmber: 4", "assert[0].nmber: no such key"),
        ("suite: a\nassert:\n  - number: many", "line 3, column 13: assert[0].number"),
        ("suite: a\nassert:\n  - matches: '(a'", "assert[0].matches: missing )"),
        ("suite: a\nassert:\n  - {for: all}", "assert[0]: one of contains"),
        ("suite: a\nassert:\n  - {contains: x, at_least: most}", "k of n runs"),
        ("suite: a\nassert:\n  - {contains: x, at_least: 4 of 3}", "k of n runs"),
        ("suite: a\nassert:\n  - {contains: x, for: {modality: smell}}", "'smell'"),
        ("suite: a\nignore:\n  - colour", "ignore[0]: one of wording"),
        ("suite: a\nignore:\n  - pattern: '(?=x)'", "ignore[0].pattern: invalid"),
        ("suite: a\nignore: timestamps", "line 2, column 9: ignore: a list"),
        ("suite: a\nsuite: b", "line 2, column 1: the key 'suite' stands twice"),
        ("suite: !!python/object:os.system x", "the tag"),
        ("suite: !env HOME", "the tag !env is not allowed"),
        (b"suite: \xff", "no UTF-8 at byte 7"),
    ],
)
def test_each_mistake_has_its_place(text, said):
    """If it failed, a reviewer would have to guess which line is wrong."""
    assert any(said in problem for problem in problems(text)), problems(text)


def test_two_owners_of_one_id_are_named():
    """If it failed, two teams would each think that the other looks after a case."""
    text = (
        "suite: a\npin:\n  - {id: abcdef, owner: ana}\n  - {id: abcdef, owner: ben}\n"
    )
    assert problems(text) == [
        "line 4, column 10: pin[1].id: abcdef is pinned above and owned by 'ana' there"
    ]


def test_all_mistakes_are_told_at_once():
    """If it failed, a file would have to be checked once for each of its mistakes."""
    text = "suite: a b\nassert:\n  - number: many\n  - matches: '('\n"
    assert len(problems(text)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "suite: a\na: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
            for before, name in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "suite: " + "[" * 5_000,
        "suite: a\npin: " + "[" * 40 + "]" * 40,
        "suite: a\n# " + "x" * 2**20,
        "&a [*a]",
    ],
    ids=["aliases", "open", "deep", "large", "recursive"],
)
def test_files_that_would_grow_are_refused(text):
    """If it failed, a small file could take a pipeline's memory or its time."""
    assert problems(text)


def test_the_schema_knows_every_key_and_accepts_the_same_file():
    """If it failed, an editor would mark right lines, or miss a kind of assertion."""
    stored = resources.files("snaptrace.suite").joinpath("suite.schema.json")
    schema = json.loads(stored.read_bytes())
    entry = schema["properties"]["assert"]["items"]["properties"]
    assert entry.keys() == {*FILE_KINDS, *document.ASSERT_KEYS}
    assert schema["properties"].keys() == {*document.TOP_KEYS}
    pin = schema["properties"]["pin"]["items"]["properties"]
    assert pin.keys() == {*document.PIN_KEYS}
    validator = jsonschema_rs.validator_for(schema)
    plain = json.loads(json.dumps(yaml.safe_load(WHOLE), default=str))
    assert validator.is_valid(plain), list(validator.iter_errors(plain))
    assert not validator.is_valid({"suite": "a", "assert": [{"nmber": 4}]})
