"""The commands on a store, as a person would use them, on an encrypted folder."""

import asyncio
import json

import pytest
from fakes.filled_store import START_NS, put_answers, put_segment, recorded

from snaptrace.cli import main
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.config import StoreConfig, load
from snaptrace.snapshot import object_names
from snaptrace.store.store import Store

SECRET = "the secret of a fleet of test sidecars"  # as in `fakes.filled_store`
IMAGE = b"\x89PNG not a whole one " * 40


class Place:
    """A store's folder, its keys, and a way to call commands on it."""

    def __init__(self, folder, capfdbinary):
        self.folder, self._out = folder, capfdbinary
        self.envelope, self.audit = folder / "envelope", folder / "audit.jsonl"
        (folder / "fleet").write_text(SECRET)
        self.envelope.write_text("e" * 40)
        self.settings = [
            f"store.url=file://{folder}/store",
            f"store.key_file={folder}/fleet",
            f"store.encryption.key_file={self.envelope}",
            f"store.audit.file={self.audit}",
        ]

    def run(self, *arguments, settings=None):
        """Return (exit code, stdout, stderr)."""
        given = self.settings if settings is None else settings
        code = main([*arguments, *(x for s in given for x in ("--set", s))])
        out = self._out.readouterr()
        return code, out.out.decode(), out.err.decode()

    @property
    def store(self):
        """Return the store as a program would open it."""
        document = load(None, {}, self.settings)
        return Store.open(document.section("store", StoreConfig))

    def audited(self):
        """Return the lines of the audit."""
        if not self.audit.exists():
            return []
        return [json.loads(line) for line in self.audit.read_text().splitlines()]

    def written(self):
        """Return every byte below the store's folder, names too."""
        files = [p for p in (self.folder / "store").rglob("*") if p.is_file()]
        return b"".join(str(p).encode() + p.read_bytes() for p in files)


@pytest.fixture
def place(tmp_path, capfdbinary):
    """Return a store with calls of Ann and Bob, one of them with an image."""
    made = Place(tmp_path, capfdbinary)
    calls = [
        recorded(1, user="ann", session="s-1", image=IMAGE),
        recorded(2, user="bob"),
    ]

    async def fill():
        store = made.store
        await put_segment(store, calls)
        await put_answers(store, "epoch", 0, [snapshot for snapshot, _ in calls])

    asyncio.run(fill())
    made.ids = [snapshot.snapshot_id for snapshot, _ in calls]
    return made


def test_every_command_reads_an_encrypted_store_and_the_disk_shows_nothing(place):
    """One command would read what the others cannot, or the disk what nobody may."""
    for secret in (b"question number", b"answer to", IMAGE[:30], b"shop"):
        assert secret not in place.written()
    code, out, _ = place.run("ls", "--format", "jsonl")
    assert code == 0
    assert [json.loads(line)["snapshot_id"] for line in out.splitlines()] == place.ids
    code, out, _ = place.run("show", place.ids[0][:9], "--media", f"{place.folder}/m")
    assert code == 0
    assert "question number 1 of ann" in out
    assert next((place.folder / "m").iterdir()).read_bytes() == IMAGE
    code, out, _ = place.run("export", "--media")
    assert code == 0
    assert len(out.splitlines()) == 2
    code, out, _ = place.run("replay", "--all", "--dry-run", "--format", "jsonl")
    assert code == 0
    assert "question number 2" in out
    code, out, _ = place.run("verify")
    assert (code, out.strip()) == (0, "everything checks out")
    code, out, _ = place.run("pin", place.ids[0][:9], "--suite", "smoke")
    assert code == 0
    code, out, _ = place.run("unpin", place.ids[0], "--suite", "smoke")
    assert code == 0
    assert b"question number" not in place.written()


@pytest.mark.parametrize("command", [["ls"], ["export"], ["verify"], ["keys", "ls"]])
def test_a_missing_or_wrong_key_is_said_in_one_line(place, command):
    """A person would believe that the store is damaged."""
    bare = [s for s in place.settings if not s.startswith("store.encryption")]
    wrong = place.folder / "wrong"
    wrong.write_text("w" * 40)
    for settings, words in (
        (bare, "store.encryption"),
        ([*bare, f"store.encryption.key_file={wrong}"], "envelope key"),
        ([*bare, "store.encryption.key_file=/none"], "No such file"),
    ):
        code, out, err = place.run(*command, settings=settings)
        if command == ["keys", "ls"] and "none" not in settings[-1]:
            assert code == 0  # tells which envelope key is wanted
            continue
        assert code != 0, out
        assert words in " ".join(err.split())
        assert "Traceback" not in err


