"""Commands and snippets of the docs: run on a store, parsed or loaded by the code.

A command that can end by itself on a local store is executed as it stands. One that
waits for telemetry, models or a cluster has its words parsed by the command line, its
keys looked up in the chart, or its route in the HTTP API.
"""

import ast
import json
import re
import shlex
import shutil
import subprocess
from contextlib import contextmanager
from typing import NamedTuple

import jsonschema_rs
import pytest
import yaml
import zstandard
from fakes.gate_verdicts import verdicts_of
from fakes.pinned_suite import served as served_model
from fakes.provider import completion
from fakes.release_state import RELEASES, ROOT
from fakes.served_gate import plans
from fakes.served_gate import served as served_gate

from collector.config.relay import CollectorConfig
from replayd.config import ReplaydConfig
from replayd.offline.suite.file_kinds import FILE_KINDS
from snaptrace import VERSION
from snaptrace.cli import application, main
from snaptrace.runtime.config import StoreConfig, load
from snaptrace.suite.document import parse

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(
        page
        for page in sorted((ROOT / "docs").rglob("*.md"))
        if "adr" not in page.parts
    ),
    ROOT / "helm/snaptrace/README.md",
    *sorted((ROOT / "capture").glob("*/README.md")),
]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELL = ("sh", "bash", "console", "")
# Exit codes that are an answer: 1 found something, 2 undecided, 3 unknown.
ANSWERS = {
    "ls": {0},
    "fields": {0},
    "epochs": {0},
    "report": {0},
    "worst": {0, 1},
    "pin": {0},
    "suite init": {0},
    "suite add": {0},
    "suite check": {0, 1},
    "suite diff": {0, 1},
    "suite lock": {0, 1},
    "suite coverage": {0, 1},
    "scorer new": {0},
    "scorer check": {0},
    "worksheet": {0},
    "doctor": {0, 1},
    "import": {0},
    "export": {0},
    "drill": {0, 1},
    "watch": {0, 1},
    "plan": {0},
    "decide": {0},
    "replay": {0},
    "test": {0, 1, 2, 3},
}
# What a command is given beside its words, so that it ends soon and stays on this
# machine; URL is a fake's.
GIVEN = {
    "drill": ["--orders", "1", "--within", "20"],
    "replay": ["--dry-run"],
    "plan": ["--url", "URL"],
    "gate": ["--url", "URL"],
}
LISTENING = ["--seconds", "0.1", "--listen", "127.0.0.1:0"]
LISTENING += ["--listen-http", "127.0.0.1:0"]
CONTROL = {"role": "control", "url": "http://127.0.0.1:9/v1", "model": "m"}


ASKED = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-x",
    "gen_ai.input.messages": json.dumps(ASKED),
}
SPAN = {
    "traceId": "ab" * 16,
    "spanId": "cd" * 8,
    "startTimeUnixNano": "1544712660000000000",
    "endTimeUnixNano": "1544712661000000000",
    "attributes": [
        {"key": key, "value": {"stringValue": value}}
        for key, value in ATTRIBUTES.items()
    ],
}
EXPORTED = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}


class Snippet(NamedTuple):
    """One fenced block: page, number within it, language, text."""

    page: str
    number: int
    language: str
    text: str


SNIPPETS = [
    Snippet(page.relative_to(ROOT).as_posix(), number, *found)
    for page in PAGES
    for number, found in enumerate(_FENCE.findall(page.read_text(encoding="utf-8")))
]


def named(*languages):
    """Return parameters for the snippets in these languages."""
    chosen = [one for one in SNIPPETS if one.language in languages]
    return pytest.mark.parametrize(
        "snippet", chosen, ids=[f"{one.page}:{one.number}" for one in chosen]
    )


def commands(snippet):
    """Yield the words of each command, without comments, pipes and redirections."""
    lines = snippet.text.replace("\\\n", " ").splitlines()
    if snippet.language == "console" or snippet.text.startswith("$"):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    for line in lines:
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        ends = [at for at, word in enumerate(words) if word in ("|", ">", "&", "&&")]
        words = words[: ends[0]] if ends else words
        if words:
            yield words


COMMANDS = [
    (f"{one.page}:{one.number}", words)
    for one in SNIPPETS
    if one.language in SHELL
    for words in commands(one)
    if words[0] in ("snaptrace", "make", "helm", "curl", "kubectl", "pip", "npm")
]


