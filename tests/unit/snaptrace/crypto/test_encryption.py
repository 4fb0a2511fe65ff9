"""Encryption at rest: what a disk shows, which keys open what, rotation."""

import pytest
from fakes.filled_store import KEY, memory_store, put_segment, recorded

from snaptrace.crypto.cipher import opened
from snaptrace.crypto.fleet_key import KeyFileError
from snaptrace.runtime.config import ConfigError, EncryptionConfig, StoreConfig, load
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    SnapshotError,
    StoreRefusedError,
)
from snaptrace.store import media
from snaptrace.store.data_keys import (
    EnvelopeKey,
    Keyring,
    local_cipher,
    read_envelopes,
    wrapped_keys,
)
from snaptrace.store.store import Store

IMAGE = b"\x89PNG not a whole one " * 40
ONE, OTHER = EnvelopeKey(b"one secret" * 4), EnvelopeKey(b"another one" * 4)


def keyed(store, *envelopes):
    """Return the same store for a program that holds these envelope keys."""
    return Store(store._backend, url=store.url, keyring=Keyring(envelopes))


async def raw(store):
    """Return all bytes as the disk has them."""
    return b"".join([await store._backend.get(i.name) async for i in store.list("v1")])


async def test_encrypted_stores_share_their_data_key_and_hide_content():
    """Whoever holds the disk would read the prompts."""
    bare = memory_store()
    one, two = keyed(bare, ONE), keyed(bare, ONE)
    name = await put_segment(one, [recorded(1, user="ann@example.org", image=IMAGE)])
    assert list(segment.read(await two.get(name), name))
    written = await raw(bare)
    assert b"ann" not in written
    assert IMAGE[:30] not in written
    for stranger in (bare, keyed(bare, OTHER)):
        with pytest.raises(StoreRefusedError, match=r"store\.encryption"):
            await stranger.get(name)


async def test_nobody_without_the_key_writes_plain_bytes_into_an_encrypted_store():
    """One forgotten setting would put prompts in the clear beside the others."""
    bare = memory_store()
    await keyed(bare, ONE).create("v1/plans/e/000000000001", b"one")
    for stranger in (keyed(bare), keyed(bare, OTHER)):
        with pytest.raises(StoreRefusedError, match=r"store\.encryption"):
            await stranger.create("v1/plans/e/000000000002", b"two")
        with pytest.raises(StoreRefusedError, match=r"store\.encryption"):
            await stranger.probe()


async def test_what_was_there_before_encryption_stays_readable():
    """Switching it on would blind replayd for everything recorded so far."""
    bare = memory_store()
    name = await put_segment(keyed(bare), [recorded(1)])
    store = keyed(bare, ONE)
    await store.probe()
    assert len(segment.read(await store.get(name), name)) == 1
    assert await store.get_start(name, 100)


async def test_encrypted_bytes_are_bound_to_their_name():
    """An object could be put in another's place without anybody noticing."""
    store = keyed(memory_store(), ONE)
    await store.create("v1/plans/e/000000000001", b"one")
    moved = await store._backend.get("v1/plans/e/000000000001")
    await store._backend.create("v1/plans/e/000000000002", moved)
    with pytest.raises(CorruptSnapshotError):
        await store.get("v1/plans/e/000000000002")
    name = "v1/plans/e/000000000003"
    for position in range(len(moved)):
        damaged = bytearray(moved)
        damaged[position] ^= 1
        await store._backend.delete(name)
        await store._backend.create(name, bytes(damaged))
        # Four bytes tell it from what was written before encryption.
        with pytest.raises(SnapshotError):
            segment.read(await store.get(name), name)


async def test_a_rotation_takes_the_old_envelope_key_its_power():
    """A leaked key would open everything for ever."""
    bare = memory_store()
    before = keyed(bare, ONE)
    await before.create("v1/plans/e/000000000001", b"one")
    both = keyed(bare, OTHER, ONE)
    assert await both.get("v1/plans/e/000000000001") == b"one"
    assert await both.keyring.rotate(both) == 2
    after = keyed(bare, OTHER)
    assert await after.get("v1/plans/e/000000000001") == b"one"
    await after.create("v1/plans/e/000000000002", b"two")
    fresh = keyed(bare, ONE)
    for name in ("v1/plans/e/000000000001", "v1/plans/e/000000000002"):
        with pytest.raises(StoreRefusedError, match="wrapped with envelope key"):
            await fresh.get(name)
    with pytest.raises(StoreRefusedError):
        await fresh.keyring.rotate(fresh)
    plain = keyed(memory_store(), ONE)
    with pytest.raises(StoreRefusedError):
        await plain.keyring.rotate(plain)


