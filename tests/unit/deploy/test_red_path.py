"""From an alert's text to the worst pair: links only, against a real Prometheus.

A page over a stored epoch and its metrics stand in for replayd; the rules are those
that are shipped. Nothing here knows an address but what the alert says.
"""

import contextlib
import html
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest
import yaml
from expressions import RULES
from fakes.waiting import wait_until
from prometheus_tools import unpack
from rendered import ROOT
from test_live import listening, running

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(240)]
SHOWN = [sys.executable, "-m", "fakes.shown_page", "--metrics"]


@contextlib.contextmanager
def page():
    """Serve a page and its metrics; yield both addresses."""
    search = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
    environ = {**os.environ, "PYTHONPATH": search}
    with subprocess.Popen(SHOWN, stdout=subprocess.PIPE, env=environ) as process:
        try:
            yield process.stdout.readline().decode().split()
        finally:
            process.terminate()


@pytest.fixture
def alert(pytestconfig, tmp_path):
    """Return the alert about a regression, as Prometheus hands it to a pager."""
    with contextlib.ExitStack() as stack:
        _, metrics = stack.enter_context(page())
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [
                {"job_name": "snaptrace", "static_configs": [{"targets": [metrics]}]}
            ],
        }
        (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(config))
        log = stack.enter_context((tmp_path / "prometheus.log").open("w"))
        binaries = unpack(pytestconfig.cache.mkdir("prometheus"))
        command = (
            binaries / "prometheus",
            f"--config.file={tmp_path}/prometheus.yaml",
            f"--storage.tsdb.path={tmp_path}/data",
            "--web.listen-address=127.0.0.1:0",
        )
        stack.enter_context(running(*command, stderr=log))
        address = wait_until(lambda: listening(tmp_path / "prometheus.log"))

        def raised():
            with urllib.request.urlopen(f"http://{address}/api/v1/alerts") as got:
                found = json.load(got)["data"]["alerts"]
            return [
                each
                for each in found
                if each["labels"]["alertname"] == "SnaptraceModalityRegressed"
                # The text is whole once every series was scraped.
                and "Mean difference" in each["annotations"]["description"]
            ]

        (found,) = wait_until(raised)
        yield found


def opened(url):
    """Follow a link as a browser does; return the page and where it is."""
    request = urllib.request.Request(url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode(), answer.url


def test_the_worst_pair_is_two_links_from_the_alerts_text(alert, record_property):
    """On call at night, somebody would have to know commands and addresses."""
    said = alert["annotations"]
    text = "\n".join(said.values())
    assert "image" in said["summary"]
    assert "(revision r1)" in said["summary"]
    begun = time.monotonic()
    links = set(re.findall(r"https?://[^\s'\"]+", text))
    (link,) = {url for url in links if "/pairs" in url}
    listed, where = opened(link)
    first = re.search(r'<a class="row" href="([^"]+)">', listed).group(1)
    pair, _ = opened(urllib.parse.urljoin(where, html.unescape(first)))
    seconds = time.monotonic() - begun
    record_property("seconds", seconds)
    sys.stdout.write(f"alert to worst pair: 2 links, {seconds:.2f} s\n")
    assert 'class="big worse">worse' in pair
    assert "1 of 3 cells wrong" in pair
