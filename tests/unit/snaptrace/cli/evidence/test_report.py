"""`snaptrace report`: one file per epoch, for people, pull requests and pipelines."""

import asyncio
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from fakes.judged_epoch import KEY, image_pair, store_epoch, text_pair

from snaptrace.cli import main

SECRET = "the canary said <script>alert(1)</script> & more"


class Tags(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """Store an epoch with a lost chart and a lost answer."""
    monkeypatch.chdir(tmp_path)
    url = f"file://{tmp_path}/store"
    pairs = [image_pair(n, "North: 1") for n in range(3)]
    pairs += [text_pair(9 + n, SECRET) for n in range(3)]
    asyncio.run(store_epoch(pairs, url=url))
    monkeypatch.setattr("snaptrace.crypto.fleet_key.FleetKey.of_store", lambda *_: KEY)
    return ["--set", f"store.url={url}"]


def written(judged, capsys, *more):
    assert main(["report", *judged, *more]) == 0
    return capsys.readouterr()


def test_one_file_needs_nothing_else(judged, capsys):
    """A reader without a network, or behind another one, would see half of it."""
    found = Tags()
    html = written(judged, capsys).out
    found.feed(html)
    names = {tag for tag, _ in found.tags}
    assert not names & {"script", "link", "iframe", "object"}
    for _tag, attributes in found.tags:
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith("data:")
    assert "url(" not in html
    for words in ("image", "text", "Worst pairs", "Cost", "Epochs tried", "Methods"):
        assert words in found.text
    images = [a["src"] for tag, a in found.tags if tag == "img"]
    assert images
    assert all(src.startswith("data:image/png;base64,") for src in images)
    # What a model said is text, whatever it looks like.
    assert SECRET in found.text


def test_every_modality_has_its_plot(judged, capsys):
    """The evidence over time would be a number."""
    html = written(judged, capsys).out
    assert html.count('class="course"') + html.count('class="bar"') >= 2
    assert re.search(r'<path class="band" d="M[0-9]', html)


def test_without_content_nothing_of_a_call_is_written(judged, capsys):
    """A report that is handed on would carry what customers wrote."""
    output = written(judged, capsys, "--no-content")
    assert "alert(1)" not in output.out
    assert "The total is 42" not in output.out
    assert "data:image" not in output.out
    assert '"what":"report"' not in output.err
    assert "Written without content" in output.out


def test_content_is_read_under_audit(judged, capsys):
    """Somebody could read everything by a report, and nobody would know."""
    assert '"what":"report"' in written(judged, capsys).err


def test_markdown_fits_a_pull_request_and_holds_no_content(judged, capsys):
    """A public repository would show what customers wrote."""
    text = written(judged, capsys, "--format", "markdown").out
    lines = text.splitlines()
    assert lines[0].startswith("### canary, revision `r1`: ")
    rows = [line for line in lines if line.startswith("| text ")]
    assert len(rows) == 1
    assert rows[0].count("|") == lines[2].count("|")
    assert "alert(1)" not in text


def test_junit_is_never_green_without_a_pass(judged, capsys):
    """A pipeline's viewer would show an undecided canary as passed."""
    root = ET.fromstring(written(judged, capsys, "--format", "junit").out)
    suite = root.find("testsuite")
    assert suite.get("tests") == "2"
    assert int(suite.get("errors")) + int(suite.get("failures")) == 2
    names = {case.get("name") for case in suite.iter("testcase")}
    assert names == {"image", "text"}
    for case in suite.iter("testcase"):
        assert case.find("error") is not None or case.find("failure") is not None


def test_a_file_that_cannot_be_written_is_named(judged, capsys):
    """A traceback would end the work of minutes."""
    assert main(["report", *judged, "--out", "missing/folder/r.html"]) == 1
    assert "--out missing/folder/r.html: No such file" in capsys.readouterr().err


def test_the_file_is_written_where_it_was_asked_for(judged, tmp_path, capsys):
    """The report would go to the terminal."""
    assert main(["report", *judged, "-o", "r.html"]) == 0
    assert "wrote r.html" in capsys.readouterr().err
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