def of(program, only=lambda _words: True):
    """Return parameters for the commands of a program."""
    chosen = [
        (page, words) for page, words in COMMANDS if words[0] == program and only(words)
    ]
    ids = [f"{page} {' '.join(words[1:4])}" for page, words in chosen]
    return pytest.mark.parametrize("words", [words for _, words in chosen], ids=ids)


def runs(words):
    """Return the codes that a command may end with, or None if it is not run."""
    if words[1] == "gate" and not {"--attest", "--verify"} & {*words}:
        return {0}
    for name, codes in ANSWERS.items():
        if words[1 : 1 + len(name.split())] == name.split():
            return codes
    return None


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a working folder with a configuration and a store with calls."""
    shutil.copytree(RELEASES / VERSION, tmp_path, dirs_exist_ok=True)
    config = yaml.safe_load((tmp_path / "snaptrace.yaml").read_text())
    config["store"]["url"] = f"file://{tmp_path}/store"
    (tmp_path / "snaptrace.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CANARY_KEY", "unused")
    export = zstandard.compress(json.dumps(EXPORTED).encode())
    (tmp_path / "last-month.jsonl.zst").write_bytes(export)
    (tmp_path / "pairs.csv").write_text("epoch,number,turn,better,reasons\n")
    return tmp_path


def test_every_language_is_looked_after():
    """A snippet could be added that no test below reads."""
    languages = {one.language for one in SNIPPETS}
    assert languages <= {*SHELL, "yaml", "json", "python", "text", "js", "toml"}
    assert len(COMMANDS) > 40


@named("sh", "bash")
def test_a_shell_would_read_it(snippet):
    """A reader pastes a block and gets a syntax error."""
    done = subprocess.run(
        ["bash", "-n"], input=snippet.text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@of("snaptrace")
def test_a_command_has_the_words_that_it_is_shown_with(words):
    """An option in the docs would be refused as unknown."""
    if words[1] in ("collector", "replayd", "worker"):
        assert words[2:] in ([], ["--config", "snaptrace.yaml"])
        return
    application().parse_args(words[1:], exit_on_error=False, print_error=False)


@of("snaptrace", only=lambda words: runs(words) is not None)
def test_a_command_runs_on_a_store(words, folder, capsys):
    """A command of the docs would fail where its reader tries it."""
    main(["ls", "--format", "jsonl"])
    lines = capsys.readouterr().out.splitlines()
    ids = [json.loads(line)["snapshot_id"] for line in lines]
    stands_for = {"4be1": ids[1][:8], "9c02": ids[2][:8]}
    # Nobody was refused in the store of the tests.
    stands_for["service=shop outcome=refused"] = "service=shop modality=text"
    shown = [stands_for.get(word, word) for word in words]
    if words[1] == "suite" and words[2] != "init":
        assert main(["suite", "init", "suite.yaml", "--owner", "search"]) == 0
        assert main(["suite", "add", "modality=image", "-n", "2"]) == 0
    if words[1:3] == ["suite", "coverage"]:
        main(["suite", "lock", "suite.yaml"])
    if "--replace" in words:
        main(["pin", ids[2][:8], "--suite", "release", "--expect", '{"number": "1"}'])
    if words[1:3] == ["scorer", "check"]:
        assert main(["scorer", "new", "word_share"]) == 0
    if words[1:] == ["doctor"]:
        shown += LISTENING
    if "--ask" in words:
        shown += ["--set", f"replayd.arms={json.dumps({'p': CONTROL})}"]
    capsys.readouterr()
    with answering(words) as url:
        given = [url if each == "URL" else each for each in GIVEN.get(words[1], [])]
        shown = [url if each.startswith("http://c") else each for each in shown]
        shown = [url if each == "http://prod/v1" else each for each in shown]
        code = main([*shown[1:], *given])
    said = capsys.readouterr()
    assert code in runs(words), said.err or said.out


@contextmanager
def answering(words):
    """Yield the address of a replayd or of a model, as a command asks."""
    if words[1] in ("gate", "plan"):
        with served_gate(found=plans(), verdicts=verdicts_of(pairs=3000)) as url:
            yield url
    elif words[1] == "test":
        with served_model(lambda _body: completion("It is 42.")) as model:
            yield model.url
    else:
        yield ""


@of("make")
def test_a_target_exists(words):
    """A contributor would be told of a target that make does not know."""
    targets = set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text()))
    assert {word for word in words[1:] if "=" not in word} <= targets


@of("helm")
def test_a_value_that_helm_is_given_exists(words):
    """`--set` would set a value that no template reads."""
    values = yaml.safe_load((ROOT / "helm/snaptrace/values.yaml").read_text())
    charts = [word for word in words if "/" in word and "=" not in word]
    for chart in charts:
        assert chart == "helm/snaptrace" or chart.startswith("oci://"), chart
    for at, word in enumerate(words):
        if word == "--set":
            here = values
            for part in words[at + 1].partition("=")[0].split("."):
                assert part in here, words[at + 1]
                here = here[part]


@of("curl")
def test_a_route_is_served(words):
    """A call of the docs would be answered by 404."""
    (url,) = [word for word in words if word.startswith("localhost")]
    path = "/" + url.split("/", 1)[1].partition("?")[0]
    spec = json.loads((ROOT / "docs/specs/openapi.json").read_text())
    routes = [re.sub(r"\{\w+\}", "[^/]+", route) for route in spec["paths"]]
    assert any(re.fullmatch(route, path) for route in [*routes, "/metrics"]), path


@of("kubectl")
def test_a_port_is_one_of_ours(words):
    """A port that is forwarded would lead nowhere."""
    ports = {int(word) for word in words if word.isdigit()}
    assert ports <= {4317, 4318, 9464, 9465, 9466}
    if words[1] == "port-forward":
        assert ports


@of("pip")
def test_a_distribution_has_the_name_that_is_installed(words):
    """`pip install` would find nothing, or something of somebody else."""
    assert words[2] in ("snaptrace-capture", "snaptrace", "snaptrace[bedrock]")


@of("npm")
def test_a_node_package_has_the_name_that_is_installed(words):
    """`npm install` would find nothing, or something of somebody else."""
    package = json.loads((ROOT / "capture/node/package.json").read_text())
    assert words[2] == package["name"]


@named("json")
def test_json_is_json(snippet):
    """A file copied from the docs would not parse."""
    for line in snippet.text.splitlines():
        json.loads(line)


@named("python")
def test_python_compiles_and_its_names_exist(snippet):
    """An import of the docs would fail."""
    tree = ast.parse(snippet.text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("snaptrace"):
            module = __import__(node.module, fromlist=["*"])
            for one in node.names:
                assert hasattr(module, one.name), one.name


def test_the_reader_of_the_docs_runs(folder, capsys):
    """The first lines that somebody tries in a notebook would fail."""
    (text,) = [
        one.text
        for one in SNIPPETS
        if one.page == "docs/python.md" and "snaptrace.open" in one.text
    ]
    text = text.replace("s3://bucket/prefix", f"file://{folder}/store")
    text = text.replace("modality=image since=7d", "modality=image")
    exec(compile(text, "docs/python.md", "exec"), {})
    assert "North" in capsys.readouterr().out


@named("yaml")
def test_yaml_is_accepted_by_what_reads_it(snippet, tmp_path):
    """Settings copied from the docs would be refused, or do nothing."""
    if "{{" in snippet.text:
        assert 'include "snaptrace.sidecar' in snippet.text  # a template, see shapes
        return
    text = snippet.text.replace("{…, ", "{role: canary, model: m, url: http://c/v1, ")
    if "\n# values.yaml\n" in text:
        text = text.partition("\n# values.yaml\n")[2]
    document = yaml.safe_load(text)
    if "processors" in document:
        return  # of an OpenTelemetry Collector
    if "suite" in document:
        assert parse(text.encode(), FILE_KINDS).name == document["suite"]
    elif not set(document) <= {"store", "collector", "replayd"} or _is_chart(document):
        values = document.get("snaptrace", document)
        schema = json.loads((ROOT / "helm/snaptrace/values.schema.json").read_text())
        jsonschema_rs.validator_for(schema).validate(values)
    else:
        (tmp_path / "snaptrace.yaml").write_text(text)
        loaded = load(str(tmp_path / "snaptrace.yaml"), {})
        loaded.section("store", StoreConfig)
        loaded.section("collector", CollectorConfig)
        loaded.section("replayd", ReplaydConfig)


def _is_chart(document):
    keys = {key for section in document.values() for key in section}
    return bool(keys & {"config", "shape", "env", "keySecret"})
