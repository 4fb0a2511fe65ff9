"""`snaptrace replay` from the command line: what is sent, shown and said."""

import json

import pytest
from fakes.pinned_suite import pinned, served
from fakes.provider import completion, respond

from snaptrace import cli

assert pinned  # a fixture


def run(options, capfd, *more):
    code = cli.main(["replay", *more, *options])
    said = capfd.readouterr()
    return code, said.out, said.err


def test_a_pinned_suite_is_sent_to_any_endpoint(pinned, capfd):
    """If it failed, a new build could not be looked at before it is configured."""
    with served(lambda _body: completion("The total is 57.")) as model:
        code, out, _ = run(pinned, capfd, "--suite", "release", "--url", model.url)
    assert code == 0
    assert "The total is [-42-]." in out
    assert "{+57+}" in out
    assert "1 answered" in out
    assert "\x1b[" not in out  # no colours in a pipe
    assert model.requests[0][1]["model"] == "assistant-7"


def test_lines_of_json_are_for_scripts(pinned, capfd):
    """If it failed, a pipeline would have to parse a table."""
    with served(lambda _body: completion("The total is 42.")) as model:
        options = ("--all", "--url", model.url, "--format", "jsonl")
        code, out, _ = run(pinned, capfd, *options)
    assert code == 0
    found = [json.loads(line) for line in out.splitlines()]
    assert [each["outcome"] for each in found] == ["answered"]
    assert found[0]["answer"] == found[0]["recorded"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda _b: 401, "the key is refused"),
        (
            lambda _b: respond(302, headers={"location": "http://127.0.0.1:1/"}),
            "write the final URL",
        ),
        (lambda _b: respond(body=b"<html>"), "no answer of this API came"),
    ],
)
def test_what_did_not_work_comes_with_what_to_do(pinned, capfd, answer, said):
    """If it failed, a person would have to guess from a status code."""
    with served(answer) as model:
        code, out, _ = run(pinned, capfd, "--suite", "release", "--url", model.url)
    assert code == 1
    assert said in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--url", "http://x/v1"), "--id, --suite NAME, --where FILTER or --all"),
        (
            ("--all", "--suite", "release", "--dry-run"),
            "--id, --suite NAME, --where FILTER or --all",
        ),
        (("--all",), "--arm, an endpoint with --url"),
        (("--all", "--arm", "a", "--url", "http://x"), "not both"),
        (("--all", "--arm", "a"), "no arm 'a'"),
        (("--suite", "nope", "--dry-run"), "no suite nope"),
        (("--id", "zzz", "--dry-run"), "no snapshot begins with zzz"),
        (("--all", "--url", "x"), "write http:// or https://"),
        (("--all", "--url", "http://x", "--api", "y"), "no such API"),
    ],
)
def test_a_mistake_is_said_in_one_line(pinned, capfd, options, said):
    """If it failed, a slip would be a traceback, or would send something else."""
    code, out, err = run(pinned, capfd, *options)
    assert code in (1, 2)
    assert out == ""
    assert said in " ".join(err.split())
