"""The audit: one line for each read of content, or no read."""

import json
import logging
import stat

import pytest

from replayd import app
from snaptrace.snapshot.errors import AuditRefusedError
from snaptrace.store.audit import Audit

AT_NS = 1_763_800_000 * 10**9


def test_a_line_says_who_what_and_when_and_later_lines_follow(tmp_path):
    """Whoever asks later would find the last reader only."""
    path = tmp_path / "audit.jsonl"
    audit = Audit(str(path), print)
    audit.note(AT_NS, who="ann uid=7", what="show", snapshots=["aa"])
    audit.note(AT_NS, who="ann uid=7", what="export", snapshots=map(str, range(250)))
    first, *rest = map(json.loads, path.read_text().splitlines())
    assert first == {
        "audit": "read",
        "at": "2025-11-22T08:26:40.000+00:00",
        "who": "ann uid=7",
        "what": "show",
        "snapshots": ["aa"],
    }
    assert [len(line["snapshots"]) for line in rest] == [100, 100, 50]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_file_the_line_is_said(capsys):
    """Nobody would know that an audit exists before setting it up."""
    lines = []
    Audit("", lines.append).note(AT_NS, who="w", what="show", snapshots=["aa"])
    assert json.loads(lines[0])["snapshots"] == ["aa"]


def test_nothing_read_is_nothing_written(tmp_path):
    """An empty export would look like a read of something."""
    path = tmp_path / "audit.jsonl"
    Audit(str(path), print).note(AT_NS, who="w", what="export", snapshots=[])
    assert not path.exists()


@pytest.mark.parametrize("path", ["/dev/full", "/proc/none/audit"])
def test_a_file_that_cannot_be_written_refuses_the_read(path):
    """A full disk would open a way around the audit."""
    with pytest.raises(AuditRefusedError, match="nothing was shown"):
        Audit(path, print).note(AT_NS, who="w", what="show", snapshots=["aa"])


def test_the_pages_lines_are_said_at_any_level():
    """A quieter log would end the audit."""
    logging.getLogger("replayd").setLevel(logging.ERROR)
    try:
        assert app.audit_log.isEnabledFor(logging.INFO)
    finally:
        logging.getLogger("replayd").setLevel(logging.NOTSET)
