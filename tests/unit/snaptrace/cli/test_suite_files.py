"""`snaptrace suite …` and `snaptrace test` with a suite file, over a real store."""

import asyncio
import json

import pytest
from fakes.pinned_suite import NOW, served
from fakes.provider import completion
from fakes.stored_calls import text_call
from fakes.suite_files import CALLS

from snaptrace.snapshot import object_names
from snaptrace.store import erase, pins


def test_from_nothing_to_a_green_suite(suite):
    """If it failed, the first hour with a suite would end in an error."""
    assert suite.run("suite", "init", suite.file, "--owner", "ana", store=False)[0] == 0
    assert json.loads((suite.file.parent / "suite.schema.json").read_text())["title"]
    assert suite.run("suite", "init", suite.file, store=False)[0] == 2  # not over it
    code, said = suite.run("suite", "add", "service=cart", "--file", suite.file)
    assert code == 0, said
    assert CALLS[2].snapshot_id in suite.file.read_text()
    code, said = suite.run("suite", "lock", suite.file)
    assert code == 0, said
    assert "locked 3 cases" in said
    assert suite.rows("check") == (0, [])
    assert suite.rows("diff") == (0, [])
    answers = {"order": "It is 42.", "value": "North 12, South 30"}

    def answer(body):
        return completion(next(a for k, a in answers.items() if k in str(body)))

    with served(answer) as model:
        code, said = suite.run("test", "--suite", suite.file, "--canary", model.url)
    assert code == 0, said
    lock = json.loads(suite.file.with_suffix(".lock").read_text())
    assert lock["hash"][:12] in said


def test_the_version_changes_with_what_is_judged_and_by_what(suite):
    """If it failed, two verdicts of one version would speak of different suites."""
    versions = []
    body = f"suite: a\npin:\n  - id: {CALLS[0].snapshot_id}\n"
    for text in (
        body,
        f"{body}# a comment\n",
        f"{body}assert:\n  - number: 42\n",
        f"{body}ignore:\n  - ids\n",
        f"{body}  - id: {CALLS[1].snapshot_id}\n",
    ):
        suite.write(text)
        assert suite.run("suite", "lock", suite.file)[0] == 0
        versions.append(json.loads(suite.file.with_suffix(".lock").read_text())["hash"])
    assert versions[0] == versions[1]
    assert len(set(versions)) == 4


def test_a_file_changed_after_its_lock_is_not_run(suite):
    """If it failed, a report would name a version that was not what ran."""
    suite.write(f"suite: a\npin:\n  - id: {CALLS[0].snapshot_id}\n")
    run = ("test", "--suite", suite.file, "--canary", "http://127.0.0.1:9/v1")
    assert suite.run(*run)[0] == 2  # not locked yet
    suite.run("suite", "lock", suite.file)
    with suite.file.open("a") as file:
        file.write("assert:\n  - number: 42\n")
    code, said = suite.run(*run)
    assert code == 2
    assert "changed since it was locked" in said
    code, rows = suite.rows("check")
    assert (code, rows[0][0]) == (1, "stale lock")
    lock = suite.file.with_suffix(".lock")
    lock.write_text(lock.read_text().replace(CALLS[0].snapshot_id, "0" * 32))
    assert "hash does not fit" in suite.run("suite", "check", suite.file)[1]


def test_missing_and_erased_cases_are_said_and_not_judged(suite):
    """If it failed, an erased case would leave its suite green without it."""
    suite.write(
        "suite: a\npin:\n"
        f"  - id: {CALLS[0].snapshot_id}\n  - id: {CALLS[1].snapshot_id}\n"
    )
    assert suite.run("suite", "lock", suite.file)[0] == 0

    async def forget():
        await erase.erase(
            suite.store, suite.key, "trace", CALLS[1].trace_id, NOW + 10**18
        )

    asyncio.run(forget())
    with served(lambda _body: completion("It is 42.")) as model:
        code, said = suite.run("test", "--suite", suite.file, "--canary", model.url)
    assert code == 2
    assert "erased" in said
    code, rows = suite.rows("check")
    assert code == 1
    assert rows[0] == (
        "no case",
        "pin[1]",
        f"{CALLS[1].snapshot_id}: erased, or never there",
    )


