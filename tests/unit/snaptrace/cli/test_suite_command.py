"""`snaptrace test`: a pinned suite from the command line, without a daemon."""

import json

import pytest
from fakes.pinned_suite import NOW, served
from fakes.provider import completion
from fakes.stored_calls import text_call

from snaptrace import cli


@pytest.mark.parametrize(("text", "code"), [("It is 42.", 0), ("It is 57.", 1)])
def test_it_exits_as_a_gate(pinned, capfdbinary, text, code):
    """If it failed, a pipeline would not see what a pinned case says."""
    with served(lambda _body: completion(text)) as model:
        options = ["--suite", "release", "--canary", model.url, "--format", "jsonl"]
        assert cli.main(["test", *pinned, *options]) == code
    (case,) = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert case["answer"] == text
    assert case["state"] == ("failed" if code else "passed")


def test_without_a_model_the_recorded_one_is_asked(pinned, capfdbinary):
    """If it failed, a server with several models would refuse every case."""
    asked = []

    def answer(body):
        asked.append(body["model"])
        return completion("42")

    with served(answer) as model:
        options = ["--suite", "release", "--canary", model.url]
        assert cli.main(["test", *pinned, *options]) == 0
        assert cli.main(["test", *pinned, *options, "--model", "next"]) == 0
    assert asked == [text_call(1, at_ns=NOW).request.model, "next"]
    assert b"passed" in capfdbinary.readouterr().out


def test_an_unknown_suite_could_not_be_told(pinned, capfdbinary):
    """If it failed, a misspelt suite would be green for ever."""
    options = ["--suite", "relaese", "--canary", "http://127.0.0.1:9/v1"]
    assert cli.main(["test", *pinned, *options]) == 3
    assert b"no cases" in capfdbinary.readouterr().out


def test_pinning_again_with_another_expectation_is_refused_or_replaces(
    pinned, capfdbinary
):
    """If it failed, a corrected expectation would be ignored without a word."""
    name = text_call(1, at_ns=NOW).snapshot_id
    pin = ["pin", name, *pinned, "--suite", "release", "--expect"]
    assert cli.main([*pin, '{"number": "42"}']) == 0  # the same: nothing to do
    assert cli.main([*pin, '{"number": "43"}']) == 2
    said = capfdbinary.readouterr().err
    assert b"--replace" in said
    assert b'{"number":"42"}' in said
    assert cli.main([*pin, '{"number": "43"}', "--replace"]) == 0
    with served(lambda _body: completion("It is 42.")) as model:
        options = ["--suite", "release", "--canary", model.url]
        assert cli.main(["test", *pinned, *options]) == 1


@pytest.mark.parametrize(
    "expect",
    ["7", "[]", "{}", '{"bogus": 1}', '{"refuses": "yes"}', '{"number": "many"}', "{"],
)
def test_an_assertion_that_cannot_be_checked_is_refused(pinned, capfdbinary, expect):
    """If it failed, a pin would assert nothing and its wrong answers would pass."""
    name = text_call(1, at_ns=NOW).snapshot_id
    options = ["--suite", "other", "--expect", expect]
    assert cli.main(["pin", name, *pinned, *options]) == 2
    assert b"--expect" in capfdbinary.readouterr().err


def test_an_arm_is_named_as_for_the_gate(pinned, capfdbinary):
    """If it failed, one option would mean an arm here and a URL there."""
    with served(lambda _body: completion("It is 42.")) as model:
        arm = {"role": "canary", "url": model.url, "model": "assistant-8"}
        named = ["--suite", "release", "--canary", "next"]
        known = [
            part
            for key, value in arm.items()
            for part in ("--set", f"replayd.arms.next.{key}={value}")
        ]
        assert cli.main(["test", *pinned, *named, *known]) == 0
        assert model.requests
    assert cli.main(["test", *pinned, *named]) == 2
    assert b"--canary next: neither an address" in capfdbinary.readouterr().err
    assert cli.main(["gate", "--canary", "http://canary/v1"]) == 2
    assert b"--url" in capfdbinary.readouterr().err


def test_a_control_that_fails_too_puts_a_pin_in_quarantine(pinned, capfdbinary):
    """If it failed, an outdated pin would block every release."""
    with served(lambda _body: completion("It is 43.")) as model:
        options = ["--suite", "release", "--canary", model.url, "--control", model.url]
        assert cli.main(["test", *pinned, *options]) == 3
    assert b"quarantined" in capfdbinary.readouterr().out


def test_a_run_says_first_what_it_takes(pinned, capfdbinary):
    """If it failed, a suite could spend before anybody knows how much."""
    with served(lambda _body: completion("It is 42.")) as model:
        options = ["--suite", "release", "--canary", model.url, "--control", model.url]
        assert cli.main(["test", *pinned, *options, "--plan-only"]) == 0
        assert cli.main(["test", *pinned, *options, "--most-requests", "1"]) == 2
        assert not model.requests
    said = capfdbinary.readouterr().err
    assert b"1 pins: 1 requests, up to 1 to the control; about 11 tokens in" in said
    assert b"--most-requests" in said


@pytest.mark.parametrize("output", ["json", "jsonl", "junit", "markdown", "table"])
def test_every_report_names_the_version(pinned, capfdbinary, tmp_path, output):
    """If it failed, nobody could say which suite a verdict was given on."""
    files = [tmp_path / name for name in ("a.json", "a.xml", "a.md")]
    with served(lambda _body: completion("It is 42.")) as model:
        options = ["--suite", "release", "--canary", model.url, "--format", output]
        names = ("json", "junit", "markdown")
        written = [f"--{n}={f}" for n, f in zip(names, files, strict=True)]
        assert cli.main(["test", *pinned, *options, *written]) == 0
    version = json.loads(files[0].read_bytes())["suite_hash"]
    assert len(version) == 32
    assert version in files[1].read_text()
    assert version[:12] in files[2].read_text()
    assert version[:12] in capfdbinary.readouterr().out.decode()


def test_a_report_that_cannot_be_written_is_no_verdict(pinned, capfdbinary, tmp_path):
    """If it failed, a pipeline would take a full disk for a failed canary."""
    with served(lambda _body: completion("It is 42.")) as model:
        options = ["--suite", "release", "--canary", model.url]
        junit = ["--junit", str(tmp_path / "none" / "a.xml")]
        assert cli.main(["test", *pinned, *options, *junit]) == 4
    assert b"cannot be written" in capfdbinary.readouterr().err
