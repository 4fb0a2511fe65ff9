"""Exports loaded by the tools that they are for, each in an environment of its own."""

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest
from fakes.exported_calls import DATA, PICTURE, URL, sound, tool_call

from snaptrace.export import row

pytestmark = pytest.mark.tools

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / ".venv" / "tools"
PYTHON, PROMPTFOO = TOOLS / "bin" / "python", TOOLS / "node_modules/.bin/promptfoo"
CALLS = [(PICTURE, {0: DATA}), (tool_call(), {}), (sound(), {0: b"RIFF"})]
SOUND = base64.b64encode(b"RIFF").decode()
QUIET = {
    "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
}


def run(command, folder, *, code=0):
    """Run a tool in a folder of its own; return what it prints."""
    env = {**os.environ, **QUIET, "PROMPTFOO_CONFIG_DIR": str(folder / "config")}
    env.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(each) for each in command],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def written(folder, shape):
    """Return a file with a picture, a tool's history and a sound in this shape."""
    path = folder / f"{shape}.jsonl"
    rows = [row(call, shape, blobs=blobs) for call, blobs in CALLS]
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return path


def loaded(tool, path):
    """Return what a tool's loader found in a file."""
    if not PYTHON.exists():
        pytest.skip("the tools are not installed: make test-tools")
    out = run([PYTHON, HERE / "loaders" / f"with_{tool}.py", path], path.parent)
    return json.loads(out.strip().splitlines()[-1])


IDS = [call.snapshot_id for call, _ in CALLS]
ROLES = ["system", "user", "assistant", "tool"]


@pytest.mark.parametrize(
    ("tool", "shape", "expected"),
    [
        (
            "inspect",
            "inspect",
            {
                "ids": IDS,
                "picture": URL,
                "sound": f"data:audio/wav;base64,{SOUND}",
                "target": "North 12, South 30",
                "roles": ROLES,
                "call": {"q": "order 7"},
            },
        ),
        (
            "deepeval",
            "deepeval",
            {
                "ids": IDS,
                "picture": URL,
                "sound": f"data:audio/wav;base64,{SOUND}",
                "target": "North 12, South 30",
                "call": {"q": "8"},
            },
        ),
        (
            "langfuse",
            "langfuse",
            {
                "ids": IDS,
                "picture": URL,
                "target": "North 12, South 30",
                "sent": ["release"] * 3,
            },
        ),
        (
            "phoenix",
            "phoenix",
            {"ids": IDS, "picture": URL, "target": "North 12, South 30"},
        ),
        ("openai", "openai", {"picture": URL, "sound": SOUND, "roles": ROLES}),
        (
            "openai",
            "openai_finetuning",
            {"picture": URL, "sound": SOUND, "roles": ROLES},
        ),
        ("hugging_face", "openai_finetuning", {"picture": URL}),
    ],
)
def test_a_tool_finds_every_part(tmp_path, tool, shape, expected):
    """If it failed, a team's own tool would refuse the export, or lose the picture."""
    assert loaded(tool, written(tmp_path, shape)) == expected


def test_datasets_read_the_parquet(tmp_path):
    """If it failed, media would not survive the way into a table."""
    tables = pytest.importorskip("snaptrace.reader.tables")
    pytest.importorskip("pyarrow")
    from snaptrace.reader.call import Blob, Call  # noqa: PLC0415 - after the skip

    path = tmp_path / "calls.parquet"
    with tables.ParquetFile(path) as file:
        file.add(Call(PICTURE, (Blob(PICTURE.media[0], DATA),), 0.5, uniform=True))
    assert loaded("hugging_face", path) == {
        "ids": [PICTURE.snapshot_id],
        "bytes": DATA.hex(),
        "target": "North 12, South 30",
        "weight": 2.0,
    }


PROVIDER = """export default class {{
  id() {{ return "{name}"; }}
  async callApi() {{ return {{ output: {said} }}; }}
}}
"""


def test_promptfoo_asks_with_the_media_and_passes_no_nonsense(tmp_path):
    """If it failed, promptfoo would send no picture, or pass whatever is answered."""
    if not PROMPTFOO.exists():
        pytest.skip("promptfoo is not installed: make test-tools")
    path = written(tmp_path, "promptfoo")
    disagrees = json.dumps(json.dumps({"category": "D", "reason": "it disagrees"}))
    for name, said in (("nonsense", '"Forest: 1."'), ("grader", disagrees)):
        (tmp_path / f"{name}.mjs").write_text(PROVIDER.format(name=name, said=said))
    config = {
        "prompts": ["{{ messages | dump }}"],
        "providers": ["file://nonsense.mjs"],
        "defaultTest": {"options": {"provider": "file://grader.mjs"}},
        "tests": f"file://{path.name}",
    }
    (tmp_path / "promptfooconfig.json").write_text(json.dumps(config))
    command = [PROMPTFOO, "eval", "-c", "promptfooconfig.json", "-o", "out.json"]
    options = ["--no-cache", "--no-write", "--no-table"]
    run([*command, *options], tmp_path, code=100)  # every test failed, as it should
    found = json.loads((tmp_path / "out.json").read_text())["results"]["results"]
    asked = {each["vars"]["expected"]: each["prompt"]["raw"] for each in found}
    assert URL in asked["North 12, South 30"]
    assert SOUND in asked["The total is 42."]
    assert [each["success"] for each in found] == [False] * 3
