"""A local folder: killed anywhere, there is a whole object or none."""

import os
from pathlib import Path

import pytest

from snaptrace.store import folder_backend
from snaptrace.store.folder_backend import Folder


class KilledError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("after", [False, True])
def test_a_writer_killed_at_any_step_leaves_no_half_object(tmp_path, after):
    """A reader would take the beginning of a segment for damage, or for all of it."""
    data = os.urandom(10_000)
    for step in range(1, 30):
        place = Folder(tmp_path / str(step))
        taken = 0

        def killing(original, at=step):
            def call(*args, **kwargs):
                nonlocal taken
                taken += 1
                mine = taken
                if mine == at and not after:
                    raise KilledError
                result = original(*args, **kwargs)
                if mine == at:
                    raise KilledError
                return result

            return call

        with pytest.MonkeyPatch.context() as patch:
            for owner, name in (
                (folder_backend.os, "open"),
                (folder_backend.os, "fsync"),
                (folder_backend.os, "link"),
                (folder_backend.os, "close"),
                (Path, "mkdir"),
                (Path, "unlink"),
            ):
                patch.setattr(owner, name, killing(getattr(owner, name)))
            try:
                place.create("v1/plans/e/1", data)
                killed = False
            except KilledError:
                killed = True
        if place.exists("v1/plans/e/1"):
            assert place.get("v1/plans/e/1") == data
        names = [info.name for chunk in place.list("v1", "") for info in chunk]
        assert names in ([], ["v1/plans/e/1"])
        place.create("v1/plans/e/1", data)
        assert place.get("v1/plans/e/1") == data
        if not killed:
            assert step > 8
            return
    pytest.fail("the writer never came to its end")


def test_halves_of_killed_writers_are_swept(tmp_path):
    """A crash loop would fill the disk."""
    place = Folder(tmp_path)
    place.create("v1/a", b"x")
    (tmp_path / ".staging" / "half").write_bytes(b"x")
    assert place.sweep_staging(0) == 0
    assert place.sweep_staging(2**63) == 1
    assert place.get("v1/a") == b"x"


def test_folders_that_become_empty_go(tmp_path):
    """Years of empty hours would slow every listing."""
    place = Folder(tmp_path)
    place.create("v1/a/b/c", b"x")
    place.create("v1/d", b"x")
    assert place.delete("v1/a/b/c")
    assert not place.delete("v1/a/b/c")
    assert sorted(path.name for path in (tmp_path / "v1").iterdir()) == ["d"]
