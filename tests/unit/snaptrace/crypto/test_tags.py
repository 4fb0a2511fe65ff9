"""Tags of objects: what they notice, and who may ignore them."""

import pytest
import zstandard

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.crypto.tags import untagged
from snaptrace.snapshot.errors import CorruptSnapshotError

TAGS = FleetKey(b"a" * 32).tags
NAME, DATA = "v1/results/e/000000000000", zstandard.compress(b"right")


def test_tagged_bytes_come_back():
    """Every result would be refused."""
    assert TAGS.checked(NAME, TAGS.tagged(NAME, DATA)) == DATA


@pytest.mark.parametrize("at", range(len(TAGS.tagged(NAME, DATA))))
def test_a_changed_bit_is_noticed(at):
    """Whoever can write to the store could decide a release."""
    changed = bytearray(TAGS.tagged(NAME, DATA))
    changed[at] ^= 1
    with pytest.raises(CorruptSnapshotError):
        TAGS.checked(NAME, bytes(changed))


@pytest.mark.parametrize(
    ("tags", "name"),
    [(TAGS, NAME.replace("/e/", "/f/")), (FleetKey(b"b" * 32).tags, NAME)],
    ids=["another name", "another fleet"],
)
def test_a_tag_belongs_to_its_name_and_fleet(tags, name):
    """A canary's good results could be copied over those of a bad one."""
    with pytest.raises(CorruptSnapshotError):
        tags.checked(name, TAGS.tagged(NAME, DATA))


def test_an_earlier_release_reads_what_is_tagged():
    """A rollback of replayd would find every result damaged."""
    tagged = TAGS.tagged(NAME, DATA)
    assert zstandard.frame_content_size(tagged) == 5
    assert zstandard.ZstdDecompressor().decompress(tagged) == b"right"
    assert untagged(tagged) == DATA
    assert untagged(DATA) == DATA