def test_keys_are_rotated_without_a_moment_in_which_nothing_opens(place):
    """A leaked secret could only be changed by losing the store."""
    old = place.envelope.read_text()
    place.envelope.write_text(f"{'n' * 40}\n{old}\n")
    assert place.run("ls")[0] == 0
    code, out, _ = place.run("keys", "rotate")
    assert code == 0
    assert "data key 2" in out
    place.envelope.write_text("n" * 40)
    code, out, _ = place.run("ls", "--format", "jsonl")
    assert len(out.splitlines()) == 2
    code, out, _ = place.run("keys", "ls", "--format", "json")
    (found,) = json.loads(out)
    assert found["data_keys"] == [1, 2]
    assert found["ours"]
    place.envelope.write_text(old)
    assert place.run("export")[0] != 0


def test_every_read_of_content_is_put_down_and_nothing_else(place):
    """Nobody could say who saw what; or the list is too long to be looked at."""
    for quiet in (["ls"], ["verify"], ["keys", "ls"], ["ls", "--weights"]):
        place.run(*quiet)
    assert place.audited() == []
    place.run("show", place.ids[0][:9])
    place.run("export")
    place.run("replay", "--id", place.ids[1], "--dry-run")
    lines = place.audited()
    assert [line["what"] for line in lines] == [
        "show",
        "export",
        "replay --dry-run",
    ]
    assert [line["snapshots"] for line in lines] == [
        [place.ids[0]],
        [place.ids[0], place.ids[1]],
        [place.ids[1]],
    ]
    assert all("uid=" in line["who"] for line in lines)
    assert "question" not in place.audit.read_text()


def test_without_a_file_the_audit_is_said_beside_the_content(place):
    """A script that reads stdout would find lines that are no snapshot."""
    settings = [s for s in place.settings if not s.startswith("store.audit")]
    _, out, err = place.run("export", settings=settings)
    assert len([json.loads(line) for line in out.splitlines()]) == 2
    (line,) = (json.loads(each) for each in err.splitlines() if each.startswith("{"))
    assert (line["what"], sorted(line["snapshots"])) == ("export", sorted(place.ids))


def test_a_terminal_is_not_filled_with_ids(place, monkeypatch):
    """An export of thousands of calls would scroll everything else away."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, for what prints
    settings = [s for s in place.settings if not s.startswith("store.audit")]
    _, _, err = place.run("export", settings=settings)
    assert "export: 2 snapshots" in err
    assert place.ids[0] not in err


def test_a_read_that_cannot_be_put_down_shows_nothing(place):
    """A full disk would open a way around the audit."""
    settings = [*place.settings, "store.audit.file=/dev/full"]
    for command in (["show", place.ids[0]], ["export"]):
        code, out, err = place.run(*command, settings=settings)
        assert code == 1
        assert out == ""
        assert "nothing was shown" in " ".join(err.split())


def test_a_tombstone_alone_hides_a_person_from_every_command(place):
    """A name would be shown for as long as the rewriting takes."""
    key = FleetKey(SECRET.encode())

    async def bury():
        subject = key.subject("user", "ann")
        await place.store.create(object_names.tombstone(subject, START_NS + 1), b"")

    asyncio.run(bury())
    for command in (["ls", "--format", "jsonl"], ["export"]):
        _, out, _ = place.run(*command)
        assert place.ids[1] in out
        assert place.ids[0] not in out
    assert place.run("show", place.ids[0])[0] == 1
    _, out, _ = place.run("replay", "--all", "--dry-run")
    assert "ann" not in out


def test_erasing_asks_first_and_says_what_is_gone(place):
    """A typing error would delete a customer; or nobody knows whether it worked."""
    assert place.run("erase", "user", "ann")[0] == 2
    code, out, _ = place.run("erase", "user", "ann", "--yes")
    assert code == 0
    assert "1 snapshot" in out
    _, out, _ = place.run("export")
    assert [json.loads(line)["snapshot_id"] for line in out.splitlines()] == [
        place.ids[1]
    ]