async def test_a_running_program_follows_a_rotation_without_a_restart():
    """What others wrote since would look damaged to it."""
    bare = memory_store()
    running, tool = keyed(bare, ONE), keyed(bare, ONE)
    await running.create("v1/plans/e/000000000001", b"one")
    assert await tool.keyring.rotate(tool) == 2
    await tool.create("v1/plans/e/000000000002", b"two")
    assert await running.get("v1/plans/e/000000000002") == b"two"
    ((found),) = await wrapped_keys(bare, (ONE,))
    assert (found.ours, found.data_keys) == (True, (1, 2))
    ((strange),) = await wrapped_keys(bare, (OTHER,))
    assert (strange.ours, strange.data_keys) == (False, ())


async def test_a_damaged_wrapped_key_is_named():
    """A person would look for the fault in the key file."""
    bare = memory_store()
    await keyed(bare, ONE).create("v1/plans/e/000000000001", b"one")
    name = object_names.wrapped_key(1)
    data = bytearray(await bare.get(name))
    data[-1] ^= 1
    await bare.delete(name)
    await bare.create(name, bytes(data))
    with pytest.raises(CorruptSnapshotError, match=name):
        await keyed(bare, ONE).get("v1/plans/e/000000000001")


async def test_media_of_an_encrypted_store_are_still_stored_once():
    """A picture in a thousand calls would cost a thousand pictures."""
    bare = memory_store()
    folder, digest = object_names.media_folder(0), KEY.media_digest(IMAGE)
    assert await media.put(keyed(bare, ONE), folder, digest, IMAGE)
    assert not await media.put(keyed(bare, ONE), folder, digest, IMAGE)


def test_the_key_comes_from_a_file_or_the_environment(tmp_path):
    """A Secret is given in one way or the other, and both would have to work."""
    file = tmp_path / "key"
    file.write_text(f"{'n' * 40}\n\n{'o' * 40}\n")
    new, old = read_envelopes(EncryptionConfig(key_file=str(file)), {})
    assert new.key_id == EnvelopeKey(b"n" * 40).key_id
    assert old.key_id == EnvelopeKey(b"o" * 40).key_id
    (only,) = read_envelopes(EncryptionConfig(key_env="K"), {"K": "n" * 40})
    assert only.key_id == new.key_id
    assert read_envelopes(EncryptionConfig(), {}) == ()
    assert "nnn" not in repr(new)


@pytest.mark.parametrize("content", [None, "", "short", f"{'n' * 40}\nshort"])
def test_a_key_that_cannot_be_used_is_named(tmp_path, content):
    """A store would be written in the clear, or under a key that anybody guesses."""
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content)
    config = StoreConfig(
        url="memory://", encryption=EncryptionConfig(key_file=str(file))
    )
    with pytest.raises(KeyFileError, match=str(file)):
        Store.open(config)


def test_a_missing_variable_is_named():
    """An empty Secret would switch encryption off."""
    config = StoreConfig(url="memory://", encryption=EncryptionConfig(key_env="NO_KEY"))
    with pytest.raises(KeyFileError, match="NO_KEY"):
        Store.open(config, environ={})


def test_two_sources_of_the_key_are_refused():
    """Nobody would know which of them encrypts."""
    document = load(
        None,
        {},
        ["store.encryption.key_file=/a", "store.encryption.key_env=B"],
    )
    with pytest.raises(ConfigError, match=r"store\.encryption"):
        document.section("store", StoreConfig)


def test_local_files_open_with_an_older_key_and_before_encryption():
    """A rotation would cost the calls that wait in the journal."""
    before, both = local_cipher((ONE,)), local_cipher((OTHER, ONE))
    assert local_cipher(()) is None
    assert opened(both, "journal", before.seal("journal", b"call")) == b"call"
    sealed = both.seal("journal", b"call")
    assert opened(local_cipher((OTHER,)), "journal", sealed) == b"call"
    assert opened(both, "journal", b"plain") == b"plain"
    for cipher in (before, None):
        with pytest.raises(StoreRefusedError, match="give that key"):
            opened(cipher, "journal", sealed)
