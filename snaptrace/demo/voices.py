"""The spoken commands that the demo's app sends, out of prepared recordings.

What each recording is and where it comes from: `recordings/README.md`. Its accent and
speaker are the first word of its file name, what is said is the second.
"""

import random
from importlib.resources import files

import numpy as np
from msgspec import Struct

from snaptrace.demo.wave_audio import RATE_HZ, FloatArray, read_wave, write_wave

ACCENT_SHARES = {"en-US": 0.6, "en-GB": 0.2, "en-DE": 0.2}  # of the calls
LOUDNESS = 0.4, 1.0  # of the recording's own
SILENCE_SECONDS = 0.04, 0.2  # before and behind
ROOM_NOISE_STEPS = 1.0, 4.0  # of 16 bit, one standard deviation


class Utterance(Struct, frozen=True):
    """One spoken command, as a microphone would have sent it."""

    wave: bytes
    accent: str  # en-US | en-GB | en-DE
    speaker: str
    words: str


class Recordings:
    """All prepared recordings, decoded once."""

    def __init__(self) -> None:
        self._by_accent: dict[str, list[tuple[str, str, FloatArray]]] = {}
        folder = files("snaptrace.demo").joinpath("recordings")
        names = sorted(it.name for it in folder.iterdir() if it.name.endswith(".wav"))
        for name in names:
            speaker, _, words = name.removesuffix(".wav").partition("_")
            samples = read_wave(folder.joinpath(name).read_bytes())
            self._by_accent.setdefault(speaker[:5], []).append(
                (speaker, words.replace("-", " "), samples)
            )

    def pick(self, rng: random.Random) -> Utterance:
        """A random recording in a random room: no two calls send the same bytes."""
        accent = rng.choices(list(ACCENT_SHARES), weights=list(ACCENT_SHARES.values()))[
            0
        ]
        speaker, words, samples = rng.choice(self._by_accent[accent])
        return Utterance(
            wave=write_wave(in_a_room(samples, rng)),
            accent=accent,
            speaker=speaker,
            words=words,
        )


def in_a_room(samples: FloatArray, rng: random.Random) -> FloatArray:
    """The sound at another loudness, with silence around it and noise under it."""
    before = round(rng.uniform(*SILENCE_SECONDS) * RATE_HZ)
    behind = round(rng.uniform(*SILENCE_SECONDS) * RATE_HZ)
    quieter = np.pad(samples * rng.uniform(*LOUDNESS), (before, behind))
    noise = np.random.default_rng(rng.getrandbits(64))
    sigma = rng.uniform(*ROOM_NOISE_STEPS)
    room: FloatArray = quieter + noise.normal(0.0, sigma, quieter.size)
    return room
