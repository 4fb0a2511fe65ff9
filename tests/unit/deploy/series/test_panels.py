"""Every query of dashboards and alerts over series of every metric, in a Prometheus.

The series have the names and labels of the programs' own registries, and the label
values that the queries ask for. A panel that stays empty joins on labels that do not
match, or asks for something that no series can have.
"""

import itertools
import re
import subprocess
import time
import urllib.request
from collections import defaultdict

import pytest
from expressions import expressions
from fakes.waiting import wait_until
from prometheus_tools import unpack
from registries import of_collector, of_replayd
from test_live import asker, listening, running

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(300)]

STEP_SECONDS, STEPS = 30, 60
MOST = 600  # combinations of label values a metric
ALWAYS = {
    "canary": {"next"},
    "modality": {"text", "image"},
    "slice": {"", "billing"},
    "job": {"snaptrace"},
    "instance": {"one:9464"},
    "le": {"0.1", "1.0", "+Inf"},
}


def asked_values():
    """Return {label: values} that the queries name."""
    found = defaultdict(set)
    for label, values in ALWAYS.items():
        found[label] |= values
    for _, expression in expressions():
        matchers = re.findall(r'(\w+)\s*(=~|!=|=)\s*"([^"]*)"', expression)
        for label, operator, text in matchers:
            if operator != "!=":
                found[label] |= set(text.split("|"))
    for label in found.keys() - {"canary", "job", "instance", "le"}:
        found[label] |= {"other"}
    return found


def recorded(until):
    """Yield OpenMetrics lines: half an hour of every series, up to `until`."""
    values = asked_values()
    for name, labels in sorted((of_collector() | of_replayd()).items()):
        names = sorted(labels | {"job", "instance"})
        choices = [sorted(values.get(label, {"one"})) for label in names]
        for combination in itertools.islice(itertools.product(*choices), MOST):
            held = dict(zip(names, combination, strict=True))
            shown = ",".join(f'{k}="{v}"' for k, v in held.items())
            # Counters rise, and upper buckets hold what lower ones hold; a gauge is
            # 1 or 0, as what names a state is.
            rises = name.endswith(("_total", "_bucket", "_count", "_sum"))
            is_named = int("other" not in combination)
            slope = {"0.1": 1, "1.0": 2}.get(held.get("le", ""), 3)
            for step in range(STEPS):
                at = until - (STEPS - 1 - step) * STEP_SECONDS
                value = slope * (step + 1) if rises else is_named
                yield f"{name}{{{shown}}} {value} {at}\n"
    yield "# EOF\n"


@pytest.fixture(scope="module")
def query(pytestconfig, tmp_path_factory):
    """Ask a Prometheus that holds the recorded series and scrapes nothing."""
    folder = tmp_path_factory.mktemp("series")
    binaries = unpack(pytestconfig.cache.mkdir("prometheus"))
    until = int(time.time()) - 10
    with (folder / "recorded.txt").open("w") as file:
        file.writelines(recorded(until))
    made = subprocess.run(
        [
            *(binaries / "promtool", "tsdb", "create-blocks-from", "openmetrics"),
            *(folder / "recorded.txt", folder / "data"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    (folder / "prometheus.yaml").write_text("{}\n")
    with (
        (folder / "prometheus.log").open("w") as log,
        running(
            binaries / "prometheus",
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/data",
            "--web.listen-address=127.0.0.1:0",
            stderr=log,
        ),
    ):
        address = wait_until(lambda: listening(folder / "prometheus.log"))
        wait_until(lambda: urllib.request.urlopen(f"http://{address}/-/ready").close)
        ask = asker(address)
        wait_until(lambda: ask("count(snaptrace_collector_requests_total)"))
        yield ask


def test_every_panel_shows_something(query):
    """A panel would be empty in every Grafana, whatever happens."""
    empty = [
        where
        for where, expression in expressions()
        if not where.startswith("Snaptrace") and not query(expression)
    ]
    assert empty == []
