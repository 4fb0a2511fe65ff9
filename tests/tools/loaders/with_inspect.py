"""Loads a file with Inspect AI, as an evaluation would."""

import json
import sys

from inspect_ai.dataset import json_dataset

samples = list(json_dataset(sys.argv[1]))
picture, tool, sound = (sample.input for sample in samples)
sys.stdout.write(
    json.dumps(
        {
            "ids": [sample.id for sample in samples],
            "picture": picture[0].content[1].image,
            "sound": sound[0].content[0].audio,
            "target": samples[0].target,
            "roles": [message.role for message in tool],
            "call": tool[2].tool_calls[0].arguments,
        }
    )
)
