"""Loads a file with Hugging Face datasets: JSON lines, or Parquet."""

import json
import sys
import tempfile

import datasets

path, kind = sys.argv[1], "parquet" if sys.argv[1].endswith(".parquet") else "json"
loaded = datasets.load_dataset(
    kind, data_files=path, split="train", cache_dir=tempfile.mkdtemp()
)
if kind == "parquet":
    found = {
        "ids": list(loaded["snapshot_id"]),
        "bytes": loaded[0]["media"][0]["bytes"].hex(),
        "target": loaded[0]["answer"],
        "weight": loaded[0]["weight"],
    }
else:
    found = {"picture": loaded[0]["messages"][0]["content"][1]["image_url"]["url"]}
sys.stdout.write(json.dumps(found))
