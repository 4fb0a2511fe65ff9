"""Recognises one spoken command, with the US-English model of the pocketsphinx wheel.

The recogniser may answer any sentence of the grammar beside this file, some thousands
of them; which ones were recorded is not known to it.
"""

from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np

from snaptrace.demo.wave_audio import RATE_HZ, FloatArray, pcm16, read_wave, resample

AudioFrontEnd = Literal["wideband", "narrowband"]

NARROWBAND_HZ = 8_000  # a telephone's front end
DITHER_STEPS = 20.0  # exact digital silence breaks cepstral mean normalisation
EMPTY_ANSWER = "No command was understood."


class CommandRecogniser:
    """One decoder. Not safe for two threads at once."""

    def __init__(self, front_end: AudioFrontEnd) -> None:
        sphinx = import_module("pocketsphinx")
        models = Path(sphinx.get_model_path()) / "en-us"
        self._front_end = front_end
        self._decoder: Any = sphinx.Decoder(
            hmm=str(models / "en-us"),
            dict=str(models / "cmudict-en-us.dict"),
            lm=None,
            loglevel="FATAL",
        )
        grammar = files("snaptrace.demo").joinpath("grammar.txt").read_text("utf-8")
        self._decoder.add_jsgf_string("commands", grammar)
        self._decoder.activate_search("commands")

    def recognise(self, data: bytes, jitter: np.random.Generator) -> str:
        """The most likely command, in lower case.

        Raises:
            UnreadableMediaError: the bytes are no WAVE file, or one too long.
        """
        samples = read_wave(data)
        if self._front_end == "narrowband":
            samples = narrow(samples)
        samples = samples + jitter.normal(0.0, DITHER_STEPS, samples.size)
        decoder = self._decoder
        # Means and noise levels learnt from one speaker leak into the next utterance
        # otherwise, and answers depend on the order of calls. `set_cmn` alone left
        # that in 5 of 120 narrowband utterances.
        decoder.reinit_feat()
        decoder.start_utt()
        decoder.process_raw(pcm16(samples), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        return hypothesis.hypstr if hypothesis is not None else EMPTY_ANSWER


def narrow(samples: FloatArray) -> FloatArray:
    """Simulates an 8 kHz front end on 16 kHz sound."""
    small = resample(samples, RATE_HZ, NARROWBAND_HZ)
    wide = resample(small, NARROWBAND_HZ, RATE_HZ)
    return wide[: samples.size]
