"""Packs recordings: one archive, the same bytes for the same cases."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import zstandard

# (variant, case) -> file name -> bytes
Folders = dict[tuple[str, str], dict[str, bytes]]


def read(path: Path) -> Folders:
    """Return what an archive holds; nothing if there is none yet."""
    folders: Folders = {}
    if not path.exists():
        return folders
    with path.open("rb") as file:
        data = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(file)
        with tarfile.open(fileobj=io.BytesIO(data.read())) as archive:
            for member in archive:
                variant, case, name = member.name.split("/")[-3:]
                if handle := archive.extractfile(member):
                    folders.setdefault((variant, case), {})[name] = handle.read()
    return folders


def write(path: Path, folders: Mapping[tuple[str, str], Mapping[str, bytes]]) -> None:
    """Replace an archive. Like files stand together, which packs them well."""
    buffer = io.BytesIO()
    names = sorted(
        (name, case, variant)
        for (variant, case), files in folders.items()
        for name in files
    )
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, case, variant in names:
            data = folders[variant, case][name]
            info = tarfile.TarInfo(f"corpus/{variant}/{case}/{name}")
            info.size, info.mode = len(data), 0o644
            archive.addfile(info, io.BytesIO(data))
    options = zstandard.ZstdCompressionParameters.from_level(19, window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=options)
    path.write_bytes(compressor.compress(buffer.getvalue()))
