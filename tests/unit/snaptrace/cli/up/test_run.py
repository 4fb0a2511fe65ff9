"""What each program of `snaptrace up` is started with."""

import pytest

from replayd.config import ReplaydConfig
from snaptrace.cli.up.run import model_keys, program
from snaptrace.runtime.config import load

FILE = """
store: {{encryption: {{key_env: STORE_KEY}}}}
replayd:
  arms:
    production: {{role: control, url: "http://a/v1", model: m, api_key_env: {control}}}
    canary:
      {{role: canary, url: "{url}", model: n, revision: r, api_key_env: CANARY_KEY}}
  judge: {{url: "http://j/v1", model: j, api_key_env: JUDGE_KEY}}
"""


@pytest.fixture
def keys_of(tmp_path):
    def made(control="PRODUCTION_KEY", url="http://b/v1", environ=None):
        path = tmp_path / "snaptrace.yaml"
        path.write_text(FILE.format(control=control, url=url))
        document = load(str(path), environ or {})
        section = document.section("replayd", ReplaydConfig)
        return model_keys(document, section, str(path))

    return made


def test_keys_of_arms_and_judge_are_replayds_alone(keys_of, monkeypatch):
    """What parses other people's bytes could read the keys of every model."""
    names = {"PRODUCTION_KEY", "CANARY_KEY", "JUDGE_KEY"}
    assert keys_of() == names
    for name in (*names, "AWS_REGION"):
        monkeypatch.setenv(name, "secret")
    environ = program("collector", (), without=keys_of()).environ
    assert not names & environ.keys()
    assert environ["AWS_REGION"] == "secret"
    assert names <= program("replayd", ()).environ.keys()


def test_a_variable_that_the_collector_needs_stays(keys_of):
    """The collector would not start: its file or its store names the variable."""
    assert keys_of(control="STORE_KEY") == {"CANARY_KEY", "JUDGE_KEY"}
    found = keys_of(url="http://${env:CANARY_KEY}/v1", environ={"CANARY_KEY": "b"})
    assert found == {"PRODUCTION_KEY", "JUDGE_KEY"}