def test_media_that_are_gone_are_said_before_anybody_is_asked(suite):
    """If it failed, a picture that is gone would show at the next release."""
    suite.write(f"suite: a\npin:\n  - id: {suite.picture.snapshot_id}\n")
    assert suite.run("suite", "lock", suite.file)[0] == 0

    async def lose():
        for folder in (
            object_names.suite_media_folder("a"),
            object_names.media_folder(NOW),
        ):
            digest = suite.picture.media[0].digest
            await suite.store.delete(object_names.medium(folder, digest))

    asyncio.run(lose())
    code, rows = suite.rows("check")
    assert (code, rows[0][0]) == (1, "no media")
    code, said = suite.run(
        "test", "--suite", suite.file, "--canary", "http://127.0.0.1:9/v1"
    )
    assert code == 3
    assert "media_missing" in said.replace("\n", "")


def test_a_changed_digest_is_not_judged(suite):
    """If it failed, other bytes under a locked id would be judged as if locked."""
    suite.write(f"suite: a\npin:\n  - id: {CALLS[0].snapshot_id}\n")
    assert suite.run("suite", "lock", suite.file)[0] == 0

    async def swap():
        await pins.unpin(suite.store, "a", CALLS[0].snapshot_id)
        other = text_call(1, at_ns=NOW, answer="The total is 57.")
        await pins.pin(suite.store, suite.key, "x", other, suite="a", now_ns=NOW)

    asyncio.run(swap())
    with served(lambda _body: completion("It is 57.")) as model:
        code, said = suite.run("test", "--suite", suite.file, "--canary", model.url)
    assert code == 3
    assert "not the snapshot" in " ".join(said.replace("│", " ").split())


def test_what_cannot_apply_is_said_at_check(suite):
    """If it failed, an assertion on a tool that is never offered would fail at run."""
    suite.write(
        f"suite: a\npin:\n  - id: {CALLS[0].snapshot_id}\n"
        "assert:\n  - tool: book\n  - field: {a: 1}\n  - excludes: sorry\n"
    )
    suite.run("suite", "lock", suite.file)
    code, rows = suite.rows("check")
    assert code == 1
    assert [(what, where) for what, where, _ in rows] == [
        ("cannot apply", "assert[0].tool"),
        ("cannot apply", "assert[1].field"),
    ]


def test_a_weak_pin_is_said_at_check(suite):
    """If it failed, a pin that nonsense passes would look like a safeguard."""
    suite.write(
        f"suite: a\npin:\n  - id: {CALLS[0].snapshot_id}\n"
        "assert:\n  - excludes: sorry\n"
    )
    suite.run("suite", "lock", suite.file)
    assert [row[0] for row in suite.rows("check")[1]] == ["weak pin"]


def test_mistakes_come_with_line_and_column(suite):
    """If it failed, a reviewer would have to guess which line is wrong."""
    suite.write("suite: a\nassert:\n  - number: many\n")
    code, said = suite.run("suite", "check", suite.file)
    assert code == 2
    assert "line 3, column 13: assert[0].number" in said


def test_what_the_file_no_longer_names_is_said_and_pruned_on_request(suite):
    """If it failed, the daemon would go on judging a case that was taken out."""
    both = [f"  - id: {call.snapshot_id}\n" for call in CALLS[:2]]
    suite.write("suite: a\npin:\n" + "".join(both))
    suite.run("suite", "lock", suite.file)
    suite.write("suite: a\npin:\n" + both[0])
    assert "1 pin of a in the store" in suite.run("suite", "lock", suite.file)[1]
    assert suite.run("suite", "lock", suite.file, "--prune")[0] == 0

    async def left():
        return [s.snapshot_id async for _, _, s in pins.pinned(suite.store, "a")]

    assert asyncio.run(left()) == [CALLS[0].snapshot_id]


@pytest.mark.parametrize(
    "text",
    [
        "suite: a\n",
        "suite: a\npin: []\n",
        "suite: a\npin:\n- rule: 1 newest calls # why\n\n# next\nassert: []\n",
        "suite: a\npin:\n  - rule: 1 newest calls\n    why: x",
    ],
)
def test_adding_keeps_the_rest_of_a_file(suite, text):
    """If it failed, a command would throw away what people wrote into the file."""
    suite.write(text)
    code, said = suite.run(
        "suite", "add", CALLS[0].snapshot_id[:8], "--file", suite.file, "--why", "a: b"
    )
    assert code == 0, said
    now = suite.file.read_text()
    assert all(line in now for line in text.splitlines() if line != "pin: []")
    assert suite.run("suite", "lock", suite.file)[0] == 0
    code, said = suite.run("suite", "add", CALLS[0].snapshot_id, "--file", suite.file)
    assert (code, "nothing new" in said) == (1, True)
