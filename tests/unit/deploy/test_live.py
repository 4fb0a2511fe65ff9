"""Every expression, run by a real Prometheus that scrapes the real programs."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import pytest
import yaml
from expressions import expressions
from fakes.waiting import wait_until
from prometheus_tools import unpack
from rendered import CHART, ROOT

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(180)]

ARM = {"url": "http://127.0.0.1:1/v1", "model": "m"}
ARMS = {"next": {**ARM, "role": "canary"}, "now": {**ARM, "role": "control"}}
# These show something as soon as a collector runs; the others need verdicts or losses.
AT_ONCE = (
    "snaptrace-fleet: Collectors",
    "snaptrace-fleet: Without sampling",
    "snaptrace-fleet: Store unwritable",
    "snaptrace-fleet: Requests",
    "snaptrace-fleet: Bytes",
    "snaptrace-fleet: Queue to the sampling process",
    "snaptrace-fleet: On local disk",
)


@contextlib.contextmanager
def running(*command, **options):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def program(name, folder, *settings):
    """Run a program on free ports; yield its addresses."""
    ports = folder / f"{name}.json"
    arguments = [part for setting in settings for part in ("--set", setting)]
    with running(
        sys.executable,
        "-m",
        name,
        "--ports-file",
        str(ports),
        *arguments,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("OTEL_")},
    ):
        yield wait_until(lambda: json.loads(ports.read_text()))


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Return the addresses of both programs, which run on one store."""
    folder = tmp_path_factory.mktemp("live")
    store = f"store.url=file://{folder}/store"
    with contextlib.ExitStack() as stack:
        collector = stack.enter_context(
            program(
                "collector",
                folder,
                store,
                "collector.grpc.listen=127.0.0.1:0",
                "collector.http.listen=127.0.0.1:0",
                "collector.metrics.listen=127.0.0.1:0",
                f"collector.journal_dir={folder}/journal",
            )
        )
        replayd = stack.enter_context(
            program(
                "replayd",
                folder,
                store,
                "replayd.metrics.listen=127.0.0.1:0",
                "replayd.page.listen=127.0.0.1:0",
                f"replayd.arms={json.dumps(ARMS)}",
            )
        )
        yield collector, replayd


@contextlib.contextmanager
def prometheus(binaries, folder, targets, *flags):
    """Run a Prometheus that scrapes every second; yield a function to ask it."""
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {"job_name": "snaptrace", "static_configs": [{"targets": targets}]}
        ],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    with (
        (folder / "prometheus.log").open("w") as log,
        running(
            binaries / "prometheus",
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/data",
            "--web.listen-address=127.0.0.1:0",
            *flags,
            stderr=log,
        ),
    ):
        yield asker(wait_until(lambda: listening(folder / "prometheus.log")))


@pytest.fixture(scope="module")
def binaries(pytestconfig):
    return unpack(pytestconfig.cache.mkdir("prometheus"))


@pytest.fixture(scope="module")
def query(programs, binaries, tmp_path_factory):
    """Query a Prometheus that scrapes both programs."""
    collector, replayd = programs
    targets = [collector["metrics"], replayd["metrics"]]
    folder = tmp_path_factory.mktemp("classic")
    with prometheus(binaries, folder, targets) as ask:
        send(f"http://{collector['http']}")
        wait_until(lambda: len(ask("up == 1")) == 2)
        # A rate needs two scrapes with something between them.
        wait_until(lambda: ask("snaptrace_collector_requests_total > 0"))
        send(f"http://{collector['http']}")
        wait_until(lambda: ask("rate(snaptrace_collector_requests_total[1m]) > 0"))
        yield ask


def listening(log):
    """Return the address that Prometheus chose, out of its log."""
    for line in log.read_text().splitlines():
        if 'msg="Listening on"' in line:
            return line.partition("address=")[2].split()[0]
    return None


def asker(address):
    def ask(expression):
        data = urllib.parse.urlencode({"query": expression}).encode()
        try:
            with urllib.request.urlopen(f"http://{address}/api/v1/query", data) as got:
                answer = json.load(got)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None
        assert answer["status"] == "success"
        return answer["data"]["result"]

    return ask


def send(base_url):
    """Send the span that `helm test` sends."""
    subprocess.run(
        [sys.executable, CHART / "files" / "send_span.py", base_url],
        check=True,
        capture_output=True,
        timeout=30,
    )


def test_every_expression_runs(query):
    """Parsed is not evaluated: labels that do not match fail at query time only."""
    for where, expression in expressions():
        found = query(expression)
        if where in AT_ONCE:
            assert found, where


def test_nothing_fires_on_a_quiet_machine(query):
    """An alert would greet whoever installs it."""
    loud = [
        where
        for where, expression in expressions()
        if where.startswith("Snaptrace") and query(expression)
    ]
    # Until its evidence is folded nobody leads; `for: 15m` waits for that.
    assert set(loud) <= {"SnaptraceNoLeader"}


def test_native_histograms_are_read(programs, binaries, tmp_path):
    """Prometheus would refuse our protobuf, or find no native histogram in it."""
    collector, replayd = programs
    targets = [collector["metrics"], replayd["metrics"]]
    flag = "--enable-feature=native-histograms"
    with prometheus(binaries, tmp_path, targets, flag) as ask:
        send(f"http://{collector['http']}")
        wait_until(lambda: len(ask("up == 1")) == 2)
        name = 'snaptrace_collector_upstream_seconds{signal="traces"}'
        (found,) = wait_until(lambda: ask(f"histogram_count({name}) > 0"))
        (median,) = ask(f"histogram_quantile(0.5, {name})")
        assert float(found["value"][1]) >= 1
        assert 0 < float(median["value"][1]) < 60
        # Classic series of the same page are still there for the counters.
        assert ask("snaptrace_collector_requests_total > 0")
