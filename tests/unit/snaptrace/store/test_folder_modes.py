"""Who on the machine may read a store's folder."""

from snaptrace.store.folder_backend import Folder


def test_nobody_else_on_the_machine_reads_a_store(tmp_path):
    """Any user of the node could read recorded calls."""
    root = tmp_path / "store"
    Folder(root).create("v1/segments/one", b"content")
    made = [root, *root.rglob("*")]
    assert made
    assert not [path for path in made if path.stat().st_mode & 0o007]
