"""Faults on the way in, on the demo's real models: which are caught, after how many.

python bench/drills/demo_models.py --cases 30 --runs 20 --twin-pairs 2000

Pictures and recordings of the demo are asked twice as they are and once with every
fault; what the models say is scored and certified as `snaptrace drill --ask` does.
Harmless twins: the same pairs with nothing changed but the model's own noise, and the
offline twins of its answers. Needs the extra `demo`.
"""

import argparse
import asyncio
import hashlib
import json
import random
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from msgspec.structs import replace  # noqa: E402

from replayd.cases.loader import Loaded  # noqa: E402
from replayd.config import ReplaydConfig  # noqa: E402
from replayd.drills.answers import ANSWER_FAULTS  # noqa: E402
from replayd.drills.dependence import dependence  # noqa: E402
from replayd.drills.injuring import measure, score_versions  # noqa: E402
from replayd.drills.offline import certified, no_pause  # noqa: E402
from replayd.drills.requests import REQUEST_FAULTS  # noqa: E402
from replayd.drills.sensitivity import Orders  # noqa: E402
from replayd.model import ArmAnswer, Case  # noqa: E402
from replayd.offline.asked_drill import (  # noqa: E402
    asked_pairs,
    prepared,
)
from replayd.scoring.recorded import Recorded  # noqa: E402
from replayd.scoring.worker import judged  # noqa: E402
from snaptrace.demo.image_model import ChartReader  # noqa: E402
from snaptrace.demo.pictures import draw  # noqa: E402
from snaptrace.demo.speech_model import CommandRecogniser  # noqa: E402
from snaptrace.demo.voices import Recordings  # noqa: E402
from snaptrace.snapshot import codec  # noqa: E402
from snaptrace.snapshot.model import (  # noqa: E402
    Answer,
    Fidelity,
    Media,
    MediaRef,
    Request,
    Snapshot,
)

KEPT = HERE.parent / "results" / "drills_demo.json"
ASKS = {
    "image": "Read the table or chart. One line per row, as label: number.",
    "audio": "Write down what is said.",
}


class Models:
    """Both models, as the demo serves them."""

    def __init__(self) -> None:
        self._reader, self._ear = ChartReader("full"), CommandRecogniser("wideband")
        self._noise = np.random.default_rng(1)
        self.calls = 0

    def say(self, modality: str, data: bytes) -> str:
        """Return the model's answer to a picture or a sound."""
        self.calls += 1
        model = self._reader.read if modality == "image" else self._ear.recognise
        return model(data, self._noise)

    async def ask(self, case: Case, asked) -> ArmAnswer | None:  # noqa: ANN001
        """Answer a request; None where the medium cannot be read."""
        try:
            said = self.say(case.modality, asked.media[0])
        except Exception:  # noqa: BLE001 - the demo's own errors
            return None
        return ArmAnswer(outcome="answered", answer=Answer(text=said))


def recorded(models: Models, count: int) -> list[tuple[Case, Loaded]]:
    """Return recorded calls, half of them pictures: the models answered them once."""
    rng, voices = random.Random(7), Recordings()
    found = []
    for number in range(count):
        modality = "image" if number % 2 else "audio"
        data = draw(rng).png if modality == "image" else voices.pick(rng).wave
        found.append(_call(number, modality, data, models.say(modality, data)))
    return found


def _call(number: int, modality: str, data: bytes, said: str) -> tuple[Case, Loaded]:
    digits = hashlib.blake2b(f"{number}".encode(), digest_size=16).hexdigest()
    mime = "image/png" if modality == "image" else "audio/wav"
    part = {"type": "image_url", "image_url": {"url": MediaRef(0, "data_url")}}
    if modality == "audio":
        sound = {"data": MediaRef(0, "base64"), "format": "wav"}
        part = {"type": "input_audio", "input_audio": sound}
    content = [{"type": "text", "text": ASKS[modality]}, part]
    snapshot = Snapshot(
        snapshot_id=digits,
        trace_id=digits,
        span_id=digits[:16],
        service="demo",
        operation="chat",
        modality=modality,
        request=Request(
            api="openai_chat",
            model="m",
            body={"model": "m", "messages": [{"role": "user", "content": content}]},
        ),
        answer=Answer(text=said),
        fidelity=Fidelity(level="exact"),
        media=(Media(kind=modality, mime=mime, state="inline", digest="0" * 64),),
    )
    case = Case(
        snapshot_id=digits,
        segment="demo",
        index=number,
        unit=digits,
        trace_id=digits,
        service="demo",
        modality=modality,
        api="openai_chat",
        model="m",
        route="demo",
        rank=number,
        recorded_at_ns=1,
        uniform=True,
        replayable=True,
    )
    packed = Recorded(codec.pack_snapshot(snapshot), None)
    return case, Loaded(snapshot, {0: data}, packed)


async def drilled(arguments: argparse.Namespace) -> dict:
    """Ask, certify and sum up."""
    models = Models()
    cases = prepared(recorded(models, 2 * arguments.cases))
    pairs, versions = await asked_pairs(cases, models.ask)
    measured = await score_versions(pairs, versions, judged)
    orders = Orders(count=arguments.runs, most_pairs=300)

    async def made(found, faults, how, kind):  # noqa: ANN001, ANN202
        return await certified(
            found,
            faults,
            ReplaydConfig(),
            orders=how,
            pause=no_pause,
            kind=kind,
            source="request",
            epoch=None,
            made_at_ns=0,
        )

    faults = tuple(f for f in REQUEST_FAULTS.values() if f.kind is not None)
    found = await made(measured, faults, orders, "asked")
    twins = tuple(f for f in ANSWER_FAULTS.values() if f.harmless)
    told = await measure(pairs, twins, judged)
    # The model against itself is a twin, too: it has nothing but its own noise.
    itself = replace(twins[0], name="untouched")
    told = [replace(each, faults={**each.faults, "untouched": {}}) for each in told]
    long = Orders(count=arguments.runs, most_pairs=arguments.twin_pairs)
    quiet = await made(told, (*twins, itself), long, "offline")
    return {
        "calls": models.calls,
        "cases": arguments.cases,
        "runs": arguments.runs,
        "within": 300,
        "twin_pairs": arguments.twin_pairs,
        "faults": [
            {
                "modality": row.modality,
                "fault": row.fault,
                "rate": row.rate,
                "applies": row.applies,
                "of": row.pairs,
                "caught_share": row.caught_share,
                "after": row.after,
                "after_high": row.after_high,
                "stream": row.stream,
            }
            for row in found.rows
            if row.standing != "not_applicable"
        ],
        "twins_raised": {
            f"{row.modality} {row.fault}": row.caught_share
            for row in quiet.rows
            if row.standing != "not_applicable"
        },
        "independent": {each.modality: each.share for each in dependence(measured)},
    }


def main() -> None:
    """Run and print; with `--keep`, write bench/results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=30, help="of each modality")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--twin-pairs", type=int, default=2000)
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    found = asyncio.run(drilled(arguments))
    for row in found["faults"]:
        if row["rate"] == 1.0:
            print(row["modality"], row["fault"], row["after"], row["caught_share"])
    print(json.dumps({k: v for k, v in found.items() if k != "faults"}, indent=1))
    if arguments.keep:
        KEPT.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
