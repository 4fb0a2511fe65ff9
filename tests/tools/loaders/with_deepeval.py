"""Loads a file with DeepEval, as goldens of a dataset."""

import json
import sys
from pathlib import Path

from deepeval.dataset import EvaluationDataset, Golden

dataset = EvaluationDataset()
dataset.add_goldens_from_jsonl_file(sys.argv[1])
lines = Path(sys.argv[1]).read_text().splitlines()
whole = [Golden(**json.loads(line)) for line in lines]
sys.stdout.write(
    json.dumps(
        {
            "ids": [g.additional_metadata["snapshot_id"] for g in dataset.goldens],
            "picture": dataset.goldens[0].additional_metadata["media"][0]["url"],
            "sound": dataset.goldens[2].additional_metadata["media"][0]["url"],
            "target": dataset.goldens[0].expected_output,
            "call": whole[1].expected_tools[0].input_parameters,
        }
    )
)
